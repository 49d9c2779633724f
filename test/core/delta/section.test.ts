import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSectionReader, createSectionWriter } from '../../../src/core/delta/section.ts';
import { encodeVarint, MAX_VARINT } from '../../../src/core/delta/varint.ts';

describe('section', () => {
  it('reads back numbers and bytes in their order', () => {
    const part = fc.oneof(
      fc.maxSafeNat().map((number) => number % (MAX_VARINT + 1)),
      fc.uint8Array({ maxLength: 3000 }),
    );
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const writer = createSectionWriter();
        for (const one of parts) {
          if (typeof one === 'number') writer.putVarint(one);
          else writer.putBytes(one);
        }
        const reader = createSectionReader(writer.take());
        for (const one of parts)
          expect(typeof one === 'number' ? reader.varint() : reader.bytes(one.length)).toEqual(one);
        expect(reader.left).toBe(0);
      }),
    );
  });

  it('writes the numbers that the head of a delta has', () => {
    for (const value of [0, 127, 128, 2 ** 31, 2 ** 32, MAX_VARINT]) {
      const writer = createSectionWriter();
      writer.putVarint(value);
      expect(writer.take()).toEqual(encodeVarint(value));
    }
  });

  it('gives what was put since the last time, in memory of its own', () => {
    const writer = createSectionWriter();
    writer.putVarint(1);
    const first = writer.take();
    expect(writer.length).toBe(0);
    writer.putVarint(2);
    expect([first, writer.take()]).toEqual([Uint8Array.of(1), Uint8Array.of(2)]);
  });

  it.each([
    ['nothing left', []],
    ['the end inside a number', [0x80]],
    ['a last byte of zero', [0x80, 0x00]],
    ['a last byte of zero in the fifth place', [0xff, 0xff, 0xff, 0xff, 0x00]],
    ['six bytes', [0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ])('rejects: %s', (_name, bytes) => {
    const reader = createSectionReader(Uint8Array.from(bytes));
    expect(() => reader.varint()).toThrow(expect.objectContaining({ code: 'DELTA_MALFORMED' }) as Error);
  });

  it('rejects a number after five bytes, whatever they add up to', () => {
    for (const zeros of [5, 6, 150]) {
      const reader = createSectionReader(Uint8Array.from([...new Array<number>(zeros).fill(0x80), 0x01]));
      expect(() => reader.varint()).toThrow(expect.objectContaining({ code: 'DELTA_MALFORMED' }) as Error);
      expect(reader.left).toBe(zeros + 1 - 5);
    }
  });

  it('rejects more bytes than there are', () => {
    const reader = createSectionReader(new Uint8Array(3));
    expect(() => reader.bytes(4)).toThrow(expect.objectContaining({ code: 'DELTA_MALFORMED' }) as Error);
  });
});
