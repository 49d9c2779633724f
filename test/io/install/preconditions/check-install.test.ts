/**
 * Each precondition on real files: what is refused, with which fix, and that the folder is as it was.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../src/core/base/errors.ts';
import { checkNewFile, checkRewrite, checkUpdate } from '../../../../src/io/install/preconditions/check-install.ts';
import { OWN_SYSTEM, type ThisSystem } from '../../../../src/io/install/preconditions/place.ts';
import { failure } from '../../../support/stamp-samples.ts';
import { useTempFolder } from '../../../support/temp-folder.ts';

const isRoot = process.getuid?.() === 0;
const PLAN = { sizeBytes: 100_000 };
const NOBODY = 65_534;
const folder = useTempFolder();
let app = '';

beforeEach(() => {
  mkdirSync(folder.join('home'));
  app = folder.join('home', 'app');
  writeFileSync(app, 'old', { mode: 0o755 });
});

/** Asks, and looks whether anything was left or changed. */
async function refused(
  path: string,
  system: Partial<ThisSystem> = {},
  plan: Parameters<typeof checkUpdate>[1] = PLAN,
): Promise<{ code: string; message: string }> {
  const before = folder.list();
  const error = await checkUpdate(path, plan, { ...OWN_SYSTEM, ...system }).catch((cause: unknown) => cause);
  expect(folder.list()).toEqual(before);
  return error === undefined ? { code: 'none', message: '' } : (error as { code: ErrorCode; message: string });
}

describe('a program that an update may replace', () => {
  it('is found so, by any of its names, and nothing is left beside it', async () => {
    symlinkSync('home/app', folder.join('link'));
    const { ino, mtimeMs } = statSync(folder.join('home'));
    await checkUpdate(app, PLAN);
    await checkUpdate(folder.join('link'), PLAN);
    await checkRewrite(app, PLAN);
    await checkNewFile(folder.join('home', 'new'), PLAN);
    expect(folder.list()).toEqual(['home', 'link']);
    expect(listHome()).toEqual(['app']);
    expect(statSync(folder.join('home')).ino).toBe(ino);
    expect(statSync(folder.join('home')).mtimeMs).toBeGreaterThanOrEqual(mtimeMs);
  });

  it('may be a real executable of this machine', async () => {
    copyFileSync(process.execPath, app);
    await checkUpdate(app, { ...PLAN, target: `${process.platform}-${process.arch}` });
  });

  it('PROGRAM_UNREADABLE: gone, or a folder', async () => {
    rmSync(app);
    await expect(checkUpdate(app, PLAN)).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
    await expect(checkRewrite(app, PLAN)).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
    mkdirSync(app);
    await expect(checkUpdate(app, PLAN)).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });
});

describe('INSTALL_MANAGED', () => {
  it('a program in node_modules, behind a link elsewhere', async () => {
    mkdirSync(folder.join('lib/node_modules/@acme/hello'), { recursive: true });
    const real = folder.join('lib/node_modules/@acme/hello/hello');
    writeFileSync(real, 'old');
    symlinkSync(real, folder.join('hello'));
    const { code, message } = await refused(folder.join('hello'));
    expect(code).toBe('INSTALL_MANAGED');
    expect(message).toBe(`${real} belongs to npm: update it with "npm install -g '@acme/hello@latest'"`);
    // Whoever signs it or makes it there knows what they do.
    await checkRewrite(real, PLAN);
    await checkNewFile(folder.join('lib/node_modules/new'), PLAN);
  });

  const lists: [name: string, list: string, text: () => string, fix: string][] = [
    ['dpkg', 'var/lib/dpkg/info/hello:amd64.list', () => `/.\n/usr\n${app}\n`, "--only-upgrade 'hello'"],
    ['pacman', 'var/lib/pacman/local/hello-1.0-1/files', () => `%FILES%\n${app.slice(1)}\n`, 'pacman -Syu'],
    ['apk', 'lib/apk/db/installed', () => `P:hello\nF:${dirname(app).slice(1)}\nR:app\n`, "apk upgrade 'hello'"],
    ['apk 3', 'usr/lib/apk/db/installed', () => `P:hello\nF:${dirname(app).slice(1)}\nR:app\n`, "apk upgrade 'hello'"],
  ];
  it.each(lists)('a program in the list of %s, and not one beside it', async (_name, list, text, fix) => {
    const root = folder.join('root');
    mkdirSync(dirname(join(root, list)), { recursive: true });
    writeFileSync(join(root, list), text());
    const linux = { platform: 'linux', root };
    const { code, message } = await refused(app, linux);
    expect({ code, fix: message.includes(fix) }).toEqual({ code: 'INSTALL_MANAGED', fix: true });
    const other = folder.join('home', 'app2');
    writeFileSync(other, 'other');
    expect((await refused(other, linux)).code).toBe('none');
    expect((await refused(app, { ...linux, platform: 'darwin' })).code).toBe('none');
  });

  it.runIf(process.platform === 'linux')('a program of this very system', async ({ skip }) => {
    const [program] = ['/usr/bin/dpkg', '/usr/bin/pacman', '/sbin/apk', '/usr/bin/rpm'].filter((path) => isThere(path));
    if (program === undefined) skip('no package manager is here');
    else await expect(checkUpdate(program, PLAN)).rejects.toEqual(failure('INSTALL_MANAGED'));
  });
});

describe('INSTALL_TRANSLOCATED', () => {
  it('on macOS alone', async () => {
    const real = folder.join('AppTranslocation/8A1C/d/Hello.app/Contents/MacOS/hello');
    mkdirSync(dirname(real), { recursive: true });
    writeFileSync(real, 'old');
    const { code, message } = await refused(real, { platform: 'darwin' });
    expect(code).toBe('INSTALL_TRANSLOCATED');
    expect(message).toContain('move Hello.app with the Finder to Applications');
    expect((await refused(real, { platform: 'linux' })).code).toBe('none');
  });

  it('INSTALL_MANAGED: an application of the App Store', async () => {
    const real = folder.join('Hello.app/Contents/MacOS/hello');
    mkdirSync(dirname(real), { recursive: true });
    writeFileSync(real, 'old');
    expect((await refused(real, { platform: 'darwin' })).code).toBe('none');
    mkdirSync(folder.join('Hello.app/Contents/_MASReceipt'));
    writeFileSync(folder.join('Hello.app/Contents/_MASReceipt/receipt'), '');
    const { code, message } = await refused(real, { platform: 'darwin' });
    expect({ code, fix: message.includes('App Store: Updates') }).toEqual({ code: 'INSTALL_MANAGED', fix: true });
  });
});

describe.skipIf(process.platform === 'win32')('INSTALL_FOREIGN_OWNER', () => {
  it('a program of another user; root may replace anybody’s', async () => {
    const uid = statSync(app).uid + 1;
    const { code, message } = await refused(app, { uid });
    expect(code).toBe('INSTALL_FOREIGN_OWNER');
    expect(message).toContain(`"sudo chown ${uid} '${folder.join('home')}' '${app}'"`);
    expect((await refused(app, { uid: 0 })).code).toBe('none');
  });

  it('a folder that is a third user’s home is not to be given away', async () => {
    const uid = statSync(app).uid + 1;
    const root = folder.join('root');
    mkdirSync(join(root, 'etc'), { recursive: true });
    const has = (number: number): void => {
      writeFileSync(
        join(root, 'etc/passwd'),
        `x:x:1:1::/:/bin/sh\nann:x:${number}:9::${folder.join('home')}/:/bin/sh\n`,
      );
    };
    has(uid + 1);
    expect((await refused(app, { uid, root })).message).toContain("sudo mkdir '/var/lib/app'");
    has(uid);
    expect((await refused(app, { uid, root })).message).toContain(`"sudo chown ${uid} '${folder.join('home')}'`);
  });

  it.runIf(isRoot)('is no reason for root to refuse a program that is really another’s', async () => {
    chownSync(app, NOBODY, NOBODY);
    expect((await refused(app)).code).toBe('none');
  });
});

describe.skipIf(process.platform === 'win32')('INSTALL_UNSAFE_FOLDER', () => {
  it.each([
    ['the folder', 'home'],
    ['one above it', ''],
  ])('everybody may write to %s', async (_name, which) => {
    const open = folder.join(which).replace(/\/$/, '');
    chmodSync(open, 0o777);
    const { code, message } = await refused(app);
    expect(code).toBe('INSTALL_UNSAFE_FOLDER');
    expect(message).toContain(`"chmod o-w '${open}'"`);
    // As its user wants it.
    await checkRewrite(app, PLAN);
    execFileSync('/bin/sh', ['-c', `chmod o-w '${open}'`]);
    expect((await refused(app)).code).toBe('none');
  });

  it.each([0o1777, 0o775, 0o2770])('is not told of a folder of mode %o', async (mode) => {
    chmodSync(folder.join('home'), mode);
    expect((await refused(app)).code).toBe('none');
  });

  it('means nothing where users have no numbers', async () => {
    chmodSync(folder.join('home'), 0o777);
    expect((await refused(app, { uid: undefined })).code).toBe('none');
  });
});

describe('INSTALL_WRONG_TARGET', () => {
  const linux = { platform: 'linux', arch: 'x64' };
  /** Enough of an ELF head, without program headers. */
  const elf = (machine: number): Uint8Array => {
    const bytes = new Uint8Array(5000);
    bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
    bytes[18] = machine;
    return bytes;
  };

  it('a release that its owner signed for another machine', async () => {
    const { code, message } = await refused(app, linux, { ...PLAN, target: 'darwin-arm64' });
    expect(code).toBe('INSTALL_WRONG_TARGET');
    expect(message).toContain('it is for darwin-arm64, and this program runs on linux-x64');
    expect((await refused(app, linux, { ...PLAN, target: 'linux-x64' })).code).toBe('none');
    expect((await refused(app, linux, { ...PLAN, target: 'rhel8' })).code).toBe('none');
  });

  it('a program in place that this machine cannot run', async () => {
    writeFileSync(app, elf(183));
    const { code, message } = await refused(app, linux);
    expect(code).toBe('INSTALL_WRONG_TARGET');
    expect(message).toContain('it is elf-arm64, and this machine runs elf-x64');
    writeFileSync(app, elf(62));
    expect((await refused(app, linux)).code).toBe('none');
  });
});

describe('INSTALL_NO_SPACE', () => {
  it('a program larger than what is free', async () => {
    const { code, message } = await refused(app, {}, { sizeBytes: 2 ** 52 });
    expect(code).toBe('INSTALL_NO_SPACE');
    expect(message).toMatch(/\d+ bytes are needed, \d+ are free/);
    await expect(checkRewrite(app, { sizeBytes: 2 ** 52 })).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    await expect(checkNewFile(folder.join('new'), { sizeBytes: 2 ** 52 })).rejects.toEqual(failure('INSTALL_NO_SPACE'));
  });
});

describe.skipIf(process.platform === 'win32')('INSTALL_NOT_WRITABLE', () => {
  it.runIf(isRoot && process.platform === 'linux')('where only a real try shows it: an immutable folder', async () => {
    execFileSync('chattr', ['+i', folder.join('home')]);
    try {
      expect((await refused(app, { platform: 'darwin' })).code).toBe('INSTALL_NOT_WRITABLE');
      // Windows says EPERM, too, and where only a permission is missing.
      expect(await refused(app, { platform: 'win32', uid: undefined })).toMatchObject({
        code: 'INSTALL_NOT_WRITABLE',
        message: expect.stringContaining(`icacls "${folder.join('home')}" /grant`) as string,
      });
      await expect(checkNewFile(folder.join('home/new'), PLAN)).rejects.toEqual(failure('INSTALL_NOT_WRITABLE'));
    } finally {
      execFileSync('chattr', ['-i', folder.join('home')]);
    }
  });

  it.skipIf(isRoot)('a folder without permission', async () => {
    chmodSync(folder.join('home'), 0o555);
    try {
      const { code, message } = await refused(app);
      expect(code).toBe('INSTALL_NOT_WRITABLE');
      expect(message).toContain(`sudo chown ${String(process.getuid?.())} '${folder.join('home')}'`);
      await expect(checkNewFile(folder.join('home/new'), PLAN)).rejects.toEqual(failure('INSTALL_NOT_WRITABLE'));
    } finally {
      chmodSync(folder.join('home'), 0o755);
    }
  });
});

function listHome(): string[] {
  return readdirSync(folder.join('home')).sort();
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
