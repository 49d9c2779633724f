/**
 * Nodes that do not keep to the protocol: records that anyone can write, and peers that serve what they like over iroh.
 *
 * @module
 */
import { setTimeout as delay } from 'node:timers/promises';
import { peerName } from '../../src/agent/fetch/peer-source.ts';
import { announceOnce, type AnnounceOptions } from '../../src/agent/offer/announce.ts';
import { serveExchange } from '../../src/agent/offer/exchange-server.ts';
import { createLibrary, type Library } from '../../src/agent/offer/library.ts';
import { shelve } from '../../src/agent/offer/shelving.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { isPeerpatchError } from '../../src/core/base/errors.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import type { PublicKey } from '../../src/core/keys/public-key.ts';
import { sealAnnouncement, sealSecrets } from '../../src/core/record/seal.ts';
import { minuteOf, slotAt } from '../../src/core/record/slot.ts';
import { statementTopic, v0Topic } from '../../src/core/record/topic.ts';
import type { Release, SignedRelease } from '../../src/core/release/release.ts';
import { v0Alpn, v1Alpn } from '../../src/core/transfer/alpn.ts';
import { AUTH_BYTES } from '../../src/core/transfer/auth.ts';
import { encodeFrameHead } from '../../src/core/transfer/frame.ts';
import { loadIroh } from '../../src/io/net/iroh-addon.ts';
import { openIroh } from '../../src/io/net/iroh.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import type { Connection, Stream } from '../../src/ports/network.ts';
import { MemoryDeltas } from '../../src/testing/memory-deltas.ts';
import type { PrivateDht } from '../../src/testing/private-dht.ts';
import type { StatedSample } from '../../src/testing/sample-program.ts';
import { contentOf } from './content-samples.ts';
import { openBytes } from './staging.ts';

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

/** As often as the copies beside it. */
const ANNOUNCE_MS = 1000;

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

/** A peer that announces `release` until it is closed, and answers as it likes. */
export async function startLiar({ dht, owner, release, answer }: LiarOptions): Promise<Liar> {
  const seed = systemRandom.bytes(32);
  const network = await openIroh({ addon: loadIroh(), seed, relay: 'none', bind: ['127.0.0.1:0', '[::1]:0'] });
  const answers = new Set<Promise<void>>();
  network.listen(v0Alpn(owner), (connection) => {
    const answered = lie(connection, answer).catch(() => undefined); // the client leaves as soon as it notices
    answers.add(answered);
  });
  const endAnnouncing = await keepAnnounced({
    dht: anyNode(dht),
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
      await endAnnouncing();
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

export interface StatedLiarOptions {
  readonly dht: PrivateDht;
  readonly release: StatedSample;
  /** In parts: what it does in another way than an honest peer. */
  readonly misbehave?: (honest: Library) => Partial<Library>;
  /** Instead: answers the first request as it likes, and no other. */
  readonly answer?: Answer;
  /** The bytes of deltas that it hands out as well. Default: none. */
  readonly deltas?: readonly Uint8Array[];
  /** How it answers who asks for the whole file, as v0 peers do. Default: nobody can. */
  readonly whole?: Answer;
}

export interface StatedLiar extends Liar {
  /** As failures name it. */
  readonly name: string;
}

/**
 * A peer that announces a stated release until it is closed, and hands it out as it likes. Its statement is the owner's unless it
 * says otherwise.
 */
export async function startStatedLiar(options: StatedLiarOptions): Promise<StatedLiar> {
  const { dht, release, misbehave, answer, deltas = [], whole } = options;
  const { statement } = release;
  const { owner } = statement;
  const seed = systemRandom.bytes(32);
  const network = await openIroh({ addon: loadIroh(), seed, relay: 'none', bind: ['127.0.0.1:0', '[::1]:0'] });
  const fail = (error: unknown): void => {
    throw error;
  };
  const library = createLibrary({ compression: brotli, onError: fail });
  const store = new MemoryDeltas();
  for (const bytes of deltas) store.put(contentOf(bytes, 'delta').manifest.root, bytes);
  await shelve({ library, deltas: store, release, program: openBytes(release.file) });
  const answers = new Set<Promise<void>>();
  const listen = (alpn: string, lying: Answer): void => {
    network.listen(alpn, (connection) => {
      answers.add(lie(connection, lying).catch(() => undefined)); // the client leaves as soon as it notices
    });
  };
  if (answer === undefined) {
    const served = { ...library, ...misbehave?.(library) };
    // Clients leave as soon as they notice: that is no failure of the liar.
    serveExchange({
      network,
      owner,
      clock: systemClock,
      library: served,
      onError: () => undefined,
      onServed: () => undefined,
    });
  } else listen(v1Alpn(owner), answer);
  if (whole !== undefined) listen(v0Alpn(owner), whole);
  const endAnnouncing = await keepAnnounced({
    dht: anyNode(dht),
    owner,
    topic: statementTopic(owner, statement),
    clock: systemClock,
    random: systemRandom,
    nodeKey: ed25519Signer(seed),
    release: () => release.release,
    hints: () => network.address(),
  });
  return {
    name: peerName(network.address()),
    close: async () => {
      await endAnnouncing();
      await network.close();
      await Promise.all(answers);
    },
  };
}

function anyNode({ nodes: [node] }: PrivateDht): AnnounceOptions['dht'] {
  if (node === undefined) throw new Error('a network has nodes');
  return node;
}

/** Again and again: a copy that announces itself at the same moment hides the first one. Returns what ends it. */
async function keepAnnounced(options: AnnounceOptions): Promise<() => Promise<void>> {
  await announceOnce(options);
  const ending = new AbortController();
  const { signal } = ending;
  const again = async (): Promise<void> => {
    try {
      await delay(ANNOUNCE_MS, undefined, { signal });
      await announceOnce({ ...options, signal });
    } catch (error) {
      // Others may have taken every place of this minute, or the network has ended first.
      if (!signal.aborted && !isPeerpatchError(error, 'DHT_PUT_REFUSED', 'DHT_UNREACHABLE')) throw error;
    }
  };
  const going = (async (): Promise<void> => {
    while (!signal.aborted) await again();
  })();
  return async () => {
    ending.abort();
    await going;
  };
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
