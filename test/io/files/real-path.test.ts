import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { realPathSync } from '../../../src/io/files/real-path.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();

describe('the real path of a file', () => {
  it.each([process.platform, 'win32'] as const)('is the one behind a link (%s)', async (platform) => {
    mkdirSync(folder.join('folder'));
    writeFileSync(folder.join('folder', 'app'), '');
    symlinkSync(folder.join('folder'), folder.join('link'), 'junction');
    const path = realPathSync(folder.join('link', 'app'), platform);
    expect(path).toBe(await realpath(folder.join('folder', 'app')));
    expect(() => realPathSync(folder.join('missing'), platform)).toThrow('ENOENT');
  });

  it.runIf(process.platform === 'win32')('is the same for its short name and for other letters', () => {
    const path = folder.join('a program with a long name.exe');
    writeFileSync(path, '');
    const real = realPathSync(path);
    // The name that the system has made up; the long one on volumes where it makes up none.
    const { stdout } = spawnSync('cmd.exe', ['/d', '/s', '/c', `"for %I in ("${path}") do @echo %~sI"`], {
      encoding: 'utf8',
      windowsVerbatimArguments: true,
    });
    const short = stdout.trim();
    expect([short, path.toUpperCase()].map((name) => realPathSync(name))).toEqual([real, real]);
  });
});
