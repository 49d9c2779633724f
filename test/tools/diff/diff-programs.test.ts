import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { sampleProgram, signSampleStatement } from '../../../src/testing/sample-program.ts';
import { diffPrograms, type DiffProgramsOptions, type ProgramDiff } from '../../../src/tools/diff/diff-programs.ts';
import { OWNER } from '../../support/stamp-samples.ts';
import { stream } from '../../support/manifest-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const OLD = stream('diff', 1_000_000);
/** Bytes of a question and its answer beside what the answer holds. */
const QUESTION = 33 + 5;

describe('diffPrograms', () => {
  const folder = useTempFolder();
  // Temporary files go there too, so that one list shows all that is left.
  beforeEach(() => {
    for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, folder.path); // Windows has the others
  });
  afterEach(() => vi.unstubAllEnvs());
  const diff = (
    older: Uint8Array,
    newer: Uint8Array,
    options: Partial<DiffProgramsOptions> = {},
  ): Promise<ProgramDiff> => {
    writeFileSync(folder.join('old'), older);
    writeFileSync(folder.join('new'), newer);
    return diffPrograms({ oldPath: folder.join('old'), newPath: folder.join('new'), ...options });
  };

  it('says that nothing is to be fetched between files that are the same', async () => {
    const found = await diff(OLD, OLD);
    expect(found).toMatchObject({ plan: 'none', bytes: 0, delta: undefined, releaseBytes: 0 });
    expect(found.chunks).toMatchObject({ missing: 0, missingBytes: 0, pages: 0, bytes: 0, reusedBytes: OLD.length });
  });

  it('counts new chunks as they cross the wire, with the one new page', async () => {
    // Random bytes do not shrink: an object is its bytes and the one in front.
    const found = await diff(OLD, OLD.with(500_000, 1), { delta: false });
    expect(found.plan).toBe('chunks');
    expect(found.bytes).toBe(found.chunks.bytes);
    const { missing, missingBytes, reused, reusedBytes, pages, bytes } = found.chunks;
    expect({ missing, pages }).toEqual({ missing: 1, pages: 1 });
    expect(missingBytes + reusedBytes).toBe(OLD.length);
    const page = 1 + 36 * (missing + reused);
    expect(bytes).toBe(QUESTION + 1 + missingBytes + QUESTION + 1 + page);
  });

  it('counts the whole file as all of its chunks and pages', async () => {
    const { whole, chunks } = await diff(OLD, OLD.with(500_000, 1), { delta: false });
    const count = chunks.missing + chunks.reused;
    expect(whole.bytes).toBe(OLD.length + count * (QUESTION + 1) + QUESTION + 1 + 1 + 36 * count);
  });

  it('counts chunks that stand twice once, and compressed', async () => {
    const { chunks, whole } = await diff(OLD, new Uint8Array(131_072 * 5), { delta: false });
    expect(chunks).toMatchObject({ missing: 1, missingBytes: 131_072, reused: 4 });
    expect(whole.bytes).toBeLessThan(400);
  });

  it('is whole when nothing is the same', async () => {
    const found = await diff(OLD, stream('other', 300_000), { delta: false });
    expect(found).toMatchObject({ plan: 'whole', oldSizeBytes: 1_000_000, newSizeBytes: 300_000 });
    expect(found.bytes).toBe(found.whole.bytes);
  });

  it('prefers a delta where that is cheaper, and counts its chunks and pages', async () => {
    const found = await diff(OLD, OLD.with(500_000, 1));
    expect(found.plan).toBe('delta');
    expect(found.bytes).toBe(found.delta?.bytes);
    expect(found.delta?.sizeBytes).toBeLessThan(200);
    // One chunk under one page.
    expect(found.bytes).toBe((found.delta?.sizeBytes ?? 0) + QUESTION + 1 + (QUESTION + 1 + 37));
    expect(folder.list()).toEqual(['new', 'old']);
  });

  it('counts a large delta in chunks of 128 KiB', async () => {
    const { delta } = await diff(OLD, stream('other', 600_000));
    const sizeBytes = delta?.sizeBytes ?? 0;
    expect(sizeBytes).toBeGreaterThan(600_000); // random bytes do not shrink
    expect(delta?.bytes).toBe(sizeBytes + 5 * (QUESTION + 1) + QUESTION + 1 + (1 + 5 * 36));
  });

  it.each([
    ['nothing before', new Uint8Array(), OLD],
    ['nothing now', OLD, new Uint8Array()],
    ['one byte', Uint8Array.of(1), Uint8Array.of(2)],
  ])('compares any files: %s', async (_name, older, newer) => {
    const found = await diff(older, newer);
    expect(found.newSizeBytes).toBe(newer.length);
    expect(found.bytes).toBeLessThanOrEqual(found.whole.bytes);
  });

  describe('of stamped programs', () => {
    const program = sampleProgram({ version: '1.0.0', sizeBytes: 200_000 });
    const { file: signed, statement } = signSampleStatement(program, OWNER, { seq: 5n });
    const release = QUESTION + encodeSignedItem(statement.item).length + QUESTION + 1280;

    it('compares canonical images: signing alone changes no chunk, statement and stamp are to be fetched', async () => {
      const found = await diff(program, signed, { delta: false });
      expect(found).toMatchObject({ plan: 'chunks', bytes: release, releaseBytes: release });
      expect(found.chunks).toMatchObject({ missing: 0, pages: 0, bytes: release });
    });

    it('adds statement and stamp to every way', async () => {
      const { delta, chunks, whole, releaseBytes } = await diff(program, signed);
      expect(releaseBytes).toBe(release);
      expect(chunks.bytes).toBe(release);
      expect(delta?.bytes).toBe(release + QUESTION + 1 + (delta?.sizeBytes ?? 0) + QUESTION + 1 + 37);
      // Its bytes do not shrink, but for the zeros where the stamp is.
      expect(whole.bytes).toBeGreaterThan(release + signed.length - 1280);
    });

    it('counts the largest statement there can be while the program is not signed', async () => {
      const unsigned = sampleProgram({ version: '1.0.0', sizeBytes: 200_000 });
      expect((await diff(signed, unsigned, { delta: false })).releaseBytes).toBe(QUESTION + 1068 + QUESTION + 1280);
    });

    it('compares the same signed program with itself as the same', async () => {
      expect(await diff(signed, signed)).toMatchObject({ plan: 'none', bytes: 0 });
    });

    it('takes a program with two stamps for bytes like others', async () => {
      const found = await diff(signed, concatBytes(signed, signed), { delta: false });
      expect(found.releaseBytes).toBe(0);
    });
  });

  it('reports what is done of each step, up to all of it', async () => {
    const last = new Map<string, number>();
    await diff(OLD, OLD.with(500_000, 1), {
      onProgress: (doneBytes, totalBytes, step) => {
        expect(doneBytes).toBeGreaterThanOrEqual(last.get(step) ?? 0);
        expect(totalBytes).toBe(OLD.length);
        last.set(step, doneBytes);
      },
    });
    expect(Object.fromEntries(last)).toEqual({ reading: OLD.length, delta: OLD.length, chunks: OLD.length });
  });

  it.each(['reading', 'delta', 'chunks'])('stops during %s and leaves nothing behind', async (at) => {
    const stop = new AbortController();
    const stopped = diff(OLD, stream('other', 1_000_000), {
      signal: stop.signal,
      onProgress: (_done, _all, step) => {
        if (step === at) stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(folder.list()).toEqual(['new', 'old']);
  });

  it('tells of the other ways when memory is short for a delta, and why there is none', async () => {
    const asked: number[] = [];
    vi.stubGlobal(
      'SharedArrayBuffer',
      class extends SharedArrayBuffer {
        constructor(sizeBytes: number) {
          asked.push(sizeBytes);
          // Both programs have found room, their index has not.
          if (asked.length > 2) throw new RangeError('Array buffer allocation failed');
          super(sizeBytes);
        }
      },
    );
    const found = await diff(OLD, OLD.with(500_000, 1)).finally(() => vi.unstubAllGlobals());
    expect(asked.length).toBe(3);
    expect(found).toMatchObject({ plan: 'chunks', delta: undefined, chunks: { missing: 1 } });
    expect(found.deltaNote).toMatch(/does not fit into memory.*a larger machine/);
    expect(folder.list()).toEqual(['new', 'old']);
  });

  it('refuses a file that cannot be read', async () => {
    writeFileSync(folder.join('old'), OLD);
    const missing = { oldPath: folder.join('old'), newPath: folder.join('missing') };
    await expect(diffPrograms(missing)).rejects.toMatchObject({ code: 'PROGRAM_UNREADABLE' });
  });
});
