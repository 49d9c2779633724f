/**
 * One DhtNode without a network: packets go in by hand and come out in a list.
 *
 * @module
 */
import { formatAddress } from '../../src/core/dht/address.ts';
import { decodeMessage } from '../../src/core/dht/message-decode.ts';
import { encodeMessage, type KrpcMessage } from '../../src/core/dht/message.ts';
import { DhtNode } from '../../src/core/dht/node.ts';
import { countedBytes, idOf, latin1 } from './dht-samples.ts';

export const IDLE = { onAnswer: () => undefined, onFailure: () => undefined };

/** One node with its outgoing packets in a list. */
export function lone(mode: 'client' | 'node'): { node: DhtNode; sent: { message: KrpcMessage; to: string }[] } {
  const sent: { message: KrpcMessage; to: string }[] = [];
  const node = new DhtNode({
    family: 'ipv4',
    mode,
    nodeId: idOf(1),
    randomBytes: countedBytes(),
    nowMs: 0,
    send: (packet, to) => sent.push({ message: decodeMessage(packet), to: formatAddress(to) }),
  });
  return { node, sent };
}

export const pingFrom = (id: Uint8Array, readOnly = false): Uint8Array =>
  encodeMessage({ kind: 'query', transaction: latin1('aa'), id, readOnly, body: { method: 'ping' } });
