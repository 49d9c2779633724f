/**
 * What every implementation of the Source port over the exchange does: a library served in memory and over iroh on loopback.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { collectContent } from '../../src/agent/collect/collect.ts';
import { serveExchange, type ExchangeServer } from '../../src/agent/offer/exchange-server.ts';
import { createLibrary, type Library } from '../../src/agent/offer/library.ts';
import { createPeerSource } from '../../src/agent/fetch/peer-source.ts';
import { EXCHANGE_LIMITS, type ExchangeLimits } from '../../src/core/base/limits.ts';
import { MINUTE_MS } from '../../src/core/base/units.ts';
import { decodeObject } from '../../src/core/content/object.ts';
import { STAMP_BYTES } from '../../src/core/stamp/block.ts';
import { stampPlace, zeroPlaces } from '../../src/core/codesign/image.ts';
import { openIroh } from '../../src/io/net/iroh.ts';
import { loadIroh } from '../../src/io/net/iroh-addon.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Network } from '../../src/ports/network.ts';
import type { Source } from '../../src/ports/source.ts';
import { MemoryNetwork } from '../../src/testing/memory-network.ts';
import { MemoryPartialStore } from '../../src/testing/memory-partial.ts';
import { contentOf, noise, same } from '../support/content-samples.ts';
import { openBytes } from '../support/staging.ts';
import { failure } from '../support/stamp-samples.ts';
import { OWNER } from '../support/transfer-samples.ts';

const STAMP_OFFSET = 700_000;
const FILE = noise(2_000_000);
const CANONICAL = FILE.slice();
zeroPlaces(CANONICAL, 0, [stampPlace(STAMP_OFFSET)]);
const PROGRAM = contentOf(CANONICAL);
const DELTA = contentOf(noise(300_000, 9), 'delta');
const { manifest: MANIFEST } = PROGRAM;
const NAME_HASH = new Uint8Array(32).fill(7);
const STATEMENT = noise(300, 3);
const STAMP_ID = noise(32, 4);
/** A signal each: one for all would have so many listeners that the runtime warns of a leak. */
const never = (): AbortSignal => new AbortController().signal;

const hub = new MemoryNetwork();
const implementations: [name: string, join: () => Promise<Network>][] = [
  ['memory', () => Promise.resolve(hub.join(randomBytes(32)))],
  [
    'iroh',
    () => openIroh({ addon: loadIroh(), seed: randomBytes(32), relay: 'none', bind: ['127.0.0.1:0', '[::1]:0'] }),
  ],
];

describe.each(implementations)('source over %s', (_name, join) => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  const joinForTest = async (): Promise<Network> => {
    const network = await join();
    ends.push(() => network.close());
    return network;
  };

  interface Scene {
    readonly library: Library;
    readonly server: ExchangeServer;
    readonly errors: unknown[];
    readonly served: number[];
    connect(clock?: Clock): Promise<Source>;
  }
  const start = async (limits: Partial<ExchangeLimits> = {}): Promise<Scene> => {
    const network = await joinForTest();
    const errors: unknown[] = [];
    const served: number[] = [];
    const library = createLibrary({ compression: brotli, onError: (error) => errors.push(error) });
    library.add({ root: MANIFEST.root, file: openBytes(FILE), stampOffset: STAMP_OFFSET, stampId: STAMP_ID });
    library.add({ root: DELTA.manifest.root, file: openBytes(DELTA.bytes) });
    library.setStatement(NAME_HASH, STATEMENT);
    ends.push(() => library.close());
    const server = serveExchange({
      network,
      owner: OWNER.publicKey,
      clock: systemClock,
      library,
      onError: (error) => errors.push(error),
      onServed: (_nodeId, sentBytes) => served.push(sentBytes),
      limits: { ...EXCHANGE_LIMITS, ...limits },
    });
    ends.push(() => server.close());
    const connect = async (clock = systemClock): Promise<Source> => {
      const peer = network.address();
      const source = createPeerSource({ network: await joinForTest(), owner: OWNER.publicKey, peer, clock });
      ends.push(() => source.close());
      return source;
    };
    return { library, server, errors, served, connect };
  };

  it('gives the statement, the stamp as it stands in the file, and every kind of object', async () => {
    const source = await (await start()).connect();
    const decompress = (bytes: Uint8Array, maxBytes: number) => brotli.decompress(bytes, maxBytes);
    expect(await source.statement(NAME_HASH, never())).toEqual(STATEMENT);
    const stamp = await source.stamp(STAMP_ID, never());
    expect(stamp).toEqual(FILE.subarray(STAMP_OFFSET, STAMP_OFFSET + STAMP_BYTES));
    const page = await source.object('page', MANIFEST.root, 20_000, never());
    expect(await decodeObject(page ?? new Uint8Array(), 20_000, decompress)).toEqual(MANIFEST.pages.at(-1)?.bytes);
    for (let index = 0; index < MANIFEST.count; index += 10) {
      const lengthBytes = MANIFEST.lengthAt(index);
      const chunk = await source.object('chunk', MANIFEST.hashAt(index), lengthBytes + 1, never());
      const bytes = await decodeObject(chunk ?? new Uint8Array(), lengthBytes, decompress);
      expect(same(bytes, PROGRAM.object('chunk', MANIFEST.hashAt(index)) ?? new Uint8Array())).toBe(true);
    }
    expect(source.receivedBytes).toBeGreaterThan(MANIFEST.sizeBytes / 12);
  });

  it('has nothing of what it does not know, nor a stamp under a root', async () => {
    const source = await (await start()).connect();
    const unknown = new Uint8Array(32).fill(1);
    expect(await source.statement(unknown, never())).toBeUndefined();
    expect(await source.stamp(unknown, never())).toBeUndefined();
    expect(await source.stamp(MANIFEST.root, never())).toBeUndefined();
    expect(await source.stamp(DELTA.manifest.root, never())).toBeUndefined();
    expect(await source.object('page', unknown, 1000, never())).toBeUndefined();
    expect(await source.object('chunk', unknown, 1000, never())).toBeUndefined();
    expect(await source.object('chunk', MANIFEST.root, 100_000, never())).toBeUndefined();
  });

  it('answers many requests at once, each with its own answer, whatever their order', async () => {
    const source = await (await start()).connect();
    const indexes = Array.from({ length: MANIFEST.count }, (_, index) => (index * 7) % MANIFEST.count);
    const answers = await Promise.all(
      indexes.map((index) => source.object('chunk', MANIFEST.hashAt(index), 128 * 1024 + 1, never())),
    );
    for (const [at, index] of indexes.entries()) {
      const decoded = await decodeObject(answers[at] ?? new Uint8Array(), 128 * 1024, (bytes, maxBytes) =>
        brotli.decompress(bytes, maxBytes),
      );
      expect(same(decoded, PROGRAM.object('chunk', MANIFEST.hashAt(index)) ?? new Uint8Array())).toBe(true);
    }
  });

  it('brings a whole program and a delta across, from several peers at once', async () => {
    const scenes = [await start(), await start()];
    const sources = await Promise.all(scenes.map((scene) => scene.connect()));
    for (const content of [PROGRAM, DELTA]) {
      const partial = await new MemoryPartialStore().open('content', content.bytes.length);
      await collectContent({
        root: content.manifest.root,
        sizeBytes: content.bytes.length,
        sources,
        partial,
        compression: brotli,
        clock: systemClock,
        signal: never(),
      });
      expect(same(await partial.read(0, partial.sizeBytes), content.bytes)).toBe(true);
    }
    expect(sources.every(({ receivedBytes }) => receivedBytes > 100_000)).toBe(true);
    await Promise.all(sources.map((source) => source.close()));
    while (scenes.some(({ served }) => served.length === 0)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(scenes.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('an aborted request fails at once; the ones before and behind it get their own answers', async () => {
    const source = await (await start()).connect();
    const stop = new AbortController();
    const first = source.object('chunk', MANIFEST.hashAt(0), 128 * 1024 + 1, never());
    const second = source.object('chunk', MANIFEST.hashAt(1), 128 * 1024 + 1, stop.signal);
    const third = source.object('chunk', MANIFEST.hashAt(2), 128 * 1024 + 1, never());
    stop.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    expect((await first)?.length).toBeGreaterThan(MANIFEST.lengthAt(0) / 2);
    expect((await third)?.length).toBeGreaterThan(MANIFEST.lengthAt(2) / 2);
    await expect(source.object('chunk', MANIFEST.hashAt(3), 1, stop.signal)).rejects.toThrow('enough');
  });

  it('PEER_MISBEHAVED: more is announced than was asked for, and the source is of no more use', async () => {
    const source = await (await start()).connect();
    await expect(source.object('chunk', MANIFEST.hashAt(0), 100, never())).rejects.toEqual(failure('PEER_MISBEHAVED'));
    await expect(source.statement(NAME_HASH, never())).rejects.toEqual(failure('PEER_MISBEHAVED'));
  });

  it('PEER_REFUSED: the clocks are minutes apart', async () => {
    const ahead: Clock = { ...systemClock, now: () => Date.now() + 3 * MINUTE_MS };
    const source = await (await start()).connect(ahead);
    await expect(source.statement(NAME_HASH, never())).rejects.toEqual(failure('PEER_REFUSED'));
  });

  it('PEER_UNREACHABLE: nobody there, closed here, closed there', async () => {
    const gone = await joinForTest();
    const address = gone.address();
    await gone.close();
    const limits = { connectMs: 500, lanes: 1, reconnects: 0, idleMs: 500, windowMs: 1000, minBytesPerSecond: 1 };
    const peer = { network: await joinForTest(), owner: OWNER.publicKey, peer: address, clock: systemClock, limits };
    const nobody = createPeerSource(peer);
    await expect(nobody.statement(NAME_HASH, never())).rejects.toEqual(failure('PEER_UNREACHABLE'));
    await nobody.close();

    const scene = await start();
    const closedHere = await scene.connect();
    await closedHere.statement(NAME_HASH, never());
    await closedHere.close();
    await closedHere.close();
    await expect(closedHere.statement(NAME_HASH, never())).rejects.toEqual(failure('PEER_UNREACHABLE'));

    const closedThere = await scene.connect();
    await closedThere.statement(NAME_HASH, never());
    await scene.server.close();
    await expect(closedThere.statement(NAME_HASH, never())).rejects.toEqual(failure('PEER_UNREACHABLE'));
  });

  it('a client too many is turned away, and the others go on', async () => {
    const scene = await start({ maxConnections: 1 });
    const [first, second] = [await scene.connect(), await scene.connect()];
    expect(await first.statement(NAME_HASH, never())).toEqual(STATEMENT);
    await expect(second.statement(NAME_HASH, never())).rejects.toEqual(failure('PEER_UNREACHABLE'));
    expect(await first.statement(NAME_HASH, never())).toEqual(STATEMENT);
  });

  it('a client that asks for nothing makes room for one that does', async () => {
    const scene = await start({ maxConnections: 1, graceMs: 0 });
    const first = await scene.connect();
    await first.statement(NAME_HASH, never());
    await new Promise((resolve) => setTimeout(resolve, 20));
    const second = await scene.connect();
    expect(await second.statement(NAME_HASH, never())).toEqual(STATEMENT);
  });
});
