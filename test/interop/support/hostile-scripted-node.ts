/**
 * A DHT node that answers as a test says.
 *
 * @module
 */
import type { RemoteInfo } from 'node:dgram';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import type { BencodedDictionary } from '../../../src/core/dht/bencode.ts';
import { parseIp } from '../../../src/core/dht/address.ts';
import { answerPacket, bound, bytesIn, closed, HAND_ID, outerOf } from './hostile-wire.ts';

export interface ScriptedQuery {
  readonly method: string;
  readonly transaction: Uint8Array;
  readonly packet: BencodedDictionary;
}

/** Returns what to send back. No packet: silence. `undefined` for what the script does not know: see `startScriptedNode`. */
export type Script = (query: ScriptedQuery) => Uint8Array | 'silence' | undefined;

export interface ScriptedNode {
  /** `127.0.0.1:4711` */
  readonly address: string;
  close(): Promise<void>;
}

/** What the script leaves is answered with the node's own contact: clients join when somebody is named to them. */
export async function startScriptedNode(script: Script, host = '127.0.0.1', port = 0): Promise<ScriptedNode> {
  const socket = await bound(host, port);
  const own = socket.address().port;
  const contact = concatBytes(HAND_ID, parseIp(host) ?? HAND_ID, Uint8Array.of(own >> 8, own & 0xff));
  socket.on('message', (bytes: Uint8Array, from: RemoteInfo) => {
    const packet = outerOf(bytes);
    const transaction = bytesIn(packet, 't');
    const method = bytesIn(packet, 'q');
    if (packet === undefined || transaction === undefined || method === undefined) return;
    const query = { method: String.fromCharCode(...method), transaction, packet };
    const answer = script(query) ?? answerPacket({ nodes: contact }, transaction);
    if (answer !== 'silence') socket.send(answer, from.port, from.address);
  });
  return { address: `${host}:${own}`, close: () => closed(socket) };
}
