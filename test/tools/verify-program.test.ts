import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/base/errors.ts';
import { ownerKeyFromSeed } from '../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../src/core/keys/public-key.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { sampleProgram, signSample } from '../../src/testing/sample-program.ts';
import { verifyProgram } from '../../src/tools/verify-program.ts';
import { failure, filler, insert, OWNER } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const PUBLIC_KEY = formatPublicKey(OWNER.publicKey);
const OTHER_KEY = formatPublicKey(ownerKeyFromSeed(new Uint8Array(32).fill(2)).publicKey);
const UNSIGNED = sampleProgram({ version: '1.4.0' });
const { file: SIGNED, release, regionOffset } = signSample(UNSIGNED, OWNER);
const flipped = (offset: number): Uint8Array => SIGNED.with(offset, (SIGNED[offset] ?? 0) ^ 1);
const without = concatBytes(SIGNED.slice(0, regionOffset), SIGNED.slice(regionOffset + 176));
const region = SIGNED.slice(regionOffset, regionOffset + 176);

const refused: [name: string, bytes: Uint8Array, code: ErrorCode][] = [
  ['the first byte changed', flipped(0), 'RELEASE_MISMATCH'],
  ['the last byte changed', flipped(SIGNED.length - 1), 'RELEASE_MISMATCH'],
  ['a byte in front of the region changed', flipped(regionOffset - 100), 'RELEASE_MISMATCH'],
  ['one byte more', concatBytes(SIGNED, Uint8Array.of(0)), 'RELEASE_MISMATCH'],
  ['one byte less', SIGNED.slice(0, -1), 'RELEASE_MISMATCH'],
  ['the hash in the region changed', flipped(regionOffset + 28), 'RELEASE_BAD_SIGNATURE'],
  ['the size in the region changed', flipped(regionOffset + 60), 'RELEASE_BAD_SIGNATURE'],
  ['the signature changed', flipped(regionOffset + 68), 'RELEASE_BAD_SIGNATURE'],
  ['the version changed', flipped(regionOffset + 132), 'RELEASE_BAD_SIGNATURE'],
  ['junk behind the version', flipped(regionOffset + 147), 'STAMP_MALFORMED'],
  ['the first bound changed', flipped(regionOffset), 'STAMP_MALFORMED'],
  ['the second bound changed', flipped(regionOffset + 175), 'STAMP_MALFORMED'],
  ['the region at the end', concatBytes(without, region), 'STAMP_MALFORMED'],
  ['the region at the start', concatBytes(region, without), 'STAMP_MALFORMED'],
  ['the region inside its anchor', insert(without, region, regionOffset - 10), 'STAMP_MALFORMED'],
  ['not signed yet', UNSIGNED, 'RELEASE_UNSIGNED'],
  ['no region', filler(500), 'STAMP_MISSING'],
];

describe('verifyProgram', () => {
  const folder = useTempFolder();

  it("says what the owner's program is", async () => {
    writeFileSync(folder.join('app'), SIGNED);
    expect(await verifyProgram({ program: folder.join('app'), publicKey: ` ${PUBLIC_KEY}\n` })).toEqual({
      path: folder.join('app'),
      version: '1.4.0',
      release,
    });
  });

  it.each(refused)('refuses: %s', async (_name, bytes, code) => {
    writeFileSync(folder.join('app'), bytes);
    await expect(verifyProgram({ program: folder.join('app'), publicKey: PUBLIC_KEY })).rejects.toEqual(failure(code));
  });

  it('refuses the program of another owner', async () => {
    writeFileSync(folder.join('app'), SIGNED);
    const verifying = verifyProgram({ program: folder.join('app'), publicKey: OTHER_KEY });
    await expect(verifying).rejects.toEqual(failure('RELEASE_BAD_SIGNATURE'));
  });

  it('KEY_MALFORMED: before the program is even opened', async () => {
    const verifying = verifyProgram({ program: folder.join('missing'), publicKey: 'not a key' });
    await expect(verifying).rejects.toEqual(failure('KEY_MALFORMED'));
  });

  it('CANCELLED: stops reading', async () => {
    writeFileSync(folder.join('app'), SIGNED);
    const signal = AbortSignal.abort();
    const verifying = verifyProgram({ program: folder.join('app'), publicKey: PUBLIC_KEY, signal });
    await expect(verifying).rejects.toEqual(failure('CANCELLED'));
  });
});
