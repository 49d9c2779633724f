/**
 * A socket that asks one DHT node at a time, packet by packet, with transaction ids of any length: what a client would not
 * send, and what it would not show.
 *
 * @module
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { toHex } from '../../../src/core/base/hex.ts';
import { parseHostPort } from '../../../src/core/dht/host-port.ts';
import { decodeMessage } from '../../../src/core/dht/message-decode.ts';
import { encodeMessage, type Answer, type Failure, type QueryBody } from '../../../src/core/dht/message.ts';
import { systemRandom } from '../../../src/io/system/random.ts';

const ANSWER_MS = 20_000;

export interface KrpcPeer {
  /** Asks a node and waits for what it says. @param idBytes length of the transaction id */
  ask(to: string, body: QueryBody, idBytes: number): Promise<Answer | Failure>;
  /**
   * Whether a node answers a query, without waiting for silence: a ping behind it, which the node is known to answer under
   * `pingIdBytes`, comes back first when it does not.
   */
  answers(to: string, body: QueryBody, idBytes: number, pingIdBytes: number): Promise<boolean>;
  close(): Promise<void>;
}

/** @param host the IP to ask from */
export async function openKrpcPeer(host = '127.0.0.1'): Promise<KrpcPeer> {
  const socket = createSocket('udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  const waiting = new Map<string, (message: Answer | Failure) => void>();
  socket.on('message', (bytes) => {
    const message = decodeMessage(new Uint8Array(bytes));
    if (message.kind !== 'query') waiting.get(toHex(message.transaction))?.(message);
  });
  const id = systemRandom.bytes(20);
  const ask = (to: string, body: QueryBody, idBytes: number): Promise<Answer | Failure> => {
    const transaction = systemRandom.bytes(idBytes);
    const { host: toHost, port } = parseHostPort(to);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`${to} did not answer ${body.method}`));
      }, ANSWER_MS);
      waiting.set(toHex(transaction), (message) => {
        clearTimeout(late);
        waiting.delete(toHex(transaction));
        resolve(message);
      });
      socket.send(encodeMessage({ kind: 'query', transaction, id, readOnly: true, body }), port, toHost);
    });
  };
  return {
    ask,
    answers: (to, body, idBytes, pingIdBytes) =>
      Promise.race([
        ask(to, body, idBytes).then(
          () => true,
          () => false,
        ),
        ask(to, { method: 'ping' }, pingIdBytes).then(() => false),
      ]),
    close: async () => {
      socket.close();
      await once(socket, 'close');
    },
  };
}
