import { writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { diffCommand } from '../../src/cli/commands/diff.ts';
import { stream } from '../support/manifest-samples.ts';
import { cli, type CliOptions, type CliRun } from '../support/cli.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const OLD = stream('diff', 500_000);

describe('peerpatch diff', () => {
  const folder = useTempFolder();
  const diff = (newer: Uint8Array, args: readonly string[] = [], options?: CliOptions): Promise<CliRun> => {
    writeFileSync(folder.join('old'), OLD);
    writeFileSync(folder.join('new'), newer);
    return cli(diffCommand, ['diff', folder.join('old'), folder.join('new'), ...args], options);
  };

  it('shows every way, the cheapest first of all', async () => {
    const { code, out, err } = await diff(OLD.with(250_000, 1));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^the update takes \d+ bytes, by delta\n/);
    expect(out).toContain('files  500000 bytes before, 500000 now\n');
    expect(out).toMatch(/^delta +\d+ bytes +0\.\d{3} % {2}a delta of \d+ bytes, made in \d+\.\d s$/m);
    expect(out).toMatch(/^chunks +\d+ bytes +\d+\.\d{3} % {2}1 new chunks, \d+ kept, 1 new pages$/m);
    expect(out).toMatch(/^whole +\d+ bytes +1\d\d\.\d{3} % {2}every chunk$/m);
  });

  it('--no-delta: makes none', async () => {
    const { code, out } = await diff(OLD.with(250_000, 1), ['--no-delta']);
    expect(code).toBe(0);
    expect(out).toMatch(/by chunks\n/);
    expect(out).not.toMatch(/^delta /m);
  });

  it('--json: the cheapest way and the bytes of each', async () => {
    const found = (await diff(OLD.with(250_000, 1), ['--json'])).json() as Record<string, unknown>;
    expect(found).toMatchObject({
      plan: 'delta',
      oldSizeBytes: 500_000,
      newSizeBytes: 500_000,
      releaseBytes: 0,
      chunks: { missing: 1, pages: 1 },
    });
    expect(found['bytes']).toBe((found['delta'] as Record<string, unknown>)['bytes']);
    expect(found['whole']).toEqual({ bytes: expect.any(Number) as number });
  });

  it('says in text and JSON why there is no delta, and ends with 0', async () => {
    vi.stubGlobal(
      'SharedArrayBuffer',
      class extends SharedArrayBuffer {
        constructor(sizeBytes: number) {
          super(sizeBytes);
          throw new RangeError('Array buffer allocation failed');
        }
      },
    );
    try {
      const { code, out } = await diff(OLD.with(250_000, 1));
      expect(code).toBe(0);
      expect(out).toMatch(/by chunks\n/);
      expect(out).toMatch(/^delta {2}none: .* does not fit into memory/m);
      const found = (await diff(OLD.with(250_000, 1), ['--json'])).json() as Record<string, unknown>;
      expect(found).toMatchObject({ plan: 'chunks', deltaNote: expect.stringContaining('memory') as string });
      expect(found['delta']).toBeUndefined();
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('says that the files are the same', async () => {
    expect((await diff(OLD)).out).toMatch(/^the files are the same: nothing to fetch\n/);
  });

  it('ends with 1 for a file that is not there', async () => {
    const { code, err } = await cli(diffCommand, ['diff', folder.join('old'), folder.join('new')]);
    expect(code).toBe(1);
    expect(err).toMatch(/^PROGRAM_UNREADABLE: /);
  });

  it('ends with 1 when it is stopped', async () => {
    const { code, err } = await diff(OLD, [], { signal: AbortSignal.abort() });
    expect(code).toBe(1);
    expect(err).toMatch(/^CANCELLED: /);
  });

  it('ends with 2 without a second file', async () => {
    expect((await cli(diffCommand, ['diff', 'one'])).code).toBe(2);
  });
});
