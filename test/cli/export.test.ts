import { readdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exportCommand } from '../../src/cli/commands/export.ts';
import { toHex } from '../../src/index.ts';
import { cli } from '../support/cli.ts';
import { createExportScene, PUBLIC_KEY } from '../support/export-scene.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const folder = useTempFolder();
const scene = createExportScene(folder);
const run = (...args: readonly string[]): ReturnType<typeof cli> =>
  cli(exportCommand, ['export', '--public-key', PUBLIC_KEY, '--out', folder.join('out'), ...args]);

describe('peerpatch export', () => {
  it('writes the folder and says what is in it, warnings too', async () => {
    const app = scene.program('app', { deltas: [scene.delta('other')] });
    const { code, out, err } = await run(app.path);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.split('\n');
    expect(lines[0]).toBe('sample 1.0.0 for linux-x64, stable: 0 of 1 deltas, statement written');
    expect(lines[1]).toMatch(/^.*out: \d+ files written \(0\.3 MB\), 0 were there \(0\.0 MB\)$/);
    expect(lines[2]).toMatch(/^warning: the delta .* cannot be read/);
    expect(readdirSync(folder.join('out'))).toEqual([PUBLIC_KEY]);
  });

  it('--json: the same for programs', async () => {
    const [app, other] = [scene.program('app'), scene.program('other', { channel: 'beta', seq: 7n }, 1)];
    const { code, json } = await run(app.path, other.path, '--json', '--quality', '0');
    expect(code).toBe(0);
    const files = scene.files().length;
    expect(json()).toMatchObject({
      folder: folder.join('out'),
      filesWritten: files,
      filesReused: 0,
      warnings: [],
      programs: [
        { path: app.path, channel: 'stable', seq: '1', root: toHex(app.statement.root), statement: 'written' },
        { path: other.path, channel: 'beta', seq: '7', statement: 'written' },
      ],
    });
  });

  it('ends with 1 for a program that has no statement, and when it is interrupted', async () => {
    writeFileSync(folder.join('app'), 'no program');
    expect((await run(folder.join('app'))).err).toMatch(/^STAMP_MISSING: /);
    const app = scene.program('app');
    const args = ['export', app.path, '--public-key', PUBLIC_KEY, '--out', folder.join('out')];
    const { code, err } = await cli(exportCommand, args, { signal: AbortSignal.abort() });
    expect(code).toBe(1);
    expect(err).toMatch(/^CANCELLED: /);
  });

  it.each([
    ['no program', []],
    ['a quality that is none', ['app', '--quality', '12']],
    ['an unknown option', ['app', '--fast']],
  ])('ends with 2 for %s', async (_, args) => {
    expect((await run(...args)).code).toBe(2);
  });
});
