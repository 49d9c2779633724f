import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { encodeReleaseRegion } from '../../../src/core/release/region.ts';
import { RELEASE_BLOCK_BYTES } from '../../../src/core/stamp/block.ts';
import type { Source } from '../../../src/ports/source.ts';
import type { SceneAgent } from '../../support/agent-scene.ts';
import type { StatedSample } from '../../../src/testing/sample-program.ts';
import {
  codes,
  elf,
  holds,
  mirrorOf,
  StatedScene,
  type Misbehaviour,
  type ScenePeer,
} from '../../support/stated-scene.ts';

/** Failures that name this source. */
const blames = (agent: SceneAgent, name: string): string[] =>
  agent.seen('error').flatMap(({ code, message }) => (message.startsWith(`${name}: `) ? [code] : []));

const wrongObjects: Misbehaviour = () => ({ object: () => Promise.resolve(Uint8Array.of(0, 1, 2, 3)) });
const silentObjects: Misbehaviour = () => ({ object: () => new Promise(() => undefined) });
const nothing: Misbehaviour = () => ({
  stamp: () => Promise.resolve(undefined),
  object: () => Promise.resolve(undefined),
});
/** The right release block, and the region of another file: also signed by the owner. */
const regionOf =
  (other: StatedSample): Misbehaviour =>
  (honest) => ({
    stamp: async (id) => {
      const stamp = await honest.stamp(id);
      stamp?.set(encodeReleaseRegion(other.release), RELEASE_BLOCK_BYTES);
      return stamp;
    },
  });

describe('an update beside peers that do not keep to the protocol', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  async function releases() {
    const old = await scene.release({ version: '1.0.0' });
    const next = await scene.release({ version: '1.1.0', seq: 2n, seed: 1 });
    await scene.publish(next.statement.item, next.statement);
    return { old, next };
  }

  it('is finished by the honest one, and each liar is named and left alone afterwards', async () => {
    const { old, next } = await releases();
    const liars = [await scene.peer(next, wrongObjects), await scene.peer(next, wrongObjects)];
    const empty = await scene.peer(next, nothing);
    const agent = await scene.run(old);
    await agent.agent.check();
    expect(holds(agent, old)).toBe(true);
    for (const { name } of liars) expect(blames(agent, name)).toEqual(['PEER_MISBEHAVED']);
    expect(blames(agent, empty.name)).toEqual([]);

    const asked = liars.map((liar) => liar.asked.length);
    await scene.peer(next);
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(liars.map((liar) => liar.asked.length)).toEqual(asked);
  });

  it('is finished although a peer never answers, which is named', async () => {
    const { old, next } = await releases();
    const stalling = await scene.peer(next, silentObjects);
    const honest = await scene.peer(next);
    const agent = await scene.run(old);
    await scene.untilLater(() => holds(agent, next));
    expect(stalling.asked.length).toBeGreaterThan(0);
    await scene.until(() => blames(agent, stalling.name).length > 0);
    expect(blames(agent, stalling.name)).toEqual(['PEER_TIMEOUT']);
    expect(blames(agent, honest.name)).toEqual([]);
  });

  it('names each of five peers that never answer anything', async () => {
    const { old, next } = await releases();
    const never = (): Promise<never> => new Promise(() => undefined);
    const silent: ScenePeer[] = [];
    for (let count = 0; count < 5; count++)
      silent.push(await scene.peer(next, () => ({ stamp: never, object: never })));
    const agent = await scene.run(old, { mirrors: { 'https://mirror.example': mirrorOf('mirror', next) } });
    await scene.untilLater(() => holds(agent, next));
    await scene.until(() => silent.every(({ name }) => blames(agent, name).length > 0));
    for (const { name } of silent) expect(blames(agent, name)).toEqual(['PEER_TIMEOUT']);
    expect(blames(agent, 'mirror')).toEqual([]);
  });

  it('blames a peer that never sends its stamp, and asks the next one', async () => {
    const { old, next } = await releases();
    const stalling = await scene.peer(next, () => ({ stamp: () => new Promise(() => undefined) }));
    const agent = await scene.run(old);
    await scene.untilLater(() => blames(agent, stalling.name).length > 0);
    expect(blames(agent, stalling.name)).toEqual(['PEER_TIMEOUT']);
    await scene.peer(next);
    await scene.untilLater(() => holds(agent, next));
  });

  it('blames a peer whose stamp is that of another signing of the same program', async () => {
    const { old, next } = await releases();
    const again = await scene.release({ version: '1.1.0', seq: 3n, seed: 1, edit: 2, channel: 'beta' });
    expect(again.statement.root).toEqual(next.statement.root);
    const liar = await scene.peer(next, () => ({
      stamp: () => Promise.resolve(again.file.slice(again.statement.stampOffset, again.statement.stampOffset + 1280)),
    }));
    const agent = await scene.run(old);
    await agent.agent.check();
    expect(blames(agent, liar.name)).toEqual(['PEER_MISBEHAVED']);
    await scene.peer(next);
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
  });

  for (const [what, version] of [
    ['another release', '1.3.0'],
    ['another signing of the same program', '1.1.0'],
  ] as const) {
    it(`blames a peer that sends the region of ${what}, and takes that of another source`, async () => {
      const { old, next } = await releases();
      const other = await scene.release({ version, seq: 9n, seed: 1, edit: 2, channel: 'beta' });
      const liar = await scene.peer(next, regionOf(other));
      const honest = mirrorOf('mirror', next);
      let chunksOfMirror = 0;
      const mirror: Source = {
        ...honest,
        object: (kind, ...rest) => {
          if (kind === 'chunk') chunksOfMirror++;
          return honest.object(kind, ...rest);
        },
      };
      const agent = await scene.run(old, { mirrors: { 'https://mirror.example': mirror } });
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
      expect(blames(agent, liar.name)).toHaveLength(1);
      expect(blames(agent, 'mirror')).toEqual([]);
      // What was verified stays: only the chunk with the stamp in it, or two, is fetched again.
      const chunksOfLiar = liar.asked.filter((object) => object.startsWith('chunk')).length;
      expect(chunksOfLiar + chunksOfMirror).toBeLessThanOrEqual(next.manifest.count + 2);
    });
  }

  describe('when only whole files are to be had', () => {
    const noParts: Misbehaviour = () => ({ object: () => Promise.resolve(undefined) });

    async function wholeReleases() {
      const old = await scene.release({ version: '1.0.0' });
      const next = await scene.release({ version: '1.1.0', seq: 2n, seed: 1, speaksV0: true });
      await scene.publish(next.statement.item, next.statement);
      const other = await scene.release({ version: '1.1.0', seq: 9n, seed: 1, edit: 2, channel: 'beta' });
      return { old, next, other };
    }

    it('blames who sent the region of another file, and takes the one that is the release', async () => {
      const { old, next, other } = await wholeReleases();
      const liar = await scene.peer(next, (honest) => ({ ...noParts(honest), ...regionOf(other)(honest) }), {
        isWhole: true,
      });
      await scene.peer(next, (honest) => ({ ...noParts(honest), ...nothing(honest) }), { isWhole: true });
      const agent = await scene.run(old);
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
      expect(blames(agent, liar.name)).toEqual(['PEER_MISBEHAVED']);
      expect(agent.store.staged).toBe(0);
    });

    it('does so also where somebody serves that other file, whom it does not blame', async () => {
      const { old, next, other } = await wholeReleases();
      const liar = await scene.peer(next, (honest) => ({ ...noParts(honest), ...regionOf(other)(honest) }), {
        isWhole: true,
      });
      const honest = await scene.peer(next, nothing, { isWhole: true });
      const beta = await scene.peer(
        { ...other, statement: { ...other.statement, channel: 'stable' } },
        () => ({ statement: () => undefined, ...nothing(undefined as never) }),
        { isWhole: true },
      );
      const agent = await scene.run(old);
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
      expect(blames(agent, liar.name)).toEqual(['PEER_MISBEHAVED']);
      expect([...blames(agent, honest.name), ...blames(agent, beta.name)]).toEqual([]);
      expect(agent.store.staged).toBe(0);
    });

    it('needs no stamp', async () => {
      const { old, next } = await wholeReleases();
      const peer = await scene.peer(next, nothing, { isWhole: true });
      const agent = await scene.run(old);
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
      expect(agent.seen('planned').map(({ way }) => way)).toEqual(['whole']);
      expect(agent.seen('accepted')[0]?.peer).toBe(peer.name);
      expect(new Set(agent.seen('progress').map(({ peer: from }) => from))).toEqual(new Set([peer.name]));
    });

    it('fetches a file that is another release once, and its own never, however often it looks', async () => {
      const rc = await scene.release({ version: '1.1.0-rc.1' });
      const { next, other } = await wholeReleases();
      for (const like of [rc, { ...other, statement: { ...other.statement, channel: 'stable' } }]) {
        await scene.peer(like, () => ({ statement: () => undefined, ...nothing(undefined as never) }), {
          isWhole: true,
        });
      }
      const agent = await scene.run(rc);
      for (let looks = 0; looks < 3; looks++) await agent.agent.check({ force: true });
      expect(holds(agent, rc)).toBe(true);
      const begun = agent.seen('progress').filter(({ receivedBytes }, at, all) => {
        return at === 0 || receivedBytes < (all[at - 1]?.receivedBytes ?? 0);
      });
      expect(begun).toHaveLength(1);

      await scene.peer(next, nothing, { isWhole: true });
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
    });

    it('does not hold against the release what one peer sent in its place', async () => {
      const [x64, arm64] = [elf(62), elf(183)];
      const old = await scene.release({ version: '1.0.0', change: x64 });
      const next = await scene.release({ version: '1.1.0', seq: 2n, change: x64, speaksV0: true });
      await scene.publish(next.statement.item, next.statement);
      const foreign = await scene.release({ version: '1.1.0', seq: 9n, target: 'linux-arm64', change: arm64 });
      const like = { ...foreign, statement: { ...foreign.statement, target: old.statement.target } };
      await scene.peer(like, () => ({ statement: () => undefined, ...nothing(undefined as never) }), {
        isWhole: true,
      });
      const agent = await scene.run(old);
      await agent.agent.check();
      expect(codes(agent)).toEqual(['RELEASE_WRONG_TARGET', 'CONTENT_NOT_FOUND']);
      await scene.peer(next, nothing, { isWhole: true });
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
    });

    it('goes from a pre-release to the release', async () => {
      const rc = await scene.release({ version: '1.1.0-rc.1' });
      const { next } = await wholeReleases();
      await scene.peer(next, nothing, { isWhole: true });
      const agent = await scene.run(rc);
      await agent.agent.check();
      expect(holds(agent, next)).toBe(true);
    });
  });

  it('names a mirror that fails, and finishes without it', async () => {
    const { old, next } = await releases();
    await scene.peer(next);
    const failing = (): Promise<never> => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'it is down'));
    const mirror: Source = { ...mirrorOf('mirror', undefined), statement: failing, stamp: failing, object: failing };
    const agent = await scene.run(old, { mirrors: { 'https://mirror.example': mirror } });
    await agent.agent.check();
    expect(holds(agent, next)).toBe(true);
    expect(blames(agent, 'mirror')).toContain('PEER_UNREACHABLE');
  });

  it('never installs anything but the signed program, whoever is there', async () => {
    const kinds = ['wrong', 'empty', 'region', 'bomb', 'honest'] as const;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 4 }), async (present) => {
        const { old, next } = await releases();
        const other = await scene.release({ version: '1.1.0', seq: 9n, seed: 1, edit: 2, channel: 'beta' });
        const misbehaviours: Record<(typeof kinds)[number], Misbehaviour> = {
          wrong: wrongObjects,
          empty: nothing,
          region: regionOf(other),
          bomb: () => ({ object: () => Promise.resolve(new Uint8Array(200_000)) }),
          honest: () => ({}),
        };
        for (const kind of present) await scene.peer(next, misbehaviours[kind]);
        const agent = await scene.run(old);
        await agent.agent.check();
        await agent.agent.check({ force: true });
        expect(holds(agent, next) || holds(agent, old)).toBe(true);
        if (present.includes('honest')) expect(holds(agent, next)).toBe(true);
        else expect(codes(agent)).not.toEqual([]);
        expect(agent.store.staged).toBe(0);
        await scene.stop();
        scene = new StatedScene();
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
