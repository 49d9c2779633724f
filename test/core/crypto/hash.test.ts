import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { createSha256, createSha512, sha1, sha256, sha512, sha512Half } from '../../../src/core/crypto/hash.ts';

// FIPS 180-4 examples for "abc".
const ABC_512 =
  'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f';
const ABC_256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const ABC_1 = 'a9993e364706816aba3e25717850c26c9cd0d89d';

describe('hashes', () => {
  it('are those of FIPS 180-4', () => {
    expect(toHex(sha512(asciiBytes('abc')))).toBe(ABC_512);
    expect(toHex(sha256(asciiBytes('abc')))).toBe(ABC_256);
    expect(toHex(sha1(asciiBytes('abc')))).toBe(ABC_1);
  });

  it('are of the joined parts', () => {
    expect(toHex(sha512(asciiBytes('a'), asciiBytes(''), asciiBytes('bc')))).toBe(ABC_512);
    expect(toHex(sha256(asciiBytes('ab'), asciiBytes('c')))).toBe(ABC_256);
    expect(toHex(sha1(asciiBytes('ab'), asciiBytes('c')))).toBe(ABC_1);
  });

  it('are cut to half, which is not SHA-512/256', () => {
    expect(toHex(sha512Half(asciiBytes('abc')))).toBe(ABC_512.slice(0, 64));
  });

  it('are the same when fed piece by piece', () => {
    const piecewise = (hash: ReturnType<typeof createSha512>): string => {
      for (const piece of ['a', '', 'b', 'c']) hash.update(asciiBytes(piece));
      return toHex(hash.digest());
    };
    expect(piecewise(createSha512())).toBe(ABC_512);
    expect(piecewise(createSha256())).toBe(ABC_256);
  });
});
