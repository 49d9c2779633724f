import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { verifyStrict } from '../../../src/core/crypto/ed25519.ts';
import { formatOwnerSeed, ownerKeyFromSeed, parseOwnerKey } from '../../../src/core/keys/owner-key.ts';
import { failure, V0 } from '../../support/stamp-samples.ts';

describe('owner key', () => {
  it('is read from the worked example and makes its public key', () => {
    expect(toHex(parseOwnerKey(V0.owner.keyFile).publicKey)).toBe(V0.owner.publicKey);
    expect(toHex(ownerKeyFromSeed(fromHex(V0.owner.seed)).publicKey)).toBe(V0.owner.publicKey);
  });

  it('is written as the 52 characters of its seed, without a newline', () => {
    expect(formatOwnerSeed(fromHex(V0.owner.seed))).toBe(V0.owner.keyFile);
  });

  it('is read with a newline behind it: editors add one', () => {
    expect(toHex(parseOwnerKey(`${V0.owner.keyFile}\n`).publicKey)).toBe(V0.owner.publicKey);
  });

  it('signs for its public key', () => {
    const key = parseOwnerKey(V0.owner.keyFile);
    const message = asciiBytes('release');
    expect(verifyStrict(key.publicKey, message, key.sign(message))).toBe(true);
  });

  it.each(['', V0.owner.keyFile.slice(1), `${V0.owner.keyFile}y`, 'l'.repeat(52), V0.owner.seed])(
    'rejects %j',
    (text) => {
      expect(() => parseOwnerKey(text)).toThrow(failure('KEY_MALFORMED'));
    },
  );

  it('does not show its seed', () => {
    const key = parseOwnerKey(V0.owner.keyFile);
    expect(JSON.stringify(key)).not.toContain(V0.owner.seed);
    expect(Object.keys(key).sort()).toEqual(['publicKey', 'sign']);
  });
});
