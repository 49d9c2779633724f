import { describe, expect, it } from 'vitest';
import { measureImage } from '../../src/agent/measure-image.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { sampleProgram, signSampleStatement } from '../../src/testing/sample-program.ts';
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
