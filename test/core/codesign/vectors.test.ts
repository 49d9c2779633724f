import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { createCanonicalizer } from '../../../src/core/codesign/image.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { machOProgram, signedAdHoc, watched } from '../../support/macho-samples.ts';

interface Case {
  readonly name: string;
  readonly arch: 'arm64' | 'x64';
  readonly linkEditBytes: number;
  readonly identifier: string;
  readonly codeBytes: number;
  readonly commands: string;
  readonly signature: string;
  readonly unsignedSha256: string;
  readonly signedSha256: string;
  readonly imageSha256: string;
}

const { cases } = JSON.parse(readFileSync(new URL('../../vectors/code-signature.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};
/** No stamp falls into these programs: far behind their ends. */
const NO_STAMP = 2 ** 31;
let checked = 0;

describe('code signatures made elsewhere', () => {
  it.each(cases)('$name: the same program, load commands, signature and image', (vector) => {
    const { arch, linkEditBytes, identifier, codeBytes } = vector;
    const unsigned = machOProgram({ arch, linkEditBytes, seed: Number(vector.name.slice('code'.length)) });
    expect(toHex(sha256(unsigned))).toBe(vector.unsignedSha256);
    const signed = signedAdHoc(unsigned, identifier);
    expect(toHex(signed.subarray(0, 288))).toBe(vector.commands);
    expect(toHex(signed.subarray(codeBytes))).toBe(vector.signature);
    expect(toHex(sha256(signed))).toBe(vector.signedSha256);
    expect(watched(signed)).toMatchObject({ offset: codeBytes, identifier, wrongPages: [] });
    expect(toHex(sha256(createCanonicalizer(NO_STAMP).update(signed)))).toBe(vector.imageSha256);
    checked += 1;
  });

  it('are seven', () => {
    expect(checked).toBe(7);
  });
});
