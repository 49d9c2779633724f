/**
 * Real DHT clients and raw sockets on loopback, for tests that need packets.
 *
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { asciiBytes } from '../../src/core/base/bytes.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { parseHostPort } from '../../src/core/dht/host-port.ts';
import { MainlineDht, type MainlineDhtOptions } from '../../src/io/dht/mainline.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import type { ItemKey, StoringNode } from '../../src/ports/dht.ts';

/** A client of the network that `bootstrap` belongs to. */
export function openClient(
  bootstrap: readonly string[],
  options: Partial<MainlineDhtOptions> = {},
): Promise<MainlineDht> {
  return MainlineDht.open({
    bootstrap: bootstrap.map(parseHostPort),
    random: systemRandom,
    clock: systemClock,
    keepAlive: true,
    ...options,
  });
}

/** The key pair of one test: `seed` from 1 to 255. */
export function testItemKey(seed: number, salt = 'test'): ItemKey {
  const { publicKey, sign } = ed25519Signer(new Uint8Array(32).fill(seed));
  return { publicKey, salt: asciiBytes(salt), sign };
}

/** The distinct values, sorted. */
export function valuesOf(nodes: readonly StoringNode[]): string[] {
  const texts = nodes.flatMap(({ item }) => (item ? [`${item.seq} ${new TextDecoder().decode(item.value)}`] : []));
  return [...new Set(texts)].sort();
}

/** A plain UDP socket that sends anything and waits for one packet. */
export interface RawSocket {
  readonly port: number;
  send(bytes: Uint8Array, to: string): void;
  /** The next packet, or undefined when none comes within `timeoutMs`. */
  receive(timeoutMs: number): Promise<{ bytes: Uint8Array; from: string } | undefined>;
  close(): Promise<void>;
}

export async function openRawSocket(port = 0): Promise<RawSocket> {
  const socket: Socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    send: (bytes, to) => {
      const { host, port } = parseHostPort(to);
      socket.send(bytes, port, host);
    },
    receive: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          socket.off('message', onMessage);
          resolve(undefined);
        }, timeoutMs);
        const onMessage = (bytes: Uint8Array, from: { address: string; port: number }): void => {
          clearTimeout(timer);
          resolve({ bytes: new Uint8Array(bytes), from: `${from.address}:${from.port}` });
        };
        socket.once('message', onMessage);
      }),
    close: () =>
      new Promise((resolve) =>
        socket.close(() => {
          resolve();
        }),
      ),
  };
}
