/**
 * Nodes of ours among strangers: some ask them wrongly, some answer them wrongly, and the slots are full of what nobody should
 * put there. Everything they send is recorded.
 *
 * @module
 */
import fc from 'fast-check';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { MAX_INTEGER } from '../../../src/core/dht/bencode.ts';
import { itemTarget } from '../../../src/core/dht/item.ts';
import { parseHostPort } from '../../../src/core/dht/host-port.ts';
import { slotAt, type Slot } from '../../../src/core/record/slot.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import { startPrivateDht } from '../../../src/testing/private-dht.ts';
import { openClient } from '../../support/dht-clients.ts';
import { latin1 } from '../../support/dht-samples.ts';
import { bytesNear } from '../../support/fuzz.ts';
import { releaseOf, TOPIC } from '../../support/record-samples.ts';
import { hostileItems, hostileQueries, lyingScript } from './hostile-answers.ts';
import { recordPackets, type Packet } from './hostile-recorder.ts';
import { startScriptedNode, type ScriptedNode } from './hostile-scripted-node.ts';
import { bytesIn, openWire, outerOf, queryPacket } from './hostile-wire.ts';
import { announceAt, discoverAt } from './slot-peers.ts';

export interface HostileScene {
  /** The slots that were attacked. */
  readonly slots: readonly Slot[];
  /** `host:port` of our nodes. */
  readonly bootstrap: readonly string[];
  /** How often one of ours announced itself in one of the slots. */
  readonly turns: number;
  readonly packets: readonly Packet[];
  isOurs(port: number): boolean;
  end(): Promise<void>;
}

/** Closes it at the end, and hands it back. */
type Keep = <T extends { close(): Promise<void> }>(one: T) => T;

export const OUR_RELEASE = releaseOf('1.2.3');
const FIRST_MINUTE = 29_100_000;
const SLOTS = 4;
const NODES = 8;
const LIARS = 8;
const LOOKUPS = 6;
/** Noise for each of our nodes; a node answers one address 500 times in a row. */
const NOISE_PACKETS = 450;

export async function openHostileScene(): Promise<HostileScene> {
  const recording = recordPackets();
  const closing: (() => Promise<void>)[] = [];
  const keep: Keep = (one) => {
    closing.push(() => one.close());
    return one;
  };
  const end = async (): Promise<void> => {
    recording.stop();
    await Promise.all(closing.map((close) => close()));
  };
  try {
    return { ...(await play(keep)), packets: recording.packets, end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function play(keep: Keep): Promise<Omit<HostileScene, 'packets' | 'end'>> {
  const ours = keep(await startPrivateDht({ nodes: NODES }));
  const bootstrap = ours.nodes.flatMap(({ addresses }) => addresses);
  const ports = bootstrap.map((address) => parseHostPort(address).port);
  const slots = Array.from({ length: SLOTS }, (_, index) => slotAt(TOPIC, FIRST_MINUTE + index));

  for (const slot of slots) await askWrongly(slot, ports, keep);
  const liars: ScriptedNode[] = [];
  for (const slot of slots) {
    const items = await hostileItems(slot, lastNumberOf(slot));
    for (let n = 0; n < LIARS / SLOTS; n++) {
      const known = [...ports, ...liars.map(({ address }) => parseHostPort(address).port)];
      liars.push(keep(await startScriptedNode(lyingScript(items, contactsAt(known)))));
    }
  }
  const addresses = [...liars.map(({ address }) => address), ...bootstrap];
  const clients = await Promise.all(
    [openClient(addresses), openClient(addresses, { mode: 'node' })].map(async (opening) => keep(await opening)),
  );
  for (const client of clients) ports.push(...client.addresses.map((address) => parseHostPort(address).port));
  for (let n = 0; n < LOOKUPS; n++) {
    for (const client of clients) {
      for (const { minute } of slots) {
        await announceAt(client, { minute, node: 40, release: OUR_RELEASE }).catch(ignoreRefusal);
        await discoverAt(client, minute).catch(ignoreRefusal);
      }
    }
  }
  return {
    slots,
    bootstrap,
    turns: LOOKUPS * clients.length * slots.length,
    isOurs: (port) => ports.includes(port),
  };
}

/** In every second slot strangers stop one short of the last number: ours must not be who takes the last step. */
function lastNumberOf({ minute }: Slot): bigint {
  return minute % 2 === 0 ? MAX_INTEGER : MAX_INTEGER - 1n;
}

/** Puts, queries and noise from strangers, at every node of ours. */
async function askWrongly(slot: Slot, ports: readonly number[], keep: Keep): Promise<void> {
  const { publicKey, salt } = slot.itemKey;
  const target = itemTarget(publicKey, salt);
  const get = queryPacket('get', { target }, latin1('get'));
  const items = (await hostileItems(slot, lastNumberOf(slot))).sort((a, b) => (a.seq < b.seq ? -1 : 1));
  const wire = keep(await openWire(4));
  const noisy = keep(await openWire(4));
  for (const port of ports) {
    const [answer] = await wire.ask(port, get);
    const token = bytesIn(outerOf(answer ?? get), 'r', 'token');
    if (token === undefined) throw new Error('a node of ours gave no token');
    const queries = hostileQueries(items, target, token);
    for (const query of queries) {
      wire.send(port, query);
      // What a node hands out is seen after each of them; asked now and then, it keeps up.
      await wire.ask(port, get);
    }
    for (const noise of fc.sample(bytesNear(...queries), NOISE_PACKETS)) noisy.send(port, noise);
  }
}

function contactsAt(ports: readonly number[]): Uint8Array {
  return concatBytes(
    ...ports.map((port) => concatBytes(systemRandom.bytes(20), Uint8Array.of(127, 0, 0, 1, port >> 8, port & 0xff))),
  );
}

/** Among liars some turns fail: what was sent is what counts. */
function ignoreRefusal(error: unknown): void {
  if (!isPeerpatchError(error, 'DHT_PUT_REFUSED', 'DHT_UNREACHABLE')) throw error;
}
