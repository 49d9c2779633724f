import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import type { Copies } from '../../../src/core/delta/copies.ts';
import { copiesOf, editedPrograms, noise } from '../../support/delta-samples.ts';

const BASE = noise(200_000);
const copied = (copies: Copies): number =>
  Array.from({ length: copies.count }, (_, index) => copies.lengthAt(index)).reduce((sum, length) => sum + length, 0);

describe('matcher', () => {
  it('copies an identical program in one piece, whatever the segments', () => {
    for (const segmentBytes of [Infinity, 50_000, 33_333])
      expect([...copiesOf(BASE, BASE, segmentBytes).numbers()]).toEqual([0, 0, BASE.length]);
  });

  it('follows insertions, removals and moves to the byte', () => {
    const parts: [number, number][] = [
      [120_000, 160_000],
      [0, 50_001],
      [60_007, 100_000],
    ];
    const result = concatBytes(
      ...parts.map(([from, to]) => BASE.subarray(from, to)),
      noise(500, 8),
      BASE.subarray(190_000),
    );
    expect([...copiesOf(BASE, result).numbers()]).toEqual([
      0, 120_000, 40_000,
      40_000, 0, 50_001,
      90_001, 60_007, 39_993,
      130_494, 190_000, 10_000,
    ]); // prettier-ignore
  });

  it('goes on through words that differ here and there', () => {
    const result = BASE.slice();
    for (let at = 5; at + 4 <= result.length; at += 24) result[at] = (result[at] ?? 0) + 1;
    expect([...copiesOf(BASE, result).numbers()]).toEqual([0, 0, BASE.length]);
  });

  it('finds again what lies behind megabytes that it does not know', () => {
    const unknown = noise(2_000_000, 3);
    const copies = copiesOf(BASE, concatBytes(BASE.subarray(0, 100_000), unknown, BASE.subarray(100_000)));
    expect(copied(copies)).toBe(BASE.length);
    expect(copies.count).toBe(2);
  });

  it('prefers the nearest of many places that are alike', () => {
    const table = noise(64, 4);
    const base = concatBytes(...Array.from({ length: 500 }, (_, row) => concatBytes(table, noise(8, row))));
    // The cut shows behind the table, which is the same in both rows: at 72 * 300 + 64.
    const result = concatBytes(base.subarray(0, 72 * 300), base.subarray(72 * 305));
    expect([...copiesOf(base, result).numbers()]).toEqual([0, 0, 21_664, 21_664, 22_024, 13_976]);
  });

  it('gives copies in order, inside both programs, each byte once, the same for all segments together', () => {
    fc.assert(
      fc.property(editedPrograms, fc.integer({ min: 100, max: 3000 }), ([base, result], segmentBytes) => {
        const copies = copiesOf(base, result, segmentBytes);
        let end = 0;
        for (let index = 0; index < copies.count; index++) {
          expect(copies.resultAt(index)).toBeGreaterThanOrEqual(end);
          expect(copies.lengthAt(index)).toBeGreaterThan(0);
          expect(copies.baseAt(index)).toBeGreaterThanOrEqual(0);
          expect(copies.baseAt(index) + copies.lengthAt(index)).toBeLessThanOrEqual(base.length);
          end = copies.resultAt(index) + copies.lengthAt(index);
        }
        expect(end).toBeLessThanOrEqual(result.length);
      }),
    );
  });

  const SIZE = 500_000;
  const pattern = (row: Uint8Array): Uint8Array =>
    Uint8Array.from({ length: SIZE }, (_, index) => row[index % row.length] ?? 0);
  const spoilt = (bytes: Uint8Array, every: number, seed: number): Uint8Array => {
    const places = noise(bytes.length, seed);
    return bytes.map((byte, index) => ((places[index] ?? 0) % every === 0 ? (places[index] ?? 0) ^ 0x5a : byte));
  };
  const zeros = new Uint8Array(SIZE);
  const slow: [name: string, base: Uint8Array, result: Uint8Array][] = [
    ['zeros', zeros, zeros],
    ['zeros with noise', spoilt(zeros, 12, 1), spoilt(zeros, 12, 2)],
    ['a period of 3 with noise', spoilt(pattern(noise(3)), 12, 1), spoilt(pattern(noise(3)), 12, 2)],
    ['a period of 64 with noise', spoilt(pattern(noise(64)), 12, 1), spoilt(pattern(noise(64)), 12, 2)],
    ['a period of 5000 with noise', spoilt(pattern(noise(5000)), 20, 1), spoilt(pattern(noise(5000)), 20, 2)],
    ['two values without order', noise(SIZE, 1).map((byte) => byte & 1), noise(SIZE, 2).map((byte) => byte & 1)],
  ];
  it.each(slow)('takes no more than linear time: %s', (_name, base, result) => {
    const before = process.cpuUsage();
    copiesOf(base, result);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(6000); // about 700 ms; without a bound 12 s for the last one
  });
});
