import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createKeyFile, readKeyFile } from '../../../src/io/files/key-file.ts';
import { failure, V0 } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES, IS_WINDOWS } from '../../support/this-system.ts';

const TEXT = V0.owner.keyFile;

describe('key file', () => {
  const folder = useTempFolder();

  it('holds the text alone, readable for its owner alone, and nothing stands beside it', async () => {
    await createKeyFile(folder.join('key'), TEXT);
    expect(readFileSync(folder.join('key'), 'latin1')).toBe(TEXT);
    if (HAS_MODES) expect(statSync(folder.join('key')).mode & 0o777).toBe(0o600);
    expect(folder.list()).toEqual(['key']);
    expect(await readKeyFile(folder.join('key'))).toEqual({ text: TEXT, openToOthers: false });
  });

  it('KEY_FILE_EXISTS: is never overwritten, whatever is there', async () => {
    writeFileSync(folder.join('key'), 'the old key');
    mkdirSync(folder.join('folder'));
    symlinkSync('nowhere', folder.join('link'));
    for (const name of ['key', 'folder', 'link']) {
      await expect(createKeyFile(folder.join(name), TEXT)).rejects.toEqual(failure('KEY_FILE_EXISTS'));
    }
    expect(readFileSync(folder.join('key'), 'latin1')).toBe('the old key');
    expect(folder.list()).toEqual(['folder', 'key', 'link']);
  });

  it('is made by one of many at once', async () => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, () => createKeyFile(folder.join('key'), TEXT)),
    );
    expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(folder.list()).toEqual(['key']);
  });

  it('KEY_FILE_UNWRITABLE: no such folder', async () => {
    const path = folder.join('missing', 'key');
    await expect(createKeyFile(path, TEXT)).rejects.toEqual(failure('KEY_FILE_UNWRITABLE'));
    expect(folder.list()).toEqual([]);
  });

  it('is read without the whitespace an editor leaves', async () => {
    writeFileSync(folder.join('key'), ` ${TEXT}\r\n\n`);
    expect((await readKeyFile(folder.join('key'))).text).toBe(TEXT);
  });

  it.runIf(HAS_MODES).each([0o640, 0o604, 0o620, 0o666])('is said to be open to others with mode %o', async (mode) => {
    writeFileSync(folder.join('key'), TEXT);
    chmodSync(folder.join('key'), mode);
    expect((await readKeyFile(folder.join('key'))).openToOthers).toBe(true);
  });

  it('is never said to be open to others on Windows, where the mode says nothing of that', async () => {
    writeFileSync(folder.join('key'), TEXT, { mode: 0o644 });
    expect(await readKeyFile(folder.join('key'), 'win32')).toEqual({ text: TEXT, openToOthers: false });
  });

  it.skipIf(IS_WINDOWS)('is read from a pipe', async () => {
    execFileSync('mkfifo', [folder.join('pipe')]);
    const [{ text }] = await Promise.all([
      readKeyFile(folder.join('pipe')),
      import('node:fs/promises').then(({ writeFile }) => writeFile(folder.join('pipe'), TEXT)),
    ]);
    expect(text).toBe(TEXT);
  });

  it('KEY_FILE_UNREADABLE: missing, a folder, a whole program, a device without end', async () => {
    mkdirSync(folder.join('folder'));
    writeFileSync(folder.join('long'), 'y'.repeat(117));
    for (const path of [
      folder.join('missing'),
      folder.join('folder'),
      folder.join('long'),
      ...(IS_WINDOWS ? [] : ['/dev/zero']),
    ]) {
      await expect(readKeyFile(path)).rejects.toEqual(failure('KEY_FILE_UNREADABLE'));
    }
  });

  it('does not repeat what it read in a failure', async () => {
    writeFileSync(folder.join('long'), TEXT.repeat(3));
    await expect(readKeyFile(folder.join('long'))).rejects.not.toThrow(new RegExp(TEXT.slice(0, 8)));
  });
});
