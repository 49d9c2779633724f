import { describe, expect, it } from 'vitest';
import { measureProgram, readRelease } from '../../src/agent/read-release.ts';
import type { ErrorCode } from '../../src/core/base/errors.ts';
import { ownerKeyFromSeed } from '../../src/core/keys/owner-key.ts';
import { REGION_BYTES } from '../../src/core/stamp/region.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { encodeReleaseBlock } from '../../src/core/stamp/block.ts';
import { signStatement, type Statement } from '../../src/core/statement/statement.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../src/testing/sample-program.ts';
import { failure, filler, insert, OWNER } from '../support/stamp-samples.ts';

const UNSIGNED = sampleProgram({ version: '1.2.3', sizeBytes: 200_000 });
const { file, release, regionOffset } = signSample(UNSIGNED, OWNER);
const STRANGER = ownerKeyFromSeed(new Uint8Array(32).fill(5));

const read = async (bytes: Uint8Array, owner = OWNER) =>
  readRelease(await new MemoryProgram(bytes, { pieceBytes: 10_000 }).open(), owner.publicKey);
/** The same with another byte at `offset`. */
const changed = (offset: number, byte = (file[offset] ?? 0) ^ 0x41): Uint8Array => file.with(offset, byte);

describe('reading a release from a program', () => {
  it('gives what the owner signed, and what was measured', async () => {
    const { release: found, measured } = await read(file);
    expect(found).toEqual(release);
    expect(measured).toMatchObject({ regionOffset, bound: 'anchor', fileBytes: 200_000, sizeBytes: 200_000 - 176 });
  });

  const moved = insert(
    Buffer.concat([file.subarray(0, regionOffset), file.subarray(regionOffset + REGION_BYTES)]),
    file.subarray(regionOffset, regionOffset + REGION_BYTES),
    regionOffset - 1,
  );
  const refused: [name: string, bytes: Uint8Array, code: ErrorCode][] = [
    ['a program without region', filler(10_000), 'STAMP_MISSING'],
    ['an empty file', new Uint8Array(), 'STAMP_MISSING'],
    ['cut off inside the region', file.subarray(0, regionOffset + 100), 'STAMP_MALFORMED'],
    ['the region moved by one byte', moved, 'STAMP_MALFORMED'],
    ['two regions', insert(file, file.subarray(regionOffset, regionOffset + 176), 10), 'STAMP_MALFORMED'],
    ['not signed', UNSIGNED, 'RELEASE_UNSIGNED'],
    ['a version that is none', changed(regionOffset + 132), 'VERSION_MALFORMED'],
    ['another version in the region', changed(regionOffset + 132, 0x39), 'RELEASE_BAD_SIGNATURE'],
    ['another hash in the region', changed(regionOffset + 30), 'RELEASE_BAD_SIGNATURE'],
    ['another size in the region', changed(regionOffset + 61), 'RELEASE_BAD_SIGNATURE'],
    ['another signature in the region', changed(regionOffset + 70), 'RELEASE_BAD_SIGNATURE'],
    ['a changed byte in front of the region', changed(5), 'RELEASE_MISMATCH'],
    ['a changed byte at the end', changed(199_999), 'RELEASE_MISMATCH'],
    ['a byte more', Buffer.concat([file, Buffer.of(0)]), 'RELEASE_MISMATCH'],
    ['a byte less', file.subarray(0, -1), 'RELEASE_MISMATCH'],
  ];
  it.each(refused)('rejects: %s', async (_name, bytes, code) => {
    await expect(read(bytes)).rejects.toEqual(failure(code));
  });

  it("rejects: another owner's", async () => {
    await expect(read(file, STRANGER)).rejects.toEqual(failure('RELEASE_BAD_SIGNATURE'));
    expect((await read(signSample(UNSIGNED, STRANGER).file, STRANGER)).release.version.minor).toBe(2);
  });
});

describe('reading a statement from a program', () => {
  const stated = signSampleStatement(UNSIGNED, OWNER, { version: '1.2.3-rc.1' });
  /** Another statement of the owner in the same program, the region signed for it. */
  const withStatement = (fields: Partial<Statement>): Uint8Array => {
    const bytes = stated.file.slice();
    const { item } = signStatement(OWNER, { ...stated.statement, ...fields }, 1n);
    bytes.set(encodeReleaseBlock(item), stated.statement.stampOffset);
    return signSample(bytes, OWNER).file;
  };

  it('gives it, verified; none for a program without one', async () => {
    expect((await read(stated.file)).statement).toEqual(stated.statement);
    expect((await read(file)).statement).toBeUndefined();
  });

  it.each([
    ['another version than the region', { version: '1.2.4' }],
    ['another offset', { stampOffset: stated.statement.stampOffset + 1 }],
    ['another size', { sizeBytes: 200_001 }],
  ])('rejects: %s', async (_name, fields) => {
    await expect(read(withStatement(fields))).rejects.toEqual(failure('RELEASE_MISMATCH'));
  });

  it('believes the root: the hash in the region covers the same bytes', async () => {
    const root = new Uint8Array(32);
    expect((await read(withStatement({ root }))).statement?.root).toEqual(root);
  });
});

describe('measuring a program', () => {
  it('tells its progress, up to the whole file', async () => {
    const seen: [number, number][] = [];
    const program = await new MemoryProgram(file, { pieceBytes: 60_000 }).open();
    await measureProgram(program, { onProgress: (done, total) => seen.push([done, total]) });
    expect(seen).toEqual([60_000, 120_000, 180_000, 200_000].map((done) => [done, 200_000]));
  });

  it('stops between two pieces when it is told to', async () => {
    const stop = new AbortController();
    const done: number[] = [];
    const program = await new MemoryProgram(file, { pieceBytes: 10_000 }).open();
    const measuring = measureProgram(program, {
      signal: stop.signal,
      onProgress: (bytes) => {
        done.push(bytes);
        if (bytes === 30_000) stop.abort();
      },
    });
    await expect(measuring).rejects.toEqual(failure('CANCELLED'));
    expect(done.at(-1)).toBe(30_000);
  });
});
