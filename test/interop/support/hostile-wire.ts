/**
 * KRPC packets made by hand, right or wrong, and sockets that send them to the nodes of the mainline crate.
 *
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { equalBytes } from '../../../src/core/base/bytes.ts';
import { decodeBencode, dictionary, encodeBencode, type Bencoded } from '../../../src/core/dht/bencode.ts';
import { latin1 } from '../../support/dht-samples.ts';

export type Entries = Readonly<Record<string, Bencoded | undefined>>;

/** The id of whoever sends packets by hand. */
export const HAND_ID: Uint8Array = new Uint8Array(20).fill(0x5a);

/** A query; `envelope` adds to the outer dictionary or replaces what is there. */
export function queryPacket(
  method: string,
  args: Entries,
  transaction: Uint8Array,
  envelope: Entries = {},
): Uint8Array {
  const a = dictionary({ id: HAND_ID, ...args });
  return encodeBencode(dictionary({ t: transaction, y: latin1('q'), q: latin1(method), a, ...envelope }));
}

/** An answer; `envelope` as above. */
export function answerPacket(fields: Entries, transaction: Uint8Array, envelope: Entries = {}): Uint8Array {
  const r = dictionary({ id: HAND_ID, ...fields });
  return encodeBencode(dictionary({ t: transaction, y: latin1('r'), r, ...envelope }));
}

/** The outer dictionary of a packet, or undefined where it is none. */
export function outerOf(packet: Uint8Array): ReadonlyMap<string, Bencoded> | undefined {
  const value = decodeBencode(packet);
  return value instanceof Map ? (value as ReadonlyMap<string, Bencoded>) : undefined;
}

/** A string in a dictionary, a copy. */
export function bytesIn(map: Bencoded | undefined, ...path: readonly string[]): Uint8Array | undefined {
  let value = map;
  for (const key of path) value = value instanceof Map ? (value as ReadonlyMap<string, Bencoded>).get(key) : undefined;
  return value instanceof Uint8Array ? value.slice() : undefined;
}

export interface Wire {
  readonly port: number;
  /** Sends a packet and waits for nothing. */
  send(port: number, packet: Uint8Array): void;
  /** Sends a packet and returns what came back before the answer to a ping sent after it: the node takes one by one. */
  ask(port: number, packet: Uint8Array): Promise<Uint8Array[]>;
  close(): Promise<void>;
}

const PINGS = 20;
const PING_WAIT_MS = 250;

/** @param transactionBytes the length of transaction ids that the nodes asked read */
export async function openWire(transactionBytes: number): Promise<Wire> {
  const socket = await bound();
  let pings = 0;
  const pinged = async (port: number): Promise<{ answered: boolean; others: Uint8Array[] }> => {
    const others: Uint8Array[] = [];
    const transaction = latin1('p'.repeat(transactionBytes - 1) + String.fromCharCode(++pings & 0x7f));
    let tell: () => void = () => undefined;
    let answered = false;
    const onMessage = (packet: Uint8Array): void => {
      answered ||= equalBytes(bytesIn(outerOf(packet), 't') ?? HAND_ID, transaction);
      if (answered) tell();
      else others.push(Uint8Array.from(packet));
    };
    socket.on('message', onMessage);
    try {
      // Each attempt waits a moment: a full buffer loses packets, and that is not the node's death.
      for (let attempt = 0; attempt < PINGS && !isTrue(answered); attempt++) {
        socket.send(queryPacket('ping', {}, transaction), port, '127.0.0.1');
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, PING_WAIT_MS);
          tell = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    } finally {
      socket.off('message', onMessage);
    }
    return { answered, others };
  };
  return {
    port: socket.address().port,
    send: (port, packet) => {
      socket.send(packet, port, '127.0.0.1');
    },
    ask: async (port, packet) => {
      socket.send(packet, port, '127.0.0.1');
      const { answered, others } = await pinged(port);
      if (!answered) throw new Error('the node no longer answers');
      return others;
    },
    close: () => closed(socket),
  };
}

/** A socket of the test's own. */
export async function bound(host = '127.0.0.1', port = 0): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind(port, host);
  await once(socket, 'listening');
  return socket;
}

export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) =>
    socket.close(() => {
      resolve();
    }),
  );
}

/** Read through a function: the compiler does not see that an await may have changed it. */
function isTrue(value: boolean): boolean {
  return value;
}
