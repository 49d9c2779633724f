import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { decodeBencode, dictionary, encodeBencode, type Bencoded } from '../../../src/core/dht/bencode.ts';
import { hexdump } from '../../support/hexdump.ts';
import { latin1 } from '../../support/dht-samples.ts';

const GOLDEN = hexdump(`
  64                # dictionary
  313a61            # key "a"
  693432 65         # 42
  313a62            # key "b"
  6c                # list
  333a 00ff7a       # three bytes
  692d3165          # -1
  65                # end of the list
  313a63            # key "c"
  303a              # the empty string
  65                # end of the dictionary
`);

const anything: fc.Memo<Bencoded> = fc.memo((depth) =>
  depth <= 1
    ? fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n))
    : fc.oneof(
        anything(1),
        fc.array(anything(depth - 1), { maxLength: 4 }),
        fc
          .dictionary(fc.string({ unit: 'binary-ascii', maxLength: 5 }), anything(depth - 1), { maxKeys: 4 })
          .map(dictionary),
      ),
);

describe('bencode', () => {
  it('reads and writes the golden bytes', () => {
    const value = dictionary({
      c: new Uint8Array(),
      a: 42n,
      b: [Uint8Array.of(0, 0xff, 0x7a), -1n],
      absent: undefined,
    });
    expect(encodeBencode(value)).toEqual(GOLDEN);
    expect(decodeBencode(GOLDEN)).toEqual(value);
  });

  it.each([
    ['nothing', ''],
    ['bytes behind the value', 'i1ei2e'],
    ['a list without an end', 'l'],
    ['a dictionary without an end', 'd1:a'],
    ['a dictionary key that is a number', 'di1ei1ee'],
    ['a dictionary key without a value', 'd1:ae'],
    ['a key twice', 'd1:ai1e1:ai2ee'],
    ['an integer without digits', 'ie'],
    ['an integer without an end', 'i12'],
    ['minus zero', 'i-0e'],
    ['a leading zero', 'i01e'],
    ['a plus sign', 'i+1e'],
    ['a fraction', 'i1.5e'],
    ['an integer above 64 bits', 'i9223372036854775808e'],
    ['an integer below 64 bits', 'i-9223372036854775809e'],
    ['an integer of many digits', `i${'9'.repeat(1000)}e`],
    ['a string longer than the rest', '5:abcd'],
    ['a length with a leading zero', '01:a'],
    ['a length without a colon', '1a'],
    ['a length of many digits', '000000001:a'],
    ['a letter', 'x'],
    ['nine lists in each other', `${'l'.repeat(9)}i1e${'e'.repeat(9)}`],
    ['thirty thousand lists in each other', 'l'.repeat(30_000)],
  ])('rejects %s', (_, text) => {
    expect(() => decodeBencode(latin1(text))).toThrow(expect.objectContaining({ code: 'DHT_MESSAGE_MALFORMED' }));
  });

  it('accepts eight lists in each other', () => {
    expect(() => decodeBencode(latin1(`${'l'.repeat(8)}i1e${'e'.repeat(8)}`))).not.toThrow();
  });

  it('accepts keys out of order and writes them back as they came', () => {
    const bytes = latin1('d1:bi1e1:ai2e9:__proto__i3ee');
    const value = decodeBencode(bytes);
    expect([...(value as ReadonlyMap<string, Bencoded>).keys()]).toEqual(['b', 'a', '__proto__']);
    expect(encodeBencode(value)).toEqual(bytes);
  });

  it('carries the limits of 64-bit integers', () => {
    for (const text of ['i9223372036854775807e', 'i-9223372036854775808e']) {
      expect(encodeBencode(decodeBencode(latin1(text)))).toEqual(latin1(text));
    }
  });

  it('reads back every value it writes', () => {
    fc.assert(
      fc.property(anything(4), (value) => {
        expect(decodeBencode(encodeBencode(value))).toEqual(value);
      }),
    );
  });

  it('is canonical: what it accepts, it writes back byte for byte, and it throws nothing of its own', () => {
    let accepted = 0;
    const changed = fc.tuple(anything(4), fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
      const bytes = encodeBencode(value);
      return bytes.with(at % bytes.length, byte);
    });
    fc.assert(
      fc.property(changed, (bytes) => {
        try {
          expect(encodeBencode(decodeBencode(bytes))).toEqual(bytes);
          accepted++;
        } catch (error) {
          if (!isPeerpatchError(error, 'DHT_MESSAGE_MALFORMED')) throw error;
        }
      }),
      { numRuns: 500 },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});
