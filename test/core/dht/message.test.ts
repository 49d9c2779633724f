import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/core/base/hex.ts';
import { decodeMessage } from '../../../src/core/dht/message-decode.ts';
import { encodeMessage, type KrpcMessage } from '../../../src/core/dht/message.ts';
import { contactOf, idOf, latin1, localAddress, sampleItem } from '../../support/dht-samples.ts';
import { hexdump } from '../../support/hexdump.ts';

const T = Uint8Array.of(0, 0, 0, 1);
const ID = new Uint8Array(20).fill(1);
const TARGET = fromHex('7b58de9848dcd2e708e8e2dba1d6e8f96a80e945');

/** A get as the Rust implementation sends it, with this implementation's version. */
const GET = hexdump(`
  64
  313a61 64                                    # a
    323a6964 32303a ${'01'.repeat(20)}          #   id
    363a746172676574 32303a 7b58de9848dcd2e708e8e2dba1d6e8f96a80e945  #   target
  65
  313a71 333a676574                            # q "get"
  323a726f 693165                              # ro 1
  313a74 343a00000001                          # t
  313a76 343a50500001                          # v
  313a79 313a71                                # y "q"
  65
`);

const item = sampleItem(-5n, 'hi', latin1('s'));
const answer = { kind: 'answer', transaction: T, id: ID, readOnly: false } as const;
const query = { kind: 'query', transaction: T, id: ID, readOnly: false } as const;

const messages: readonly [name: string, message: KrpcMessage][] = [
  ['ping', { ...query, body: { method: 'ping' } }],
  ['find_node', { ...query, body: { method: 'find_node', target: TARGET, want: ['ipv4', 'ipv6'] } }],
  ['get_peers', { ...query, body: { method: 'get_peers', target: TARGET } }],
  ['get after a seq', { ...query, readOnly: true, body: { method: 'get', target: TARGET, seq: 2n ** 63n - 1n } }],
  [
    'put',
    { ...query, body: { method: 'put', token: latin1('tok'), item, salt: latin1('s'), target: TARGET, cas: 0n } },
  ],
  ['put without salt', { ...query, body: { method: 'put', token: new Uint8Array(), item, salt: new Uint8Array() } }],
  ['an unknown method', { ...query, body: { method: 'other', name: 'sample_infohashes' } }],
  ['empty answer', answer],
  [
    'answer with nodes',
    { ...answer, token: latin1('12345678'), nodes: [contactOf(idOf(9), localAddress(1))], nodes6: [] },
  ],
  ['answer with an item', { ...answer, item, seenAt: localAddress(7) }],
  ['answer with a seq alone', { ...answer, readOnly: true, seq: 3n }],
  ['failure', { kind: 'failure', transaction: T, code: 302, text: 'sequence number less than current' }],
];

describe('KRPC messages', () => {
  it('writes a get byte for byte as the network does', () => {
    const message: KrpcMessage = { ...query, readOnly: true, body: { method: 'get', target: TARGET } };
    expect(encodeMessage(message)).toEqual(GET);
    expect(decodeMessage(GET)).toEqual(message);
  });

  it.each(messages)('reads back what it writes: %s', (_, message) => {
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });

  it('names its version in exactly four bytes', () => {
    expect(Buffer.from(encodeMessage(answer)).toString('latin1')).toContain('1:v4:PP\x00\x01');
  });

  it('tells IPv4 nodes their address in six bytes and IPv6 nodes nothing', () => {
    const text = (seenAt: { family: 'ipv4' | 'ipv6'; host: string; port: number }): string =>
      Buffer.from(encodeMessage({ ...answer, seenAt })).toString('latin1');
    expect(text({ family: 'ipv4', host: '127.0.0.1', port: 258 })).toContain('2:ip6:\x7f\x00\x00\x01\x01\x02');
    expect(text({ family: 'ipv6', host: '::1', port: 258 })).not.toContain('2:ip');
  });

  it('does not mention ro where it is not set: some nodes drop such answers', () => {
    expect(Buffer.from(encodeMessage(answer)).toString('latin1')).not.toContain('2:ro');
  });

  it('keeps a put of the largest item within one packet', () => {
    const large = sampleItem(2n ** 63n - 1n, 'x'.repeat(996), new Uint8Array(64));
    const body = {
      method: 'put',
      token: new Uint8Array(64),
      item: large,
      salt: new Uint8Array(64),
      target: TARGET,
    } as const;
    expect(encodeMessage({ ...query, readOnly: true, body }).length).toBeLessThan(1472);
  });
});
