/**
 * A program without a statement that updates to one with: a record has three numbers, the program may be a pre-release, or say
 * what only newer versions understand.
 *
 * @module
 */
import { afterEach, describe, expect, it } from 'vitest';
import { announceOnce } from '../../src/agent/offer/announce.ts';
import { serve, type Server } from '../../src/agent/offer/serve.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { signItem } from '../../src/core/dht/item.ts';
import { releaseIdOf } from '../../src/core/install/release-id.ts';
import { v0Topic } from '../../src/core/record/topic.ts';
import { UpdaterMode } from '../../src/core/schedule/mode.ts';
import { encodeReleaseBlock } from '../../src/core/stamp/block.ts';
import { statementSalt } from '../../src/core/statement/statement.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { signSample, type SignedSample, type StatedSample } from '../../src/testing/sample-program.ts';
import type { SceneAgent } from '../support/agent-scene.ts';
import { same } from '../support/content-samples.ts';
import { openBytes } from '../support/staging.ts';
import { codes, StatedScene } from '../support/stated-scene.ts';

describe('a program without a statement', () => {
  let scene = new StatedScene();
  let servers: Server[] = [];
  afterEach(async () => {
    await scene.stop();
    await Promise.all(servers.map((server) => server.close()));
    [scene, servers] = [new StatedScene(), []];
  });

  /** A peer of the v0 profile, as the scene's own speak the newer one. */
  async function announce({ file, release }: SignedSample): Promise<void> {
    const seed = systemRandom.bytes(32);
    const network = scene.network.join(seed);
    const owner = scene.owner.publicKey;
    const { clock } = scene;
    const offer = () => ({ release, program: openBytes(file) });
    servers.push(serve({ network, owner, clock, emit: () => undefined, offer }));
    const { storedAt } = await announceOnce({
      dht: scene.dht.join(),
      owner,
      topic: v0Topic(owner),
      clock,
      random: systemRandom,
      nodeKey: ed25519Signer(seed),
      release: () => release,
      hints: () => network.address(),
    });
    expect(storedAt).toBeGreaterThan(0);
  }
  /** Told apart by their bytes as well. */
  const release = (version: string, edit: number) => scene.release({ version, edit, speaksV0: true });
  const start = async (store = new MemoryProgram(scene.program('1.0.0'))): Promise<SceneAgent> => {
    const agent = await scene.start({ version: '1.0.0', store, mode: UpdaterMode.OnRestart });
    await agent.agent.check();
    // Of two that write into an empty slot at one moment, the later hides the other for this minute.
    await scene.until(() => agent.seen('announced').length > 0);
    return agent;
  };
  const installs = (agent: SceneAgent): string[] =>
    agent.seen('installed').map(({ from, version }) => `${from} to ${version}`);
  const holds = ({ store }: SceneAgent, { file }: SignedSample): boolean =>
    store.content !== undefined && same(store.content, file);

  it('goes by the version in a pre-release: fetches it once, then takes the release', async () => {
    const [rc, final] = [await release('2.0.0-rc.1', 1), await release('2.0.0', 2)];
    await announce(rc);
    const agent = await start();
    for (let looks = 0; looks < 3; looks++) await agent.agent.check({ force: true });
    expect([installs(agent), agent.seen('accepted').length]).toEqual([['1.0.0 to 2.0.0-rc.1'], 1]);
    expect(await agent.agent.check()).toMatchObject({ newest: '2.0.0-rc.1', installed: '2.0.0-rc.1', peers: 0 });

    await announce(final);
    expect(await agent.agent.check()).toMatchObject({ newest: '2.0.0', installed: '2.0.0', peers: 1 });
    expect(await agent.agent.check()).toMatchObject({ newest: '2.0.0', installed: '2.0.0', peers: 0 });
    expect(installs(agent)).toEqual(['1.0.0 to 2.0.0-rc.1', '2.0.0-rc.1 to 2.0.0']);
    expect([holds(agent, final), agent.seen('accepted').length, codes(agent)]).toEqual([true, 2, []]);
  });

  it.each<[what: string, fields: Parameters<StatedScene['release']>[0], code: string]>([
    ['is not offered in the v0 profile', { version: '3.0.0', app: 'other', channel: 'beta' }, 'STATEMENT_WRONG_NAME'],
    ['had expired', { version: '3.0.0', speaksV0: true, expiresAt: 1_700_000_000 }, 'STATEMENT_EXPIRED'],
  ])(
    'does not take a release that somebody announces there although it %s, and fetches it once',
    async (_, fields, code) => {
      const foreign = await scene.release({ ...fields, edit: 3 });
      await announce(foreign);
      const agent = await start();
      for (let looks = 0; looks < 3; looks++) await agent.agent.check({ force: true });
      expect([installs(agent), codes(agent)]).toEqual([[], [code]]);
      const right = await release('3.0.1', 2);
      await announce(right);
      await agent.agent.check({ force: true });
      expect(holds(agent, right)).toBe(true);
    },
  );

  it('does not fetch the pre-release that another copy of it put in place', async () => {
    const store = new MemoryProgram(scene.program('1.0.0'));
    const agents = [await start(store), await start(store)];
    await announce(await release('2.0.0-rc.1', 1));
    for (const { agent } of [...agents, ...agents]) await agent.check();
    expect(agents.map((agent) => [installs(agent), codes(agent)])).toEqual([
      [['1.0.0 to 2.0.0-rc.1'], []],
      [['1.0.0 to 2.0.0-rc.1'], []],
    ]);
    expect(store.installed).toHaveLength(1);
  });

  it('does not fetch the pre-release that was put in place during the look', async () => {
    const rc = await release('2.0.0-rc.1', 1);
    await announce(rc);
    const store = new MemoryProgram(scene.program('1.0.0'));
    const agent = await scene.start({ version: '1.0.0', store, mode: UpdaterMode.OnRestart });
    const looking = agent.agent.check();
    store.content = rc.file;
    await looking;
    await agent.agent.check();
    expect([installs(agent), store.installed.length, codes(agent)]).toEqual([['1.0.0 to 2.0.0-rc.1'], 0, []]);
  });

  it('does not fetch the pre-release that was put in place before it had the lock', async () => {
    const rc = await release('2.0.0-rc.1', 1);
    class TakenStore extends MemoryProgram {
      override lock() {
        this.content = rc.file;
        return super.lock();
      }
    }
    const store = new TakenStore(scene.program('1.0.0'));
    await announce(rc);
    const agent = await start(store);
    expect([installs(agent), store.installed.length, codes(agent)]).toEqual([['1.0.0 to 2.0.0-rc.1'], 0, []]);
  });

  it('takes what is newer than a pre-release that somebody put in place, at the same look', async () => {
    const agent = await start();
    await announce(await release('2.0.0', 2));
    agent.store.content = (await release('2.0.0-rc.1', 1)).file;
    await agent.agent.check();
    expect([installs(agent), codes(agent)]).toEqual([['1.0.0 to 2.0.0-rc.1', '2.0.0-rc.1 to 2.0.0'], []]);
  });

  it('does not go back to an earlier pre-release, and fetches it once to see that it is one', async () => {
    const [rc1, rc2] = [await release('2.0.0-rc.1', 1), await release('2.0.0-rc.2', 2)];
    await announce(rc2);
    const agent = await start();
    await announce(rc1);
    await agent.agent.check();
    expect(codes(agent)).toEqual(['RELEASE_NOT_NEWER']);
    for (let looks = 0; looks < 3; looks++) await agent.agent.check({ force: true });
    expect([codes(agent).length, agent.seen('found').length, agent.store.staged]).toEqual([1, 2, 0]);
    expect([holds(agent, rc2), installs(agent)]).toEqual([true, ['1.0.0 to 2.0.0-rc.2']]);
  });

  it('updates on from a release whose statement it does not understand', async () => {
    const strange = withStrangeStatement(await release('2.0.0-rc.1', 1));
    const next = await release('2.1.0', 2);
    await announce(strange);
    const agent = await start();
    expect([installs(agent), codes(agent)]).toEqual([['1.0.0 to 2.0.0'], ['STATEMENT_UNSUPPORTED']]);
    await announce(next);
    await agent.agent.check();
    expect([installs(agent), holds(agent, next)]).toEqual([['1.0.0 to 2.0.0', '2.0.0 to 2.1.0'], true]);
    const id = releaseIdOf({ release: strange.release, statement: undefined });
    expect(agent.store.updates[1]?.from).toEqual({ version: '2.0.0', id });
    expect(codes(agent)).toHaveLength(1);
  });

  it('leaves alone what somebody else put there that it does not understand', async () => {
    const agent = await start();
    agent.store.content = withStrangeStatement(await release('2.0.0', 1)).file;
    await announce(await release('2.1.0', 2));
    await agent.agent.check();
    expect([installs(agent), codes(agent)]).toEqual([[], ['STATEMENT_UNSUPPORTED', 'INSTALL_PROGRAM_CHANGED']]);
  });

  /** With a field that a reader must understand. */
  function withStrangeStatement({ file, statement }: StatedSample): SignedSample {
    const { publicKey, sign } = scene.owner;
    const { seq, item, stampOffset } = statement;
    const field = new TextEncoder().encode('2:!xi1e');
    const value = concatBytes(item.value.subarray(0, 1), field, item.value.subarray(1));
    const { signature } = signItem({ publicKey, sign, salt: statementSalt(statement), seq, value });
    const stamped = file.slice();
    stamped.set(encodeReleaseBlock({ seq, signature, value }), stampOffset);
    return signSample(stamped, scene.owner);
  }
});
