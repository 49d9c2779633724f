import { chmodSync, chownSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { OldFile, ReplaceOptions } from '../../../src/io/install/replace-parts.ts';
import { replaceFile } from '../../../src/io/install/replace.ts';
import { failure } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

async function lookAt(path: string): Promise<OldFile> {
  const { mode, uid, gid, dev, ino, size, mtimeMs } = await stat(path);
  return { mode, uid, gid, dev, ino, size, mtimeMs };
}

const isRoot = process.getuid?.() === 0;

describe('replacing a file', () => {
  const folder = useTempFolder();

  async function prepare(): Promise<ReplaceOptions> {
    const [target, stagedPath] = [folder.join('app'), folder.join('next')];
    writeFileSync(target, 'old');
    writeFileSync(stagedPath, 'new program');
    const staged = await open(stagedPath, 'r+');
    return { target, stagedPath, staged, sizeBytes: 11, old: await stat(target) };
  }
  const content = (): string => readFileSync(folder.join('app'), 'latin1');

  it('gives the path the new file', async () => {
    await replaceFile(await prepare());
    expect(content()).toBe('new program');
    expect(folder.list()).toEqual(['app']);
  });

  it('INSTALL_FAILED: the program was removed meanwhile, and is not put back', async () => {
    const options = await prepare();
    rmSync(options.target);
    await expect(replaceFile(options)).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(folder.list()).toEqual(['next']);
    await options.staged.close();
  });

  it('INSTALL_FAILED: something else was installed meanwhile, and stays', async () => {
    const options = await prepare();
    writeFileSync(folder.join('other'), 'what the package manager installed');
    renameSync(folder.join('other'), options.target);
    await expect(replaceFile(options)).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(content()).toBe('what the package manager installed');
    await options.staged.close();
  });

  it('takes a file of the same length and time for the same: some file systems number files anew', async () => {
    const options = await prepare();
    const { atime, mtime } = statSync(options.target);
    writeFileSync(folder.join('other'), 'old');
    utimesSync(folder.join('other'), atime, mtime);
    renameSync(folder.join('other'), options.target);
    await replaceFile({ ...options, old: { ...(await lookAt(options.target)), ino: 0 } });
    expect(content()).toBe('new program');
  });

  it('INSTALL_FAILED: less on disk than was written', async () => {
    const options = await prepare();
    await options.staged.truncate(10);
    await expect(replaceFile(options)).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(content()).toBe('old');
    await options.staged.close();
  });

  it.runIf(HAS_MODES).each([0o755, 0o700, 0o4755, 0o644])('keeps mode %o', async (mode) => {
    const options = await prepare();
    chmodSync(options.target, mode);
    await replaceFile({ ...options, old: await stat(options.target) });
    expect(statSync(options.target).mode & 0o7777).toBe(mode);
  });

  it.runIf(isRoot)('keeps the owner, and set-user-ID with it', async () => {
    const options = await prepare();
    chownSync(options.target, 1234, 2345);
    chmodSync(options.target, 0o4755);
    await replaceFile({ ...options, old: await stat(options.target) });
    expect(statSync(options.target)).toMatchObject({ uid: 1234, gid: 2345 });
    expect(statSync(options.target).mode & 0o7777).toBe(0o4755);
  });

  it.runIf(HAS_MODES)('drops set-user-ID where the owner cannot be kept', async () => {
    const options = await prepare();
    const refusing = Object.assign(Object.create(options.staged) as typeof options.staged, {
      stat: ((how: object) => options.staged.stat(how)) as typeof options.staged.stat,
      chmod: (mode: number) => options.staged.chmod(mode),
      sync: () => options.staged.sync(),
      close: () => options.staged.close(),
      chown: () => Promise.reject(Object.assign(new Error('not root'), { code: 'EPERM' })),
    });
    const old = { ...(await lookAt(options.target)), uid: 4242, mode: 0o104755 };
    await replaceFile({ ...options, staged: refusing, old });
    expect(statSync(options.target).mode & 0o7777).toBe(0o755);
  });

  it('leaves the old program whichever step before publishing fails', async () => {
    const broken = Object.assign(new Error('no'), { code: 'EIO' });
    const fail = () => Promise.reject(broken);
    let tried = 0;
    for (const method of ['stat', 'chmod', 'sync', 'close'] as const) {
      const options = await prepare();
      const { staged } = options;
      const working = {
        stat: ((how: object) => staged.stat(how)) as typeof staged.stat,
        chmod: (mode: number) => staged.chmod(mode),
        sync: () => staged.sync(),
        close: () => staged.close(),
      };
      const failing = Object.assign(Object.create(staged) as typeof staged, { ...working, [method]: fail });
      await expect(replaceFile({ ...options, staged: failing })).rejects.toBe(broken);
      expect(content()).toBe('old');
      await staged.close();
      tried++;
    }
    expect(tried).toBe(4);
  });
});
