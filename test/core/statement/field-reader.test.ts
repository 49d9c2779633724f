import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import type { Bencoded } from '../../../src/core/dht/bencode.ts';
import { readFields, type Fields } from '../../../src/core/statement/field-reader.ts';
import { failure } from '../../support/stamp-samples.ts';

const map = (...entries: [string, Bencoded][]): Map<string, Bencoded> => new Map(entries);
const FIELDS = readFields(
  map(['bytes', Uint8Array.of(1, 2)], ['flag', 1n], ['list', [1n, 2n]], ['number', 5n], ['text', asciiBytes('abc')]),
);
const any = (): boolean => true;

describe("a statement's fields", () => {
  it('are read by their kind', () => {
    expect(FIELDS.keys).toEqual(['bytes', 'flag', 'list', 'number', 'text']);
    expect([FIELDS.has('text'), FIELDS.has('none')]).toEqual([true, false]);
    expect(FIELDS.bytes('bytes')).toEqual(Uint8Array.of(1, 2));
    expect(FIELDS.bytes('bytes', 2)).toEqual(Uint8Array.of(1, 2));
    expect([FIELDS.flag('flag'), FIELDS.flag('none')]).toEqual([true, false]);
    expect(FIELDS.list('list', 2)).toEqual([1n, 2n]);
    expect([FIELDS.number('number'), FIELDS.number('number', 5), FIELDS.integer('number')]).toEqual([5, 5, 5n]);
    expect(FIELDS.text('text', (text) => text === 'abc')).toBe('abc');
  });

  const wrong: [what: string, read: (fields: Fields) => unknown][] = [
    ['missing bytes', (fields) => fields.bytes('none')],
    ['missing number', (fields) => fields.number('none')],
    ['missing text', (fields) => fields.text('none', any)],
    ['missing list', (fields) => fields.list('none', 9)],
    ['bytes of another length', (fields) => fields.bytes('bytes', 3)],
    ['a number for bytes', (fields) => fields.bytes('number')],
    ['bytes for a number', (fields) => fields.number('bytes')],
    ['bytes for an integer', (fields) => fields.integer('bytes')],
    ['a list for a text', (fields) => fields.text('list', any)],
    ['a text that is not printable', (fields) => fields.text('bytes', any)],
    ['a text that is not valid', (fields) => fields.text('text', () => false)],
    ['a text for a list', (fields) => fields.list('text', 9)],
    ['a list that is too long', (fields) => fields.list('list', 1)],
    ['a number that is too large', (fields) => fields.number('number', 4)],
    ['a flag that is not 1', (fields) => fields.flag('number')],
    ['a flag that is no number', (fields) => fields.flag('text')],
    ['a negative number', (fields) => fields.asNumber('x', -1n)],
    ['an empty text', (fields) => fields.asText('x', new Uint8Array(), any)],
  ];
  it.each(wrong)('STATEMENT_MALFORMED: %s', (_what, read) => {
    expect(() => read(FIELDS)).toThrow(failure('STATEMENT_MALFORMED'));
  });

  it.each([
    ['no dictionary', [1n]],
    ['keys out of order', map(['b', 1n], ['a', 1n])],
    ['keys out of order inside', map(['a', [map(['b', 1n], ['a', 1n])]])],
    ['keys out of order deeper inside', map(['a', map(['x', map(['2', 1n], ['10', 1n])])])],
  ] as [string, Bencoded][])('STATEMENT_MALFORMED: %s', (_what, value) => {
    expect(() => readFields(value)).toThrow(failure('STATEMENT_MALFORMED'));
  });

  it('orders keys by their bytes', () => {
    expect(readFields(map(['', 1n], ['!', 1n], ['A', 1n], ['a', 1n], ['aa', 1n], ['\xff', 1n])).keys).toHaveLength(6);
  });
});
