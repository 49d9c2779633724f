import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/base/errors.ts';
import { ownerKeyFromSeed } from '../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../src/core/keys/public-key.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { encodeReleaseBlock } from '../../src/core/stamp/block.ts';
import { signStatement, type Statement } from '../../src/core/statement/statement.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../src/testing/sample-program.ts';
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

const STATED = signSampleStatement(UNSIGNED, OWNER, { version: '1.4.0-rc.1' });
/** The statement's block changed, and the region signed again by the owner: only the statement itself is wrong. */
const withBlock = (block: Uint8Array): Uint8Array => {
  const file = STATED.file.slice();
  file.set(block, STATED.statement.stampOffset);
  return signSample(file, OWNER).file;
};
const { item } = STATED.statement;
const stranger = ownerKeyFromSeed(new Uint8Array(32).fill(3));
const signedOf = (fields: Partial<Statement>, key = OWNER): Uint8Array =>
  withBlock(encodeReleaseBlock(signStatement(key, { ...STATED.statement, ...fields }, 1n).item));

const refusedStated: [name: string, bytes: Uint8Array, code: ErrorCode][] = [
  ['a byte of the block changed', STATED.file.with(STATED.statement.stampOffset + 100, 0), 'RELEASE_MISMATCH'],
  ['padding that is not zero', withBlock(encodeReleaseBlock(item).with(1103, 1)), 'STAMP_MALFORMED'],
  ['another sequence number', withBlock(encodeReleaseBlock({ ...item, seq: 2n })), 'STATEMENT_BAD_SIGNATURE'],
  ['no dictionary', withBlock(encodeReleaseBlock({ ...item, value: Uint8Array.of(0x64) })), 'STATEMENT_MALFORMED'],
  ["another owner's statement", signedOf({}, stranger), 'STATEMENT_BAD_SIGNATURE'],
  ['another version', signedOf({ version: '1.4.1' }), 'RELEASE_MISMATCH'],
  ['another offset', signedOf({ stampOffset: STATED.statement.stampOffset - 1 }), 'RELEASE_MISMATCH'],
  ['another size', signedOf({ sizeBytes: STATED.statement.sizeBytes + 1 }), 'RELEASE_MISMATCH'],
  ['another root', signedOf({ root: new Uint8Array(32) }), 'RELEASE_MISMATCH'],
];

describe('verifyProgram', () => {
  const folder = useTempFolder();

  it("says what the owner's program is", async () => {
    writeFileSync(folder.join('app'), SIGNED);
    expect(await verifyProgram({ program: folder.join('app'), publicKey: ` ${PUBLIC_KEY}\n` })).toEqual({
      path: folder.join('app'),
      version: '1.4.0',
      release,
      statement: undefined,
    });
  });

  it('says what its statement says, a pre-release too', async () => {
    writeFileSync(folder.join('app'), STATED.file);
    expect(await verifyProgram({ program: folder.join('app'), publicKey: PUBLIC_KEY })).toEqual({
      path: folder.join('app'),
      version: '1.4.0-rc.1',
      release: STATED.release,
      statement: STATED.statement,
    });
  });

  it.each(refusedStated)('refuses, with a statement: %s', async (_name, bytes, code) => {
    writeFileSync(folder.join('app'), bytes);
    await expect(verifyProgram({ program: folder.join('app'), publicKey: PUBLIC_KEY })).rejects.toEqual(failure(code));
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
