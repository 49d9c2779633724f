/**
 * Serving and fetching against each other, in memory and over iroh on loopback, with the machine's clock.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../src/agent/events.ts';
import { fetchRelease, type FetchOptions } from '../../src/agent/fetch/fetch.ts';
import { serve, type Offer, type Server } from '../../src/agent/offer/serve.ts';
import { SERVE_LIMITS, type ServeLimits } from '../../src/core/base/limits.ts';
import { MINUTE_MS } from '../../src/core/base/units.ts';
import { parseVersion } from '../../src/core/release/version.ts';
import { openIroh } from '../../src/io/net/iroh.ts';
import { loadIroh } from '../../src/io/net/iroh-addon.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Network } from '../../src/ports/network.ts';
import { MemoryNetwork } from '../../src/testing/memory-network.ts';
import { openBytes, StagingStore } from '../support/staging.ts';
import { flipped, OWNER, sampleProgram } from '../support/transfer-samples.ts';

/** More than a stream's window. */
const PROGRAM = sampleProgram({ sizeBytes: 3_000_000 });
const hub = new MemoryNetwork();
const implementations: [name: string, join: () => Promise<Network>][] = [
  ['memory', () => Promise.resolve(hub.join(randomBytes(32)))],
  [
    'iroh',
    () => openIroh({ addon: loadIroh(), seed: randomBytes(32), relay: 'none', bind: ['127.0.0.1:0', '[::1]:0'] }),
  ],
];

describe.each(implementations)('transfer: %s', (_name, join) => {
  const networks: Network[] = [];
  const servers: Server[] = [];
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await Promise.all(networks.splice(0).map((network) => network.close()));
  });

  const joinForTest = async (): Promise<Network> => {
    const network = await join();
    networks.push(network);
    return network;
  };

  const start = async (limits: Partial<ServeLimits> = {}, file = PROGRAM.file) => {
    const network = await joinForTest();
    const events: AgentEvent[] = [];
    const server = serve({
      network,
      clock: systemClock,
      owner: OWNER.publicKey,
      offer: (): Offer => ({ release: PROGRAM.release, program: openBytes(file, 1_000_000) }),
      emit: (event) => events.push(event),
      limits: { ...SERVE_LIMITS, ...limits },
    });
    servers.push(server);
    const fetch = async (options: Partial<FetchOptions> = {}) => {
      const store = new StagingStore();
      const fetched = await fetchRelease({
        network: await joinForTest(),
        store,
        clock: systemClock,
        owner: OWNER.publicKey,
        release: PROGRAM.release,
        above: parseVersion('1.0.0'),
        peer: network.address(),
        ...options,
      });
      return { fetched, bytes: store.staged[0]?.bytes ?? new Uint8Array() };
    };
    return { fetch, events, server };
  };

  it('brings the whole program across, and both sides know it', async () => {
    const { fetch, events, server } = await start();
    const { fetched, bytes } = await fetch();
    expect(Buffer.compare(bytes, PROGRAM.file)).toBe(0);
    expect(fetched.receivedBytes).toBeGreaterThan(PROGRAM.file.length);
    while (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(events).toMatchObject([{ type: 'served', version: '1.1.0', sentBytes: PROGRAM.file.length }]);
    expect(server.uploads).toBe(0);
  });

  it('serves several at once', async () => {
    const { fetch } = await start({ maxUploads: 2 });
    const all = await Promise.all(Array.from({ length: 4 }, () => fetch()));
    expect(all.every(({ bytes }) => Buffer.compare(bytes, PROGRAM.file) === 0)).toBe(true);
  });

  it('a refused client learns that it was refused', async () => {
    const { fetch } = await start();
    const ahead: Clock = { ...systemClock, now: () => Date.now() + 3 * MINUTE_MS };
    await expect(fetch({ clock: ahead })).rejects.toMatchObject({ code: 'PEER_REFUSED' });
  });

  it('a client that came too many learns it within the time for a place', async () => {
    const { fetch } = await start({ maxUploads: 0, placeMs: 100 });
    await expect(fetch()).rejects.toMatchObject({ code: 'PEER_REFUSED' });
  });

  it('refuses a program in which one byte differs', async () => {
    const { fetch } = await start({}, flipped(PROGRAM.file, PROGRAM.file.length - 1));
    await expect(fetch()).rejects.toMatchObject({ code: 'RELEASE_MISMATCH' });
  });

  it('refuses a program of another length before it stages anything', async () => {
    const store = new StagingStore();
    const { fetch } = await start({}, PROGRAM.file.subarray(1));
    await expect(fetch({ store })).rejects.toMatchObject({ code: 'PEER_MISBEHAVED' });
    expect(store.staged).toEqual([]);
  });

  it('ends in the middle when it is told to, and the server gets its place back', async () => {
    const { fetch, server } = await start();
    const stop = new AbortController();
    const fetching = fetch({
      signal: stop.signal,
      onProgress: (receivedBytes) => {
        if (receivedBytes > 500_000) stop.abort();
      },
    });
    await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' });
    while (server.uploads > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  it('a server that closes in the middle fails the client, and the client alone', async () => {
    const { fetch, server, events } = await start();
    const fetching = fetch({ onProgress: () => void server.close() });
    await expect(fetching).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(events).toEqual([]);
  });
});
