/**
 * An idle agent: what it costs while nothing is new. One executable on a private DHT, looking once a minute as by default.
 *
 * Packets are counted at the DHT nodes, the only ones it talks to: without relays and connections iroh is silent, but for
 * one search for a home router when it starts.
 *
 * @module
 */
import type { Socket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startPrivateDht } from '../src/testing/private-dht.ts';
import { HostProcess } from './host-process.ts';
import { OWNER_PUBLIC_KEY, statedProgram } from './host-program.ts';
import type { BenchRow } from './rows.ts';

const DEFAULT_MINUTES = 10;
const SETTLE_MS = 5000;
const MINUTE_MS = 60_000;
const MIB = 1024 ** 2;

export async function benchIdle(): Promise<BenchRow[]> {
  const minutes = Number(process.env['BENCH_IDLE_MINUTES'] ?? DEFAULT_MINUTES);
  const hosts: HostProcess[] = [];
  const packets = countPackets();
  const dht = await startPrivateDht();
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  try {
    const program = await statedProgram(folder, process.execPath);
    const start = (env: Record<string, string>): HostProcess => {
      const host = new HostProcess([program], { XDG_STATE_HOME: folder, XDG_CACHE_HOME: folder, ...env });
      hosts.push(host);
      return host;
    };
    const bare = start({ BENCH_AGENT: 'none' });
    await bare.hears('started');
    const host = start({ BENCH_PUBLIC_KEY: OWNER_PUBLIC_KEY, BENCH_DHT: dht.bootstrap.join(',') });
    await Promise.all([host.hears('announced'), host.hears('checked')]);
    await delay(SETTLE_MS);

    packets.reset();
    const before = await host.ask('usage', 'usage');
    const bareBefore = await bare.ask('usage', 'usage');
    await delay(minutes * MINUTE_MS);
    const after = await host.ask('usage', 'usage');
    const bareAfter = await bare.ask('usage', 'usage');
    const { sent, received } = packets.ofStrangers();

    const cpuMs = after.cpuMs - before.cpuMs - (bareAfter.cpuMs - bareBefore.cpuMs);
    const row = (what: string, measured: number, unit: string): BenchRow => {
      return { what: `idle agent: ${what}`, target: 'reported', measured, unit };
    };
    return [
      row(`CPU time over ${String(minutes)} minutes`, cpuMs, 'ms'),
      row('share of one core', (100 * cpuMs) / (minutes * MINUTE_MS), '%'),
      row('UDP packets it sends a minute', received / minutes, 'packets'),
      row('UDP packets it receives a minute', sent / minutes, 'packets'),
      row('RSS of the process', after.rssBytes / MIB, 'MiB'),
      row('RSS of the same program without the agent', bareAfter.rssBytes / MIB, 'MiB'),
      row('RSS the agent adds', (after.rssBytes - bareAfter.rssBytes) / MIB, 'MiB'),
    ];
  } finally {
    await Promise.all(hosts.map((each) => each.end()));
    await dht.close();
    packets.end();
    await rm(folder, { recursive: true, force: true });
  }
}

interface PacketCount {
  reset(): void;
  /** Packets between the sockets of this process and all others, as this process sent and received them. */
  ofStrangers(): { readonly sent: number; readonly received: number };
  end(): void;
}

/** Counts at every UDP socket this process opens from now on. */
function countPackets(): PacketCount {
  const own = new Set<number>();
  let sentTo: number[] = [];
  let receivedFrom: number[] = [];
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    const send = socket.send.bind(socket) as (...args: unknown[]) => void;
    socket.send = (...args: unknown[]): void => {
      sentTo.push(args[1] as number); // the form the DHT uses: packet, port, host, callback
      send(...args);
    };
    socket.on('listening', () => own.add(socket.address().port));
    socket.on('message', (_, { port }) => receivedFrom.push(port));
  };
  subscribe('udp.socket', onSocket);
  const strange = (ports: readonly number[]): number => ports.filter((port) => !own.has(port)).length;
  return {
    reset: () => {
      sentTo = [];
      receivedFrom = [];
    },
    ofStrangers: () => ({ sent: strange(sentTo), received: strange(receivedFrom) }),
    end: () => {
      unsubscribe('udp.socket', onSocket);
    },
  };
}
