import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { montgomeryPoint, x25519FromEd25519Seed, x25519KeyPair } from '../../../src/core/crypto/x25519.ts';

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('x25519KeyPair', () => {
  it.each([
    [
      '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
      '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
    ],
    [
      '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
      'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
    ],
  ])('has the public key of RFC 7748 section 6.1 for %s', (privateKey, publicKey) => {
    expect(toHex(x25519KeyPair(fromHex(privateKey)).publicKey)).toBe(publicKey);
  });

  it('gives the same public key for a private key that is clamped already', () => {
    fc.assert(
      fc.property(keys, (privateKey) => {
        const clamped = privateKey.slice();
        clamped[0] = (clamped[0] ?? 0) & 248;
        clamped[31] = ((clamped[31] ?? 0) & 127) | 64;
        expect(x25519KeyPair(clamped).publicKey).toEqual(x25519KeyPair(privateKey).publicKey);
      }),
      { numRuns: 20 },
    );
  });

  it.each([0, 31, 33])('refuses a private key of %i bytes', (length) => {
    expect(() => x25519KeyPair(new Uint8Array(length))).toThrow(RangeError);
  });
});

describe('montgomeryPoint', () => {
  it('maps the base point of Ed25519 to that of X25519', () => {
    const base = fromHex('5866666666666666666666666666666666666666666666666666666666666666');
    expect(toHex(montgomeryPoint(base))).toBe(`09${'00'.repeat(31)}`);
  });

  it('ignores the sign of x', () => {
    const base = fromHex('58666666666666666666666666666666666666666666666666666666666666e6');
    expect(toHex(montgomeryPoint(base))).toBe(`09${'00'.repeat(31)}`);
  });

  it('agrees with the engine: the mapped public key is the public key of the mapped private key', () => {
    fc.assert(
      fc.property(keys, (seed) => {
        const pair = x25519FromEd25519Seed(seed);
        expect(pair.publicKey).toEqual(x25519KeyPair(pair.privateKey).publicKey);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['the neutral point', `01${'00'.repeat(31)}`],
    ['31 bytes', '58'.repeat(31)],
    ['33 bytes', '58'.repeat(33)],
  ])('refuses %s', (_name, point) => {
    expect(() => montgomeryPoint(fromHex(point))).toThrow(RangeError);
  });
});
