/**
 * Random KRPC packets: refused with their own error, or read the same a second time. A node that gets them lives on.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeMessage } from '../../src/core/dht/message-decode.ts';
import { encodeMessage, type KrpcMessage } from '../../src/core/dht/message.ts';
import { DhtNode } from '../../src/core/dht/node.ts';
import {
  contactOf,
  countedBytes,
  idOf,
  latin1,
  localAddress,
  publicAddress,
  sampleItem,
} from '../support/dht-samples.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const T = latin1('aaaa');
const query = { kind: 'query', transaction: T, id: idOf(1), readOnly: true } as const;
const answer = { kind: 'answer', transaction: T, id: idOf(1), readOnly: false } as const;
const item = sampleItem(7n, 'value', latin1('s'));
const messages: readonly KrpcMessage[] = [
  { ...query, body: { method: 'ping' } },
  { ...query, readOnly: false, body: { method: 'find_node', target: idOf(2), want: ['ipv4', 'ipv6'] } },
  { ...query, body: { method: 'get', target: idOf(2), seq: 3n } },
  { ...query, body: { method: 'put', token: T, item, salt: latin1('s'), cas: 1n, target: idOf(2) } },
  { ...answer, item, token: T, nodes: [contactOf(idOf(4), localAddress(1))], seenAt: publicAddress(1) },
  { ...answer, nodes6: [contactOf(idOf(4), { family: 'ipv6', host: '2001:db8::1', port: 5 })], seq: 4n },
  { kind: 'failure', transaction: T, code: 302, text: 'old' },
];
const packets = bytesNear(...messages.map(encodeMessage));

function check(bytes: Uint8Array): void {
  accepts(() => {
    const message = decodeMessage(bytes);
    // Unknown fields and an IPv6 `ip` are not written again: what else was understood is.
    const written = decodeMessage(encodeMessage(message));
    if (message.kind === 'answer' && message.seenAt?.family === 'ipv6') {
      expect({ ...written, seenAt: message.seenAt }).toEqual(message);
    } else expect(written).toEqual(message);
  }, 'DHT_MESSAGE_MALFORMED');
}

it('random packets near real ones', () => {
  fc.assert(fc.property(packets, check), { numRuns: FUZZ_RUNS });
});

it('random packets into a node and into a client with queries under way', () => {
  const nodes = (['node', 'client'] as const).map(
    (mode) => new DhtNode({ family: 'ipv4', mode, randomBytes: countedBytes(), nowMs: 0, send: () => undefined }),
  );
  let nowMs = 0;
  const run = (bytes: Uint8Array, from: number): void => {
    nowMs += 10;
    for (const node of nodes) {
      const address = from % 2 === 0 ? localAddress(from) : publicAddress(from);
      node.walk({ target: idOf(from), method: 'get', seeds: [address], onDone: () => undefined }, nowMs);
      node.receive(bytes, address, nowMs);
      node.tick(nowMs);
    }
  };
  fc.assert(fc.property(packets, fc.nat(50), run), { numRuns: FUZZ_RUNS });
  for (const node of nodes) node.close(nowMs);
});

it.each(regressions('krpc'))('regression: %s', (_name, bytes) => {
  check(bytes);
});
