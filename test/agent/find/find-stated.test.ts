import { afterEach, describe, expect, it } from 'vitest';
import { ownerKeyFromSeed } from '../../../src/core/keys/owner-key.ts';
import { UpdaterMode } from '../../../src/core/schedule/mode.ts';
import { rolloutDraw } from '../../../src/core/statement/eligible.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { statementNameHash } from '../../../src/core/statement/statement.ts';
import type { Source } from '../../../src/ports/source.ts';
import { FakeMemory } from '../../../src/testing/fake-memory.ts';
import { MemoryProgram } from '../../../src/testing/memory-program.ts';
import {
  codes,
  holds,
  mirrorOf,
  StatedScene,
  type ReleaseFields,
  type SampleRelease,
} from '../../support/stated-scene.ts';

const NOW = Date.UTC(2026, 0, 1) / 1000;
const DAY = 86_400;

describe('the statement that a node looks for', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  /** 1.0.0 runs, 1.1.0 with these fields is stated and offered by a peer. */
  async function oldAndNext(fields: Partial<ReleaseFields>) {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const next = await scene.release({ version: '1.1.0', seq: 6n, ...fields });
    await scene.publish(next.statement.item, next.statement);
    await scene.peer(next);
    return { old, next };
  }

  const refusals: readonly (readonly [what: string, fields: Partial<ReleaseFields>, code: string])[] = [
    ['is expired', { expiresAt: NOW - 1 }, 'STATEMENT_EXPIRED'],
    ['comes from the future', { issuedAt: NOW + 2 * DAY }, 'STATEMENT_FROM_FUTURE'],
    ['names a lower version', { version: '0.9.0' }, 'RELEASE_NOT_NEWER'],
  ];
  for (const [what, fields, code] of refusals) {
    it(`is not taken when it ${what}`, async () => {
      const { old } = await oldAndNext(fields);
      const agent = await scene.run(old);
      await agent.agent.check({ force: true });
      expect(holds(agent, old)).toBe(true);
      expect(codes(agent)).toContain(code);
      expect(agent.seen('planned')).toEqual([]);
    });
  }

  it('is told once with a way out when it cannot be reached from the version that runs, though it has a delta from it', async () => {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const next = await scene.release({ version: '1.1.0', seq: 6n, lowestVersion: '1.0.1', from: [old] });
    await scene.publish(next.statement.item, next.statement);
    await scene.peer(next);
    const agent = await scene.run(old);
    for (let turn = 0; turn < 2; turn++) await agent.agent.check({ force: true });
    expect(holds(agent, old)).toBe(true);
    expect(agent.seen('held-back')).toEqual([
      {
        type: 'held-back',
        version: '1.1.0',
        reason: expect.stringMatching(
          /^STATEMENT_TOO_FAR: .*from 1\.0\.1 on.*installer or with "peerpatch fetch --app sample --out/,
        ) as string,
        atMs: undefined,
      },
    ]);
    expect(codes(agent)).toEqual([]);
  });

  it('is not the one of the same sequence number with other content', async () => {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const [one, two] = [
      await scene.release({ version: '1.1.0', seq: 6n }),
      await scene.release({ version: '1.2.0', seq: 6n, edit: 9 }),
    ];
    await scene.publish(one.statement.item, one.statement);
    await scene.peer(one);
    const agent = await scene.run(old, { mirrors: { 'https://mirror.example': mirrorOf('mirror', two) } });
    await agent.agent.check();
    await agent.agent.check({ force: true });
    expect(holds(agent, two)).toBe(false);
    expect(codes(agent)).toContain('STATEMENT_CONFLICT');
  });

  it('is not one that was the newest until another one of the same sequence number was seen', async () => {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const one = await scene.release({
      version: '1.1.0',
      seq: 6n,
      rollout: { percent: 0, startsAt: NOW, rampSeconds: 0 },
    });
    const two = await scene.release({ version: '1.2.0', seq: 6n, edit: 9 });
    await scene.publish(one.statement.item, one.statement);
    await scene.peer(one);
    const late = mirrorOf('mirror', two);
    let isThere = false;
    const mirror: Source = {
      ...late,
      statement: (...asked) => (isThere ? late.statement(...asked) : Promise.resolve(undefined)),
    };
    const agent = await scene.run(old, { mirrors: { 'https://mirror.example': mirror } });
    await agent.agent.check();
    expect(agent.seen('held-back').map(({ version }) => version)).toEqual(['1.1.0']);
    isThere = true;
    await agent.agent.check({ force: true });
    expect(holds(agent, old)).toBe(true);
    expect(codes(agent)).toContain('STATEMENT_CONFLICT');

    const three = await scene.release({ version: '1.3.0', seq: 7n });
    await scene.publish(three.statement.item, three.statement);
    await scene.peer(three);
    await agent.agent.check({ force: true });
    expect(holds(agent, three)).toBe(true);
  });

  it('is not one of lower sequence number than the program had before it was put back by hand', async () => {
    const { old, next } = await oldAndNext({});
    const memory = new FakeMemory();
    await memory.accepted(statementNameHash(next.statement), 7n);
    const agent = await scene.run(old, { memory });
    await agent.agent.check({ force: true });
    expect(holds(agent, old)).toBe(true);
    expect(codes(agent)).toContain('STATEMENT_ROLLED_BACK');
  });

  it('is taken again when the program that has it was put back by hand', async () => {
    const { old, next } = await oldAndNext({});
    const memory = new FakeMemory();
    const first = await scene.run(old, { memory });
    await first.agent.check();
    expect(holds(first, next)).toBe(true);
    await expect(memory.highestSeq(statementNameHash(next.statement))).resolves.toBe(6n);
    const second = await scene.run(old, { memory });
    await second.agent.check();
    expect(holds(second, next)).toBe(true);
  });

  const lies: readonly (readonly [what: string, make: () => Promise<SampleRelease>, code: string])[] = [
    [
      'another key signed',
      () => scene.release({ version: '9.0.0', seq: 9n, owner: ownerKeyFromSeed(new Uint8Array(32).fill(6)) }),
      'STATEMENT_BAD_SIGNATURE',
    ],
    ['is of another app', () => scene.release({ version: '9.0.0', seq: 9n, app: 'other' }), 'STATEMENT_BAD_SIGNATURE'],
    [
      'is of another target',
      () => scene.release({ version: '9.0.0', seq: 9n, target: 'darwin-arm64' }),
      'STATEMENT_BAD_SIGNATURE',
    ],
  ];
  for (const [what, make, code] of lies) {
    it(`is not one that ${what}, and that one hides no other`, async () => {
      const { old, next } = await oldAndNext({});
      const foreign = await make();
      const liar = {
        ...mirrorOf('mirror', undefined),
        statement: () => Promise.resolve(encodeSignedItem(foreign.statement.item)),
      };
      const agent = await scene.run(old, { mirrors: { 'https://mirror.example': liar }, mode: UpdaterMode.OnRestart });
      await agent.agent.check();
      await agent.agent.check({ force: true });
      expect(holds(agent, next)).toBe(true);
      expect(codes(agent)).toContain(code);
    });
  }

  it('is found at a mirror, and all of the release, where the DHT cannot be reached', async () => {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n });
    scene.dht.setOnline(false);
    const agent = await scene.run(old, { mirrors: { 'https://mirror.example': mirrorOf('mirror', next) } });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(agent.seen('accepted')[0]?.peer).toBe('mirror');
  });

  it('is found at a mirror that the running statement names', async () => {
    const url = 'https://mirror.example';
    const old = await scene.release({ version: '1.0.0', mirrors: [url] });
    const next = await scene.release({ version: '1.1.0', seq: 2n });
    scene.dht.setOnline(false);
    const agent = await scene.run(old, { mirrors: { [url]: mirrorOf('mirror', next) } });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
  });

  it('does not hold a program back that another process replaced by a newer one', async () => {
    const old = await scene.release({ version: '1.0.0', seq: 5n });
    const next = await scene.release({ version: '1.1.0', seq: 6n });
    const store = new MemoryProgram(old.file);
    const agent = await scene.run(old, { store, mode: UpdaterMode.OnRestart });
    await agent.agent.check();
    store.content = next.file;
    await agent.agent.check();
    await agent.agent.check();
    expect(agent.seen('installed').map(({ version }) => version)).toEqual(['1.1.0']);
    expect(codes(agent)).toEqual([]);
  });

  describe('with a rollout', () => {
    const secret = new Uint8Array(32).fill(3);
    const draw = rolloutDraw(secret, '1.1.0');
    // Over before the next look that nobody asked for.
    const rollout = { percent: 100, startsAt: NOW, rampSeconds: 40 };

    it('holds the release back until its time has come', async () => {
      const { old, next } = await oldAndNext({ rollout });
      const agent = await scene.run(old, { memory: new FakeMemory(secret) });
      await agent.agent.check();
      const atMs = (NOW + Math.floor(draw * 0.4) + 1) * 1000;
      expect(agent.seen('held-back')[0]).toMatchObject({ version: '1.1.0', atMs });
      expect(holds(agent, old)).toBe(true);
      await scene.clock.advance(atMs - scene.clock.now() + 1);
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
    });

    it('gives it at once to who asks for it', async () => {
      const { old, next } = await oldAndNext({ rollout: { ...rollout, percent: 0 } });
      const agent = await scene.run(old);
      await agent.agent.check();
      expect(agent.seen('held-back')[0]).toMatchObject({ atMs: undefined });
      expect(holds(agent, old)).toBe(true);
      await agent.agent.check({ force: true });
      expect(holds(agent, next)).toBe(true);
    });

    it('gives a critical release to everybody at once', async () => {
      const { old, next } = await oldAndNext({ rollout: { ...rollout, percent: 0 }, isCritical: true });
      const agent = await scene.run(old);
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
      expect(agent.seen('held-back')).toEqual([]);
    });
  });
});
