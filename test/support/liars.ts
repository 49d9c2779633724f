/**
 * Nodes that do not keep to the protocol: records that anyone can write, and peers that serve what they like over iroh.
 *
 * @module
 */
import { announceOnce } from '../../src/agent/offer/announce.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import type { PublicKey } from '../../src/core/keys/public-key.ts';
import { sealAnnouncement, sealSecrets } from '../../src/core/record/seal.ts';
import { minuteOf, slotAt } from '../../src/core/record/slot.ts';
import { v0Topic } from '../../src/core/record/topic.ts';
import type { Release, SignedRelease } from '../../src/core/release/release.ts';
import { v0Alpn } from '../../src/core/transfer/alpn.ts';
import { AUTH_BYTES } from '../../src/core/transfer/auth.ts';
import { encodeFrameHead } from '../../src/core/transfer/frame.ts';
import { loadIroh } from '../../src/io/net/iroh-addon.ts';
import { openIroh } from '../../src/io/net/iroh.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import type { Connection, Stream } from '../../src/ports/network.ts';
import type { PrivateDht } from '../../src/testing/private-dht.ts';

/** Puts a record with this release into the slots of four minutes, at every node, above whatever is there. */
export async function forceRecord(dht: PrivateDht, owner: PublicKey, release: Release): Promise<void> {
  const nodeKey = ed25519Signer(systemRandom.bytes(32));
  const [client] = dht.nodes;
  for (const minute of [-1, 0, 1, 2].map((offset) => minuteOf(Date.now()) + offset)) {
    const slot = slotAt(v0Topic(owner), minute);
    const value = await sealAnnouncement({
      slot,
      release: release as SignedRelease, // what a forger claims
      hints: { addresses: ['127.0.0.1:9'] },
      nodeKey,
      secrets: sealSecrets((length) => systemRandom.bytes(length)),
    });
    const nodes = (await client?.get(slot.itemKey)) ?? [];
    await Promise.all(nodes.map((node) => node.put((node.item?.seq ?? 0n) + 1000n, value)));
  }
}

/** Sends what it likes when it was asked. */
export type Answer = (stream: Stream, connection: Connection) => Promise<void>;

export interface Liar {
  close(): Promise<void>;
}

export interface LiarOptions {
  readonly dht: PrivateDht;
  readonly owner: PublicKey;
  /** What it announces. */
  readonly release: SignedRelease;
  readonly answer: Answer;
}

/** A peer that announces `release` now and answers as it likes. */
export async function startLiar({ dht, owner, release, answer }: LiarOptions): Promise<Liar> {
  const seed = systemRandom.bytes(32);
  const network = await openIroh({ addon: loadIroh(), seed, relay: 'none', bind: ['127.0.0.1:0', '[::1]:0'] });
  const answers = new Set<Promise<void>>();
  network.listen(v0Alpn(owner), (connection) => {
    const answered = lie(connection, answer).catch(() => undefined); // the client leaves as soon as it notices
    answers.add(answered);
  });
  const [client] = dht.nodes;
  if (client === undefined) throw new Error('a network has nodes');
  await announceOnce({
    dht: client,
    owner,
    topic: v0Topic(owner),
    clock: systemClock,
    random: systemRandom,
    nodeKey: ed25519Signer(seed),
    release: () => release,
    hints: () => network.address(),
  });
  return {
    close: async () => {
      await network.close();
      await Promise.all(answers);
    },
  };
}

async function lie(connection: Connection, answer: Answer): Promise<void> {
  const stream = await connection.acceptStream();
  for (let read = 0; read < AUTH_BYTES;) read += (await stream.read(AUTH_BYTES - read))?.length ?? AUTH_BYTES;
  await answer(stream, connection);
  await connection.closed;
}

/** What an honest peer sends. */
export function frameOf(release: SignedRelease, file: Uint8Array): Uint8Array {
  return concatBytes(encodeFrameHead(release, file.length), file);
}

/** An answer of these bytes, and the end of the stream. */
export function sends(...pieces: readonly Uint8Array[]): Answer {
  return async (stream) => {
    for (const piece of pieces) {
      for (let at = 0; at < piece.length; at += 65_536) await stream.write(piece.subarray(at, at + 65_536));
    }
    await stream.finish();
  };
}
