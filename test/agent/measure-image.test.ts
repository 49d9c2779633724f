import { describe, expect, it } from 'vitest';
import { measureDelta, measureImage } from '../../src/agent/measure-image.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { sampleProgram, signSampleStatement } from '../../src/testing/sample-program.ts';
import { measured, stream } from '../support/manifest-samples.ts';
import { failure, OWNER } from '../support/stamp-samples.ts';

const UNSIGNED = sampleProgram({ version: '1.2.3', sizeBytes: 200_000 });
const { file, statement } = signSampleStatement(UNSIGNED, OWNER);

describe("a program's canonical image", () => {
  it.each([1000, 65_536, 200_000])('has one root, signed or not, in pieces of %d', async (pieceBytes) => {
    for (const bytes of [file, UNSIGNED]) {
      const program = await new MemoryProgram(bytes, { pieceBytes }).open();
      const { root, sizeBytes } = await measureImage(program, statement.stampOffset);
      expect(root).toEqual(statement.root);
      expect(sizeBytes).toBe(200_000);
    }
  });

  it('tells its progress, and stops when it is told to', async () => {
    const stop = new AbortController();
    const seen: number[] = [];
    const program = await new MemoryProgram(file, { pieceBytes: 50_000 }).open();
    const measuring = measureImage(program, statement.stampOffset, {
      signal: stop.signal,
      onProgress: (done, total) => {
        expect(total).toBe(200_000);
        seen.push(done);
        if (done === 100_000) stop.abort();
      },
    });
    await expect(measuring).rejects.toEqual(failure('CANCELLED'));
    expect(seen).toEqual([50_000, 100_000]);
  });
});

describe('a delta', () => {
  it('is cut evenly, whatever its bytes look like', async () => {
    // A program with its stamp in place, given as a delta: nothing of it is read as zeros.
    for (const bytes of [stream('delta', 400_000), file]) {
      const manifest = await measureDelta(await new MemoryProgram(bytes, { pieceBytes: 65_536 }).open());
      expect(manifest.root).toEqual(measured(bytes, bytes.length, 'delta').root);
      expect(manifest.count).toBe(Math.ceil(bytes.length / 131_072));
    }
  });

  it('is not read to its end when that is not wanted any more', async () => {
    const delta = await new MemoryProgram(file, { pieceBytes: 50_000 }).open();
    const stop = new AbortController();
    const onProgress = (): void => {
      stop.abort();
    };
    const measuring = measureDelta(delta, { signal: stop.signal, onProgress });
    await expect(measuring).rejects.toEqual(failure('CANCELLED'));
  });
});
