import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundle } from '../../../src/io/build/bundle.ts';
import { isOpenPipe } from '../../../src/io/process/open-pipe.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();

describe('a descriptor', () => {
  it('is a pipe where a parent made one, on every system', async () => {
    const entry = join(import.meta.dirname, '../../../src/io/process/open-pipe.ts');
    const { code } = await bundle({ entry, nodeVersion: process.versions.node });
    writeFileSync(folder.join('pipe.cjs'), code);
    const ask = `const { isOpenPipe } = require(${JSON.stringify(folder.join('pipe.cjs'))});
      require('fs').writeSync(1, JSON.stringify([3, 4].map((fd) => isOpenPipe(fd))));`;
    const { stdout } = spawnSync(process.execPath, ['-e', ask], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    expect(JSON.parse(stdout.toString())).toEqual([true, false]);
  });

  it('of a file is none, and neither is one that is not open', () => {
    writeFileSync(folder.join('file'), '');
    const fd = openSync(folder.join('file'), 'r');
    expect(isOpenPipe(fd)).toBe(false);
    closeSync(fd);
    expect(isOpenPipe(fd)).toBe(false);
  });

  it('is told by its mode on Windows, where the runtime calls nothing a pipe', () => {
    const windows = (mode: number) =>
      isOpenPipe(3, { platform: 'win32', lookAt: () => ({ mode, isFIFO: () => false, isSocket: () => false }) });
    expect([0o010666, 0o100666, 0o020666, 0o040666].map(windows)).toEqual([true, false, false, false]);
  });
});
