import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { ed25519Signer } from '../../../src/core/crypto/ed25519.ts';
import {
  decodeRecord,
  encodeRecord,
  signRecord,
  verifyRecord,
  type NodeRecord,
} from '../../../src/core/record/record.ts';
import { slotAt } from '../../../src/core/record/slot.ts';
import { nodeKey, TOPIC, V0 } from '../../support/record-samples.ts';

const GOLDEN = fromHex(
  [
    '28e6bd29c81a08d0ed942709381e693ecc10f1a823225259e4e0fb55b99c9222', // topic
    '4081ba0100000000', // minute 29000000
    'ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c', // node id
    V0.patch.info, // content: a release
    '4b09c8c2dec40c1cefa83788c2d4b0dc968c879c3e6c8b10b7ac6dfeffd516d0', // signature, R
    '3732586cc2abaa856224889d0f7853703cd45e35db89bb74486292452a1b9c05', // signature, S
  ].join(''),
);
const slot = slotAt(TOPIC, V0.slot.minute);

describe('decodeRecord', () => {
  it('reads the fields of the golden bytes', () => {
    const record = decodeRecord(GOLDEN);
    expect(record.topicId).toEqual(TOPIC.id);
    expect(record.minute).toBe(29_000_000);
    expect(record.nodeId).toEqual(ed25519Signer(fromHex(V0.node.seed)).publicKey);
    expect(toHex(record.content)).toBe(V0.patch.info);
  });

  it('takes copies: the packet may be reused', () => {
    const packet = GOLDEN.slice();
    const record = decodeRecord(packet);
    packet.fill(0);
    expect(encodeRecord(record)).toEqual(GOLDEN);
  });

  it('reads a record without content', () => {
    expect(decodeRecord(GOLDEN.slice(0, 136)).content).toEqual(new Uint8Array());
  });

  const malformed: [name: string, bytes: Uint8Array][] = [
    ['empty', new Uint8Array()],
    ['one byte below the minimum', GOLDEN.slice(0, 135)],
    ['a minute above 2^53', GOLDEN.with(39, 0xff)],
    ['the lowest minute that is no safe integer', GOLDEN.slice().fill(0, 32, 40).with(38, 0x20)],
  ];
  it.each(malformed)('rejects: %s', (_name, bytes) => {
    expect(() => decodeRecord(bytes)).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }));
  });

  it('is canonical: what it accepts, it writes back byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 136, maxLength: 400 }), (bytes) => {
        bytes.fill(0, 38, 40); // a minute in range
        expect(encodeRecord(decodeRecord(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe('verifyRecord', () => {
  const own = nodeKey(3);
  const valid = signRecord({ topicId: TOPIC.id, minute: slot.minute, content: Uint8Array.of(1, 2) }, own);

  it('accepts the golden record and a freshly signed one', () => {
    expect(() => {
      verifyRecord(decodeRecord(GOLDEN), slot);
      verifyRecord(valid, slot);
    }).not.toThrow();
  });

  const refused: [name: string, record: NodeRecord][] = [
    ['another topic, signed', signRecord({ ...valid, topicId: new Uint8Array(32) }, own)],
    ['the minute before, signed', signRecord({ ...valid, minute: slot.minute - 1 }, own)],
    ['the minute after, signed', signRecord({ ...valid, minute: slot.minute + 1 }, own)],
    ['content changed after signing', { ...valid, content: Uint8Array.of(1, 3) }],
    ['content longer than signed', { ...valid, content: Uint8Array.of(1, 2, 0) }],
    ['a node id that did not sign', { ...valid, nodeId: nodeKey(4).publicKey }],
    ['a node id that is not on the curve', { ...valid, nodeId: Uint8Array.of(2, ...new Uint8Array(31)) }],
    ['a node id of small order', { ...valid, nodeId: Uint8Array.of(1, ...new Uint8Array(31)) }],
    ['a zero signature', { ...valid, signature: new Uint8Array(64) }],
  ];
  it.each(refused)('refuses: %s', (_name, record) => {
    expect(() => {
      verifyRecord(record, slot);
    }).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }));
  });

  it('refuses the golden record with any one bit changed', () => {
    fc.assert(
      fc.property(fc.nat(GOLDEN.length - 1), fc.nat(7), (offset, bit) => {
        const bytes = GOLDEN.with(offset, (GOLDEN[offset] ?? 0) ^ (1 << bit));
        expect(() => {
          verifyRecord(decodeRecord(bytes), slot);
        }).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }));
      }),
    );
  });
});
