/**
 * A peer that lures rustpatcher programs: announces a release that nobody signed, and answers who comes as a test says.
 *
 * @module
 */
import { toHex } from '../../../src/core/base/hex.ts';
import { ed25519Signer } from '../../../src/core/crypto/ed25519.ts';
import { ownerKeyFromSeed } from '../../../src/core/keys/owner-key.ts';
import { parsePublicKey } from '../../../src/core/keys/public-key.ts';
import { sealAnnouncement, sealSecrets } from '../../../src/core/record/seal.ts';
import { minuteOf, slotAt } from '../../../src/core/record/slot.ts';
import { v0Topic, type Topic } from '../../../src/core/record/topic.ts';
import { v0Alpn } from '../../../src/core/transfer/alpn.ts';
import { AUTH_BYTES } from '../../../src/core/transfer/auth.ts';
import { loadIroh } from '../../../src/io/net/iroh-addon.ts';
import { openIroh } from '../../../src/io/net/iroh.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import type { Connection, Stream } from '../../../src/ports/network.ts';
import { openClient } from '../../support/dht-clients.ts';
import { releaseOf } from '../../support/record-samples.ts';
import type { LiveScene } from './live-scene.ts';
import { HOSTS, ROUTER } from './namespace.ts';

export interface HostilePeer {
  /** Hex. */
  readonly nodeId: string;
  /** Programs that have sent their request, so far. */
  readonly asked: readonly { readonly connection: Connection; readonly stream: Stream }[];
  close(): Promise<void>;
}

export interface HostilePeerOptions {
  readonly scene: LiveScene;
  /** Called for each program that has sent its request. */
  readonly answer: (stream: Stream, connection: Connection) => Promise<void>;
  /** What the name server says of it beside its address. */
  readonly texts?: readonly string[];
}

/** Minutes from now that it is announced in: longer than any test. */
const MINUTES = 6;
const STRANGER = ownerKeyFromSeed(new Uint8Array(32).fill(0xee));

/** Resolves when its records are in the DHT. */
export async function startHostilePeer({ scene, answer, texts = [] }: HostilePeerOptions): Promise<HostilePeer> {
  const owner = parsePublicKey(scene.publicKey);
  const seed = systemRandom.bytes(32);
  const network = await openIroh({ addon: loadIroh(), seed, relay: 'none', bind: [`${HOSTS[1]}:0`] });
  const asked: { connection: Connection; stream: Stream }[] = [];
  const answers = new Set<Promise<void>>();
  network.listen(v0Alpn(owner), (connection) => {
    const answered = takeRequest(connection).then((stream) => {
      asked.push({ connection, stream });
      return answer(stream, connection);
    });
    // A program that leaves early is what some tests are about.
    answers.add(answered.catch(() => undefined));
  });
  const { addresses } = network.address();
  scene.tellNames(toHex(network.nodeId), [...addresses.map((address) => `addr=${address}`), ...texts]);
  await announce(v0Topic(owner), seed);
  return {
    nodeId: toHex(network.nodeId),
    asked,
    close: async () => {
      await network.close();
      await Promise.all(answers);
    },
  };
}

/** Version 9.9.9, signed by another owner: rustpatcher looks at signatures only after the download. */
async function announce(topic: Topic, seed: Uint8Array): Promise<void> {
  const client = await openClient([`${ROUTER}:6881`], { host: ROUTER });
  try {
    const now = minuteOf(Date.now());
    for (let minute = now - 1; minute < now + MINUTES; minute++) {
      const slot = slotAt(topic, minute);
      const value = await sealAnnouncement({
        slot,
        release: releaseOf('9.9.9', STRANGER),
        hints: { addresses: [] },
        nodeKey: ed25519Signer(seed),
        secrets: sealSecrets((length) => systemRandom.bytes(length)),
      });
      const nodes = await client.get(slot.itemKey);
      await Promise.all(nodes.map((node) => node.put((node.item?.seq ?? -1n) + 1n, value)));
    }
  } finally {
    await client.close();
  }
}

async function takeRequest(connection: Connection): Promise<Stream> {
  const stream = await connection.acceptStream();
  for (let read = 0; read < AUTH_BYTES;) read += (await stream.read(AUTH_BYTES - read))?.length ?? AUTH_BYTES;
  return stream;
}
