/**
 * What ends or stalls an unmodified rustpatcher program: shown to be so, since docs/spec/09-transfer.md says that we never do
 * it. What our server sends to whoever asks: hostile-transfer.test.ts.
 */
import { appendFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { parsePublicKey } from '../../src/core/keys/public-key.ts';
import { openRecord } from '../../src/core/record/open.ts';
import { minuteOf, slotAt } from '../../src/core/record/slot.ts';
import { v0Topic } from '../../src/core/record/topic.ts';
import { boundBytes } from '../../src/core/stamp/marker.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import type { Stream } from '../../src/ports/network.ts';
import { openClient } from '../support/dht-clients.ts';
import { startHostilePeer, type HostilePeer } from './support/hostile-peer.ts';
import { interopCase } from './support/interop-case.ts';
import { openLiveScene, type LiveScene } from './support/live-scene.ts';
import { ROUTER } from './support/namespace.ts';
import { program, RUSTPATCHERS } from './support/workspaces.ts';

const LIMIT_MS = 300_000;
/** Longer than the 30 s after which the transport gives up a peer that is gone. */
const SILENCE_MS = 40_000;

describe.each(RUSTPATCHERS)('rustpatcher %s', (version) => {
  const row = {
    case: 'hostile: what ends or stalls a program',
    direction: 'Rust ← ours',
    versions: `rustpatcher ${version}`,
  } as const;
  let scene: LiveScene;
  const peers: HostilePeer[] = [];
  beforeEach(async () => {
    scene = await openLiveScene();
  });
  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.close()));
    await scene.end();
  });
  const lure = async (
    answer: (stream: Stream) => Promise<void>,
    texts: readonly string[] = [],
  ): Promise<HostilePeer> => {
    const peer = await startHostilePeer({ scene, answer, texts });
    peers.push(peer);
    return peer;
  };
  const claims =
    (length: bigint) =>
    (stream: Stream): Promise<void> =>
      stream.write(concatBytes(Uint8Array.of(1), lengthBytes(length)));
  /** The nodes whose records stand in the slots of this minute and the one before, in hex. */
  const announcing = async (): Promise<Set<string>> => {
    const topic = v0Topic(parsePublicKey(scene.publicKey));
    const client = await openClient([`${ROUTER}:6881`], { host: ROUTER });
    try {
      const found = new Set<string>();
      for (const minute of [0, 1].map((ago) => minuteOf(Date.now()) - ago)) {
        const slot = slotAt(topic, minute);
        for (const { item } of await client.get(slot.itemKey)) {
          if (item !== undefined) found.add(toHex((await openRecord(slot, item.value)).nodeId));
        }
      }
      return found;
    } finally {
      await client.close();
    }
  };

  interopCase(
    row,
    'nine bytes end it: a length that no machine can hold',
    async (count) => {
      const peer = await lure(claims(2n ** 62n));
      const app = scene.start(await scene.signed(version, 'app-old', '1.0.0'));
      const { code, signal } = await app.ended;
      expect([code, signal]).toEqual([null, 'SIGABRT']);
      expect(app.err.join('\n')).toMatch(/memory allocation of \d+ bytes failed/);
      expect(peer.asked).toHaveLength(1);
      count(3);
    },
    LIMIT_MS,
  );

  interopCase(
    row,
    'nine bytes end its updating: the greatest length',
    async (count) => {
      await lure(claims(2n ** 64n - 1n));
      const app = scene.start(await scene.signed(version, 'app-old', '1.0.0'));
      await app.says(/capacity overflow/);
      expect(app.running).toBe(true);
      count(2);
    },
    LIMIT_MS,
  );

  interopCase(
    row,
    'a peer that says nothing holds it, and a release that nobody signed keeps it from announcing itself',
    async (count) => {
      const path = await scene.signed(version, 'app-old', '1.0.0');
      const alone = scene.start(path);
      await expect.poll(announcing, { timeout: 60_000 }).toHaveProperty('size', 1);
      await alone.stop();
      const peer = await lure(() => Promise.resolve());
      const app = scene.start(path);
      await expect.poll(() => peer.asked.length, { timeout: 60_000 }).toBe(1);
      let isOver = false;
      const over = peer.asked[0]?.connection.closed.then(() => (isOver = true));
      // Nothing happens: all there is to see is that it goes on.
      await systemClock.sleep(SILENCE_MS);
      expect([isOver, app.running, peer.asked.length]).toEqual([false, true, 1]);
      expect(app.err.join('\n')).not.toMatch(/Downloaded patch/);
      expect(await announcing()).toEqual(new Set([peer.nodeId]));
      peer.asked[0]?.connection.close(0, 'enough');
      await app.says(/Downloaded patch: false/);
      await over;
      count(5);
    },
    LIMIT_MS,
  );

  interopCase(
    row,
    'it does not reach a peer of whom the name server says one thing more than it knows',
    async (count) => {
      const peer = await lure(() => Promise.resolve(), ['version=1']);
      const app = scene.start(await scene.signed(version, 'app-old', '1.0.0'));
      await app.says(/Downloaded patch: false/);
      expect(peer.asked).toHaveLength(0);
      expect(scene.names.questions.length).toBeGreaterThan(0);
      count(2);
    },
    LIMIT_MS,
  );

  interopCase(
    row,
    'it does not start unsigned, nor with the bound a third time, which we never sign',
    async (count) => {
      const unsigned = await scene.copy(program(`rustpatcher-${version}`, 'app-old'));
      const signed = await scene.signed(version, 'app-old', '1.0.0');
      const third = await scene.copy(signed);
      await appendFile(third, boundBytes());
      for (const path of [unsigned, third]) {
        const app = scene.start(path);
        expect((await app.ended).code).toBe(1);
        expect(app.out.join('\n')).toMatch(/^self refused/m);
        expect(app.out).not.toContain('spawned');
      }
      await expect(scene.sign(third, '1.0.0')).rejects.toThrow(/STAMP_/);
      count(3);
    },
    LIMIT_MS,
  );
});

/** u64 BE */
function lengthBytes(length: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, length);
  return bytes;
}
