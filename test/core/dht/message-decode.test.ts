import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../src/core/base/hex.ts';
import { dictionary, encodeBencode, type Bencoded } from '../../../src/core/dht/bencode.ts';
import { decodeMessage } from '../../../src/core/dht/message-decode.ts';
import { latin1, sampleItem } from '../../support/dht-samples.ts';

const ID = new Uint8Array(20).fill(1);
const ITEM = sampleItem(1n, 'v');
type Fields = Record<string, Bencoded | undefined>;

const packet = (fields: Fields): Uint8Array => encodeBencode(dictionary({ t: latin1('aa'), ...fields }));
const query = (q: Bencoded, a: Fields, fields: Fields = {}): Uint8Array =>
  packet({ y: latin1('q'), q, a: dictionary({ id: ID, ...a }), ...fields });
const answer = (r: Fields, fields: Fields = {}): Uint8Array =>
  packet({ y: latin1('r'), r: dictionary({ id: ID, ...r }), ...fields });
const itemFields: Fields = { k: ITEM.publicKey, sig: ITEM.signature, seq: ITEM.seq, v: latin1('v') };

/** A get of the Rust implementation, id 01 x 20, transaction 00000001, read-only. */
const RUST_GET = fromHex(
  '64313a6164323a696432303a0101010101010101010101010101010101010101363a74617267657432303a7b58de9848dcd2e708e8e2dba1d6e8f96a80e94565313a71333a676574323a726f693165313a74343a00000001313a76343a52530005313a79313a7165',
);

describe('reading KRPC packets', () => {
  it('reads the get of another implementation', () => {
    expect(decodeMessage(RUST_GET)).toEqual({
      kind: 'query',
      transaction: Uint8Array.of(0, 0, 0, 1),
      id: ID,
      readOnly: true,
      body: { method: 'get', target: fromHex('7b58de9848dcd2e708e8e2dba1d6e8f96a80e945') },
    });
  });

  it.each<[string, Uint8Array]>([
    ['no bytes', new Uint8Array()],
    ['more bytes than a packet may have', query(latin1('ping'), { x: new Uint8Array(2048) })],
    ['a number', latin1('i1e')],
    ['a list', latin1('li1ei2ee')],
    ['the empty string', latin1('0:')],
    ['thirty thousand lists', latin1('l'.repeat(30_000))],
    ['no transaction id', packet({ t: undefined, y: latin1('q'), q: latin1('ping'), a: dictionary({ id: ID }) })],
    ['a number as transaction id', query(latin1('ping'), {}, { t: 1n })],
    ['an empty transaction id', query(latin1('ping'), {}, { t: new Uint8Array() })],
    ['a transaction id of 17 bytes', query(latin1('ping'), {}, { t: new Uint8Array(17) })],
    ['no kind', packet({})],
    ['a number as kind', packet({ y: 5n })],
    ['an unknown kind', packet({ y: latin1('x') })],
    ['a query without arguments', packet({ y: latin1('q'), q: latin1('ping') })],
    ['a query without a method', packet({ y: latin1('q'), a: dictionary({ id: ID }) })],
    ['a dictionary as method', query(dictionary({ a: 1n }), {})],
    ['a method that is no text', query(Uint8Array.of(0xff), {})],
    ['a query without id', query(latin1('ping'), { id: undefined })],
    ['an id of 19 bytes', query(latin1('ping'), { id: new Uint8Array(19) })],
    ['a number as id', query(latin1('ping'), { id: 1n })],
    ['a text as ro', query(latin1('ping'), {}, { ro: latin1('1') })],
    ['find_node without target', query(latin1('find_node'), {})],
    ['find_node with a number as target', query(latin1('find_node'), { target: 5n })],
    ['find_node with a short target', query(latin1('find_node'), { target: latin1('a') })],
    ['find_node with a text as want', query(latin1('find_node'), { target: ID, want: latin1('n4') })],
    ['get with a number as target', query(latin1('get'), { target: 5n })],
    ['get with a text as seq', query(latin1('get'), { target: ID, seq: latin1('1') })],
    ['get_peers with a number as info_hash', query(latin1('get_peers'), { info_hash: 5n })],
    ['put with a number as token', query(latin1('put'), { ...itemFields, token: 5n })],
    ['put without token', query(latin1('put'), itemFields)],
    ['put without k', query(latin1('put'), { ...itemFields, token: ID, k: undefined })],
    ['put without seq', query(latin1('put'), { ...itemFields, token: ID, seq: undefined })],
    ['put without sig', query(latin1('put'), { ...itemFields, token: ID, sig: undefined })],
    ['put without v', query(latin1('put'), { ...itemFields, token: ID, v: undefined })],
    ['put with a short k', query(latin1('put'), { ...itemFields, token: ID, k: new Uint8Array(31) })],
    ['put with a long sig', query(latin1('put'), { ...itemFields, token: ID, sig: new Uint8Array(65) })],
    ['put with a number as salt', query(latin1('put'), { ...itemFields, token: ID, salt: 1n })],
    ['put with a text as cas', query(latin1('put'), { ...itemFields, token: ID, cas: latin1('1') })],
    ['put with a short target', query(latin1('put'), { ...itemFields, token: ID, target: latin1('a') })],
    ['an answer without r', packet({ y: latin1('r') })],
    ['an answer without id', answer({ id: undefined })],
    ['an answer with half a contact', answer({ nodes: new Uint8Array(27) })],
    ['an answer with IPv4 contacts as nodes6', answer({ nodes6: new Uint8Array(26) })],
    ['an answer with a list as nodes', answer({ nodes: [] })],
    ['an answer with a number as token', answer({ token: 1n })],
    ['an answer with a token of 65 bytes', answer({ token: new Uint8Array(65) })],
    ['an answer with a short key', answer({ ...itemFields, k: new Uint8Array(3) })],
    ['an answer with a text as seq', answer({ ...itemFields, seq: latin1('1') })],
    ['a failure without e', packet({ y: latin1('e') })],
    ['a failure without a code', packet({ y: latin1('e'), e: [] })],
    ['a failure with a text as code', packet({ y: latin1('e'), e: [latin1('203')] })],
    ['a failure with a negative code', packet({ y: latin1('e'), e: [-1n] })],
  ])('rejects %s', (_, bytes) => {
    expect(() => decodeMessage(bytes)).toThrow(expect.objectContaining({ code: 'DHT_MESSAGE_MALFORMED' }));
  });

  it('echoes transaction ids of 1 to 16 bytes', () => {
    for (const length of [1, 2, 4, 8, 16]) {
      expect(decodeMessage(query(latin1('ping'), {}, { t: new Uint8Array(length) })).transaction).toHaveLength(length);
    }
  });

  it('has no item in an answer that lacks a part of it', () => {
    for (const missing of ['k', 'sig', 'seq', 'v']) {
      const message = decodeMessage(answer({ ...itemFields, [missing]: undefined }));
      expect(message).not.toHaveProperty('item');
    }
    expect(decodeMessage(answer(itemFields))).toMatchObject({ item: ITEM });
  });

  it('keeps the bytes of a value that is no string: they are what was signed', () => {
    const message = decodeMessage(
      answer({
        ...itemFields,
        v: new Map([
          ['b', 1n],
          ['a', 2n],
        ]),
      }),
    );
    expect(message).toMatchObject({ item: { encodedValue: latin1('d1:bi1e1:ai2ee') } });
  });

  it('reads a put over the limits of BEP 44, so that it can be refused by code', () => {
    const message = decodeMessage(
      query(latin1('put'), { ...itemFields, token: ID, v: new Uint8Array(1100), salt: new Uint8Array(65) }),
    );
    expect(message).toMatchObject({ kind: 'query', body: { method: 'put' } });
  });

  it('ignores fields it does not know and an ip of an odd length', () => {
    const message = decodeMessage(answer({ p: 6881n, values: [latin1('abcdef')] }, { ip: new Uint8Array(5), x: [] }));
    expect(message).toEqual({ kind: 'answer', transaction: latin1('aa'), id: ID, readOnly: false });
  });

  it('makes a failure text printable and short', () => {
    const text = Uint8Array.from({ length: 200 }, (_, index) => (index === 0 ? 0x1b : 0x61));
    expect(decodeMessage(packet({ y: latin1('e'), e: [203n, text] }))).toMatchObject({ text: `?${'a'.repeat(99)}` });
    expect(decodeMessage(packet({ y: latin1('e'), e: [203n] }))).toMatchObject({ code: 203, text: '' });
  });

  it('copies what it keeps out of the packet', () => {
    const bytes = answer({ ...itemFields, token: latin1('tok') });
    const message = decodeMessage(bytes);
    bytes.fill(0);
    expect(message).toMatchObject({ id: ID, token: latin1('tok'), item: ITEM });
  });
});
