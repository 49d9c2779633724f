/**
 * All values of a slot on a private DHT: 20 nodes on loopback in this process, 3 publishers with different values.
 *
 * @module
 */
import { asciiBytes } from '../src/core/base/bytes.ts';
import { ed25519Signer } from '../src/core/crypto/ed25519.ts';
import { parseHostPort } from '../src/core/dht/host-port.ts';
import { MainlineDht } from '../src/io/dht/mainline.ts';
import { systemClock } from '../src/io/system/clock.ts';
import { systemRandom } from '../src/io/system/random.ts';
import type { ItemKey } from '../src/ports/dht.ts';
import { startPrivateDht } from '../src/testing/private-dht.ts';
import type { BenchRow, Target } from './rows.ts';

const PUBLISHERS = 3;
const DEAD_NODES = 5;
/** Until the compiler has seen the code; a running agent has long been there. */
const WARM_UP_READS = 200;
const MEASURED_READS = 200;

export async function benchDht(): Promise<BenchRow[]> {
  const startedMs = performance.now();
  const network = await startPrivateDht();
  const startMs = performance.now() - startedMs;
  const clients: MainlineDht[] = [];
  const join = async (): Promise<MainlineDht> => {
    const client = await openClient(network.bootstrap);
    clients.push(client);
    await client.ready();
    return client;
  };
  try {
    const signer = ed25519Signer(systemRandom.bytes(32));
    const key: ItemKey = { publicKey: signer.publicKey, salt: asciiBytes('bench'), sign: signer.sign };
    for (let publisher = 0; publisher < PUBLISHERS; publisher++) {
      const nodes = await (await join()).get(key);
      const own = nodes.filter((_, index) => index % PUBLISHERS === publisher);
      await Promise.all(own.map((node) => node.put(0n, asciiBytes(`value of publisher ${publisher}`))));
    }
    const reader = await join();
    const coldMs = await readAll(await join(), key);
    for (let read = 0; read < WARM_UP_READS; read++) await readAll(reader, key);
    const warm: number[] = [];
    for (let read = 0; read < MEASURED_READS; read++) warm.push(await readAll(reader, key));
    await Promise.all(network.nodes.slice(-DEAD_NODES).map((node) => node.close()));
    const dead: number[] = [await readAll(reader, key)]; // nobody knows of the deaths yet
    for (let read = 1; read < 10; read++) dead.push(await readAll(reader, key));
    const row = (what: string, target: Target, measured: number): BenchRow => {
      return { what: `DHT: ${what}`, target, measured, unit: 'ms' };
    };
    return [
      row('all values of a slot, 3 publishers, 20 loopback nodes, warm p50', '<= 10', percentile(warm, 50)),
      row('the same, warm p95', 'reported', percentile(warm, 95)),
      {
        ...row('the same, 5 nodes just died, slowest of 10 reads', '<= 500', Math.max(...dead)),
        note: 'a node that used to answer is waited for at least 350 ms before a read ends without it',
      },
      row('the same, first read of a client that has just joined', 'reported', coldMs),
      row('start of the 20 nodes', 'reported', startMs),
    ];
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await network.close();
  }
}

/** Milliseconds one read takes; it must find every publisher's value. */
async function readAll(client: MainlineDht, key: ItemKey): Promise<number> {
  const startMs = performance.now();
  const nodes = await client.get(key);
  const tookMs = performance.now() - startMs;
  const values = new Set(nodes.flatMap(({ item }) => (item ? [String(item.value)] : [])));
  if (values.size !== PUBLISHERS) throw new Error(`found ${values.size} of ${PUBLISHERS} values`);
  return tookMs;
}

function openClient(bootstrap: readonly string[]): Promise<MainlineDht> {
  return MainlineDht.open({
    bootstrap: bootstrap.map(parseHostPort),
    random: systemRandom,
    clock: systemClock,
    keepAlive: true,
  });
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor((sorted.length * percent) / 100), sorted.length - 1)] ?? NaN;
}
