import { afterEach, describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { signItem } from '../../../src/core/dht/item.ts';
import { ownerKeyFromSeed } from '../../../src/core/keys/owner-key.ts';
import type { SignedItem } from '../../../src/core/stamp/block.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { statementSalt, type SignedStatement } from '../../../src/core/statement/statement.ts';
import type { Source } from '../../../src/ports/source.ts';
import type { SceneAgent } from '../../support/agent-scene.ts';
import { holds, mirrorOf, StatedScene, type SampleRelease } from '../../support/stated-scene.ts';

const NEVER = (): Promise<never> => new Promise(() => undefined);
const STRANGER = ownerKeyFromSeed(new Uint8Array(32).fill(6));

/** Failures that name this source. */
const blames = (agent: SceneAgent, name: string): string[] =>
  agent.seen('error').flatMap(({ code, message }) => (message.startsWith(`${name}: `) ? [code] : []));

/** What it is asked for, in order. */
function watched(mirror: Source): Source & { readonly asked: string[]; readonly closed: () => number } {
  const asked: string[] = [];
  let closed = 0;
  return {
    ...mirror,
    asked,
    closed: () => closed,
    statement: (...about) => (asked.push('statement'), mirror.statement(...about)),
    stamp: (...about) => (asked.push('stamp'), mirror.stamp(...about)),
    object: (...about) => (asked.push('object'), mirror.object(...about)),
    close: () => ((closed += 1), mirror.close()),
  };
}

describe('a look for a statement', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  async function releases(): Promise<{ old: SampleRelease; next: SampleRelease }> {
    const old = await scene.release({ version: '1.0.0' });
    return { old, next: await scene.release({ version: '1.1.0', seq: 2n, seed: 1 }) };
  }
  const failing = (code: 'PEER_UNREACHABLE' | 'PEER_MISBEHAVED'): Partial<Source> => ({
    statement: () => Promise.reject(new PeerpatchError(code, 'no')),
  });

  it.each([
    ['fails', () => failing('PEER_UNREACHABLE'), 'PEER_UNREACHABLE'],
    ['shows a login page', () => failing('PEER_MISBEHAVED'), 'PEER_MISBEHAVED'],
    ['sends too few bytes', () => ({ statement: () => Promise.resolve(new Uint8Array(9)) }), 'STATEMENT_MALFORMED'],
    [
      'has the statement of a stranger',
      async () => {
        const { statement } = await scene.release({ version: '9.0.0', seq: 9n, owner: STRANGER });
        return { statement: () => Promise.resolve(encodeSignedItem(statement.item)) };
      },
      'STATEMENT_BAD_SIGNATURE',
    ],
  ] as const)(
    'blames a mirror that %s, asks it for nothing more, and believes the honest one',
    async (_, how, code) => {
      const { old, next } = await releases();
      const bad = watched({ ...mirrorOf('bad', next), ...(await how()) });
      const mirrors = { 'https://a.example': bad, 'https://b.example': mirrorOf('good', next) };
      const agent = await scene.run(old, { mirrors });
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
      expect(blames(agent, 'bad')).toEqual([code]);
      expect(bad.asked).toEqual(['statement']);
    },
  );

  it('blames a peer that shows the statement of a stranger, and asks it for nothing more', async () => {
    const { old, next } = await releases();
    const { statement } = await scene.release({ version: '9.0.0', seq: 9n, owner: STRANGER });
    const liar = await scene.peer(next, () => ({ statement: () => encodeSignedItem(statement.item) }));
    const agent = await scene.run(old, { mirrors: { 'https://b.example': mirrorOf('good', next) } });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(blames(agent, liar.name)).toEqual(['STATEMENT_BAD_SIGNATURE']);
    expect([liar.asked, liar.stampsAsked]).toEqual([[], 0]);
  });

  it('does not wait for a silent peer when the DHT and a mirror are there, and names it once', async () => {
    const { old, next } = await releases();
    await scene.publish(next.statement.item, next.statement);
    const silent = await scene.peer(next, () => ({ statement: NEVER as never, stamp: NEVER, object: NEVER }));
    const startMs = scene.clock.monotonic();
    const agent = await scene.run(old, { mirrors: { 'https://b.example': mirrorOf('good', next) } });
    await scene.untilLater(() => holds(agent, next));
    expect(scene.clock.monotonic() - startMs).toBeLessThan(9000);
    await scene.until(() => blames(agent, silent.name).length > 0);
    await scene.clock.advance(30_000);
    expect(blames(agent, silent.name)).toEqual(['PEER_TIMEOUT']);
  });

  it('names a peer that is gone once, not when it is asked for each thing', async () => {
    const { old, next } = await releases();
    await scene.publish(next.statement.item, next.statement);
    await scene.announce(next.statement, next.release);
    const agent = await scene.run(old, { mirrors: { 'https://b.example': mirrorOf('good', next) } });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(agent.seen('error').map(({ code }) => code)).toEqual(['PEER_UNREACHABLE']);
  });

  it('tells of the DHT and of the mirrors, each once, when none of them answers; then blames none', async () => {
    const { old, next } = await releases();
    scene.dht.setOnline(false);
    const down = watched({ ...mirrorOf('mirror a', next), ...failing('PEER_UNREACHABLE') });
    const other = { ...mirrorOf('mirror b', next), ...failing('PEER_UNREACHABLE') };
    const agent = await scene.run(old, { mirrors: { 'https://a.example': down, 'https://b.example': other } });
    await agent.agent.check();
    const told = agent.seen('error').filter(({ during }) => during !== 'announce');
    expect(told.map(({ code }) => code)).toEqual(['DHT_UNREACHABLE', 'PEER_UNREACHABLE']);
    expect(told[1]?.message).toMatch(/mirror a: no; mirror b: no.*is this machine online.*HTTPS_PROXY/);

    await scene.clock.advance(13 * 60_000);
    await scene.until(() => down.asked.length > 1);
  });

  it('says once that it does not understand a statement, blames nobody, and the copy serves on', async () => {
    const { old, next } = await releases();
    await scene.publish(strange(scene, next.statement), next.statement);
    const mirror = {
      ...mirrorOf('mirror', undefined),
      statement: () => Promise.resolve(encodeSignedItem(strange(scene, next.statement))),
    };
    const agent = await scene.run(old, { mirrors: { 'https://b.example': mirror } });
    for (let turn = 0; turn < 3; turn++) await agent.agent.check({ force: true });
    expect(agent.seen('error').map(({ code }) => code)).toEqual(['STATEMENT_UNSUPPORTED']);
    expect(holds(agent, old)).toBe(true);
    await scene.until(() => agent.seen('announced').length > 0);
  });

  it('opens no source when nobody has to be asked', async () => {
    const { old } = await releases();
    const mirror = watched(mirrorOf('mirror', old));
    const agent = await scene.run(old, { mirrors: { 'https://b.example': mirror } });
    for (let turn = 0; turn < 3; turn++) await agent.agent.check();
    expect(mirror.asked).toEqual(['statement']);
    expect(mirror.closed()).toBe(1);
  });

  it('tells on the way whom the bytes came from, as at the end', async () => {
    const { old, next } = await releases();
    const agent = await scene.run(old, { mirrors: { 'https://b.example': mirrorOf('mirror', next) } });
    await agent.agent.check();
    expect(agent.seen('accepted')[0]?.peer).toBe('mirror');
    expect(new Set(agent.seen('progress').map(({ peer }) => peer))).toEqual(new Set(['mirror']));
  });
});

/** The same statement with a field that must be understood, signed by the owner under a higher number. */
function strange({ owner }: StatedScene, { seq, item, ...name }: SignedStatement): SignedItem {
  const field = new TextEncoder().encode('2:!xi1e');
  const value = concatBytes(item.value.subarray(0, 1), field, item.value.subarray(1));
  const { publicKey, sign } = owner;
  const { signature } = signItem({ publicKey, sign, salt: statementSalt(name), seq: seq + 1n, value });
  return { seq: seq + 1n, signature, value };
}
