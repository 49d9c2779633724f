/**
 * One process of the transfer benchmark: serves a file, or fetches one, as its parent orders.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fetchRelease } from '../src/agent/fetch/fetch.ts';
import { serve } from '../src/agent/offer/serve.ts';
import { ownerKeyFromSeed } from '../src/core/keys/owner-key.ts';
import type { SignedRelease } from '../src/core/release/release.ts';
import { openProgram } from '../src/io/files/open-program.ts';
import { newProgramStore } from '../src/io/install/program-file.ts';
import { openIroh } from '../src/io/net/iroh.ts';
import { loadIroh } from '../src/io/net/iroh-addon.ts';
import { systemClock } from '../src/io/system/clock.ts';
import type { Network, PeerAddress } from '../src/ports/network.ts';

export const BENCH_OWNER_SEED: Uint8Array = new Uint8Array(32).fill(11);
const RSS_SAMPLE_MS = 20;

export type PeerOrder =
  | { readonly kind: 'serve'; readonly path: string; readonly release: SignedRelease }
  | { readonly kind: 'fetch'; readonly path: string; readonly release: SignedRelease; readonly peer: PeerAddress };

export interface ServeReady {
  readonly peer: PeerAddress;
}

/** Sent by the serving process when its client has everything. */
export interface ServeFigures {
  readonly rssGrowthBytes: number;
}

export interface FetchFigures {
  readonly rssGrowthBytes: number;
  readonly durationMs: number;
  readonly loopDelayP99Ms: number;
  readonly cpuMs: number;
}

const owner = ownerKeyFromSeed(BENCH_OWNER_SEED).publicKey;

function serveFile(network: Network, order: PeerOrder & { kind: 'serve' }): ServeReady {
  const rss = watchRss();
  const offer = async () => ({ release: order.release, program: await openProgram(order.path) });
  serve({
    network,
    owner,
    clock: systemClock,
    offer,
    emit: ({ type }) => {
      if (type === 'served') process.send?.({ rssGrowthBytes: rss.growthBytes() } satisfies ServeFigures);
    },
  });
  return { peer: network.address() };
}

/** Watches the largest resident size from now on. */
function watchRss(): { growthBytes(): number } {
  const before = process.memoryUsage.rss();
  let peak = before;
  const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), RSS_SAMPLE_MS);
  return {
    growthBytes: () => {
      clearInterval(sampling);
      return peak - before;
    },
  };
}

async function fetchFile(network: Network, order: PeerOrder & { kind: 'fetch' }): Promise<FetchFigures> {
  const delays = monitorEventLoopDelay({ resolution: 1 });
  const rss = watchRss();
  const cpu = process.cpuUsage();
  const started = performance.now();
  delays.enable();
  const { staged } = await fetchRelease({
    network,
    owner,
    clock: systemClock,
    store: newProgramStore(order.path),
    release: order.release,
    above: { major: 1, minor: 0, patch: 0 },
    peer: order.peer,
  });
  delays.disable();
  const durationMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const rssGrowthBytes = rss.growthBytes();
  await staged.discard();
  const loopDelayP99Ms = delays.percentile(99) / 1e6;
  return { rssGrowthBytes, durationMs, loopDelayP99Ms, cpuMs: (user + system) / 1000 };
}

process.once('message', (order: PeerOrder) => {
  void (async () => {
    const bind = ['127.0.0.1:0', '[::1]:0'];
    const network = await openIroh({ addon: loadIroh(), seed: new Uint8Array(randomBytes(32)), relay: 'none', bind });
    process.send?.(order.kind === 'serve' ? serveFile(network, order) : await fetchFile(network, order));
  })();
});
