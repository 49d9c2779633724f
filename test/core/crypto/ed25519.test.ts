import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { ed25519Signer, isStrictPoint, isStrictPublicKey, verifyStrict } from '../../../src/core/crypto/ed25519.ts';

interface SpeccheckCase {
  readonly message: string;
  readonly publicKey: string;
  readonly signature: string;
}
const speccheck = JSON.parse(
  readFileSync(new URL('../../vectors/ed25519-speccheck.json', import.meta.url), 'utf8'),
) as readonly SpeccheckCase[];

// RFC 8032, 7.1, test 3.
const SEED = 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7';
const PUBLIC_KEY = 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025';
const MESSAGE = fromHex('af82');
const SIGNATURE =
  '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a';

const GROUP_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;
const FIELD_PRIME = (1n << 255n) - 19n;

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

/** y coordinates of the points of small order; each with either sign of x. */
const SMALL_ORDER_Y = [
  0n,
  1n,
  FIELD_PRIME - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
];

describe('Ed25519', () => {
  it('signs and verifies as RFC 8032', () => {
    const signer = ed25519Signer(fromHex(SEED));
    expect(toHex(signer.publicKey)).toBe(PUBLIC_KEY);
    expect(toHex(signer.sign(MESSAGE))).toBe(SIGNATURE);
    expect(verifyStrict(fromHex(PUBLIC_KEY), MESSAGE, fromHex(SIGNATURE))).toBe(true);
  });

  it.each([0, 31, 33])('makes no signer from %d bytes', (length) => {
    expect(() => ed25519Signer(new Uint8Array(length))).toThrow(RangeError);
  });

  it('rejects another message, key or signature', () => {
    const [key, signature] = [fromHex(PUBLIC_KEY), fromHex(SIGNATURE)];
    expect(verifyStrict(key, fromHex('af83'), signature)).toBe(false);
    expect(verifyStrict(ed25519Signer(new Uint8Array(32)).publicKey, MESSAGE, signature)).toBe(false);
    for (const index of [0, 31, 32, 63]) {
      expect(verifyStrict(key, MESSAGE, signature.with(index, (signature[index] ?? 0) ^ 1))).toBe(false);
    }
  });

  it.each([0, 63, 65])('rejects a signature of %d bytes', (length) => {
    expect(verifyStrict(fromHex(PUBLIC_KEY), MESSAGE, new Uint8Array(length).fill(7))).toBe(false);
  });

  it('rejects S + L, which satisfies the same equation', () => {
    const signature = fromHex(SIGNATURE);
    const s = signature.slice(32).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    const doubled = concatBytes(signature.slice(0, 32), littleEndian(s + GROUP_ORDER));
    expect(verifyStrict(fromHex(PUBLIC_KEY), MESSAGE, doubled)).toBe(false);
  });

  it('decides the cases on which verifiers disagree as verify_strict does: all ten', () => {
    const verdicts = speccheck.map(({ message, publicKey, signature }) =>
      verifyStrict(fromHex(publicKey), fromHex(message), fromHex(signature)),
    );
    // Case 3 has parts of small order in otherwise proper points, which the cofactorless equation allows.
    expect(verdicts).toEqual([false, false, false, true, false, false, false, false, false, false]);
    expect(verdicts).toHaveLength(10);
  });

  it('never throws for a key or R that is no point of the curve', () => {
    let offCurve = 0;
    for (let y = 2n; y < 40n; y++) {
      const point = littleEndian(y);
      if (isStrictPublicKey(point)) continue;
      offCurve++;
      expect(verifyStrict(point, MESSAGE, fromHex(SIGNATURE))).toBe(false);
      expect(verifyStrict(fromHex(PUBLIC_KEY), MESSAGE, concatBytes(point, fromHex(SIGNATURE).slice(32)))).toBe(false);
    }
    expect(offCurve).toBeGreaterThan(10);
  });
});

describe('a strict point', () => {
  it('is none of small order, with either sign', () => {
    for (const y of SMALL_ORDER_Y) {
      for (const sign of [0n, 1n << 255n]) expect(isStrictPoint(littleEndian(y | sign))).toBe(false);
    }
  });

  it('is none written with a y of the field prime or more', () => {
    for (let y = FIELD_PRIME; y < 1n << 255n; y++) expect(isStrictPoint(littleEndian(y))).toBe(false);
  });

  it('has 32 bytes', () => {
    expect(isStrictPoint(fromHex(PUBLIC_KEY))).toBe(true);
    expect(isStrictPoint(fromHex(PUBLIC_KEY).slice(1))).toBe(false);
    expect(isStrictPoint(new Uint8Array(33).fill(9))).toBe(false);
  });

  it('need not be on the curve, a strict public key has to be', () => {
    const onCurve = Array.from({ length: 50 }, (_, seed) => ed25519Signer(new Uint8Array(32).fill(seed)).publicKey);
    expect(onCurve.every(isStrictPublicKey)).toBe(true);
    const offCurve = littleEndian(2n);
    expect(isStrictPoint(offCurve)).toBe(true);
    expect(isStrictPublicKey(offCurve)).toBe(false);
  });
});
