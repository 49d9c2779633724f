import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { decodeHints, encodeHints, NO_HINTS, usableHints, type AddressHints } from '../../../src/core/record/hints.ts';

const GOLDEN = fromHex(
  [
    '01', // version
    '02', // two addresses
    '04', // IPv4
    'c0000201', // 192.0.2.1
    '1f90', // port 8080
    '06', // IPv6
    '20010db8000000000000000000000001', // 2001:db8::1
    '01bb', // port 443
    '14', // 20 characters of URL
    '68747470733a2f2f72656c61792e746573742e2f', // https://relay.test./
  ].join(''),
);
const HINTS: AddressHints = { addresses: ['192.0.2.1:8080', '[2001:db8::1]:443'], relayUrl: 'https://relay.test./' };

describe('encodeHints and decodeHints', () => {
  it('write and read the golden bytes', () => {
    expect(toHex(encodeHints(HINTS))).toBe(toHex(GOLDEN));
    expect(decodeHints(GOLDEN)).toEqual(HINTS);
  });

  it('write no hints as no bytes, and read no bytes as no hints', () => {
    expect(encodeHints(NO_HINTS)).toEqual(new Uint8Array());
    expect(decodeHints(new Uint8Array())).toEqual(NO_HINTS);
  });

  it('write and read a relay alone', () => {
    const hints = { addresses: [], relayUrl: 'http://127.0.0.1:3340' };
    expect(decodeHints(encodeHints(hints))).toEqual(hints);
  });

  const malformed: [name: string, hex: string][] = [
    ['a version alone', '01'],
    ['version 0', '00010401020304050600'],
    ['version 2', '02010401020304050600'],
    ['no hints in three bytes', '010000'],
    ['five addresses', `0105${'04010203040506'.repeat(5)}00`],
    ['family 5', '01010501020304050600'],
    ['an IPv4 address cut off', '0101040102030405'.slice(0, -2)],
    ['an IPv6 address cut off', `010106${'20'.repeat(16)}01`],
    ['no length of the url', '010104010203040506'],
    ['a url one byte short', '0100056874747001'.slice(0, -2)],
    ['a zero behind the url', `${toHex(GOLDEN)}00`],
    ['a letter behind the url', `${toHex(GOLDEN)}78`],
    ['a url that is not http', `010007${toHex(Buffer.from('ftp://x'))}`],
    ['a url with a space', `01000d${toHex(Buffer.from('http://a.b/ c'))}`],
    ['a url with a byte above 127', `01000c${toHex(Buffer.from('http://a.b/'))}ff`],
    ['a url without a host', `010007${toHex(Buffer.from('http://'))}`],
    ['a url of 129 characters', `010081${toHex(Buffer.from(`http://${'a'.repeat(122)}`))}`],
  ];
  it.each(malformed)('reject: %s', (_name, hex) => {
    expect(() => decodeHints(fromHex(hex))).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }));
  });

  it('accept a url of 128 characters', () => {
    const hints = { addresses: [], relayUrl: `http://${'a'.repeat(60)}.${'b'.repeat(60)}` };
    expect(decodeHints(encodeHints(hints))).toEqual(hints);
  });

  it('are canonical: what is accepted is written back byte for byte', () => {
    const ip = fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }));
    const address = fc
      .tuple(ip, fc.nat(255), fc.nat(255))
      .map(([bytes, a, b]) => [bytes.length === 4 ? 4 : 6, ...bytes, a, b]);
    const url = fc.constantFrom('', 'https://relay.test', 'x');
    let accepted = 0;
    fc.assert(
      fc.property(fc.array(address, { maxLength: 5 }), url, fc.nat(1), (addresses, text, extra) => {
        const bytes = Uint8Array.from([
          1,
          addresses.length,
          ...addresses.flat(),
          text.length + extra,
          ...Buffer.from(text),
        ]);
        try {
          expect(encodeHints(decodeHints(bytes))).toEqual(bytes);
          accepted++;
        } catch (error) {
          if (!isPeerpatchError(error, 'RECORD_MALFORMED')) throw error;
        }
      }),
    );
    expect(accepted).toBeGreaterThan(5);
  });

  it.each<[string, AddressHints]>([
    ['a name', { addresses: ['localhost:1'] }],
    ['five addresses', { addresses: Array<string>(5).fill('192.0.2.1:1') }],
    ['an ftp url', { addresses: [], relayUrl: 'ftp://x' }],
  ])('do not write: %s', (_name, hints) => {
    expect(() => encodeHints(hints)).toThrow(RangeError);
  });
});

describe('usableHints', () => {
  const dropped = [
    '192.0.2.1:0',
    '0.0.0.0:1',
    '224.0.0.1:1',
    '255.255.255.255:1',
    '[::]:1',
    '[ff02::1]:1',
    '[::ffff:192.0.2.1]:1',
    '[2001:db8::1]:0',
    '192.0.2.1:65536',
    '192.0.2.1',
    '192.0.2.01:1',
    '192.0.2.1:01',
    '[192.0.2.1]:1',
    '2001:db8::1:1',
    '[fe80::1%eth0]:1',
    'localhost:1',
    '',
  ];
  it.each(dropped)('drops %j', (address) => {
    expect(usableHints({ addresses: [address, '192.0.2.7:7'] })).toEqual({ addresses: ['192.0.2.7:7'] });
  });

  it.each(['127.0.0.1:1', '10.0.0.1:65535', '[::1]:9', '[fe80::1]:9'])('keeps %j', (address) => {
    expect(usableHints({ addresses: [address] })).toEqual({ addresses: [address] });
  });

  it('keeps the first four, each once, in one spelling', () => {
    const addresses = [
      '192.0.2.1:1',
      '192.0.2.1:1',
      '[2001:DB8:0::1]:2',
      '[2001:db8::1]:2',
      '192.0.2.2:1',
      '192.0.2.3:1',
      '192.0.2.4:1',
    ];
    expect(usableHints({ addresses }).addresses).toEqual([
      '192.0.2.1:1',
      '[2001:db8::1]:2',
      '192.0.2.2:1',
      '192.0.2.3:1',
    ]);
  });

  it.each(['ftp://x', 'https://', 'relay.test', `https://${'a'.repeat(121)}`, 'https://relay.test/ü'])(
    'drops the relay %j',
    (relayUrl) => {
      expect(usableHints({ addresses: [], relayUrl })).toEqual(NO_HINTS);
    },
  );

  it('leaves only what can be encoded', () => {
    const text = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.webUrl()).map((part) => `[${part}]:1`);
    fc.assert(
      fc.property(fc.array(text), fc.oneof(fc.webUrl(), fc.string()), (addresses, relayUrl) => {
        const hints = usableHints({ addresses, relayUrl });
        expect(decodeHints(encodeHints(hints))).toEqual(hints);
      }),
    );
  });
});
