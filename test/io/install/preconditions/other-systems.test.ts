/**
 * The preconditions under another user, and in mounts of their own: in a process that has them. Skipped where the system gives
 * neither.
 *
 * @module
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { shellWord } from '../../../../src/core/install/shell-word.ts';
import { useTempFolder } from '../../../support/temp-folder.ts';

const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const SIZE_BYTES = '100000';

interface Told {
  readonly code: string;
  readonly message: string;
}

type Kind = 'update' | 'rewrite' | 'new';

const folder = useTempFolder();
/** Bundled once: each test starts it a few times. */
let bundle = '';
let check: readonly [string, string] = ['', ''];
let home = '';
let app = '';

beforeAll(() => {
  bundle = mkdtempSync(join(tmpdir(), 'peerpatch-check-'));
  chmodSync(bundle, 0o755);
  const outfile = join(bundle, 'check.mjs');
  const entryPoints = ['test/support/check-install.ts'];
  buildSync({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20' });
  check = [process.execPath, outfile];
});
afterAll(() => {
  rmSync(bundle, { recursive: true });
});
beforeEach(() => {
  chmodSync(folder.path, 0o755);
  home = folder.join('home');
  app = join(home, 'app');
  mkdirSync(home);
  writeFileSync(app, 'old', { mode: 0o755 });
});

/** What a process started with these words in front is told. */
function toldTo(words: readonly string[], kind: Kind, path: string, sizeBytes = SIZE_BYTES): Told {
  const [command, ...args] = ['env', ...words, ...check, kind, path, sizeBytes] as const;
  return JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as Told;
}

/** The same behind commands of a shell, in mounts that nobody else sees. The last line is what is in the folder afterwards. */
function toldWithMounts(commands: string, kind: Kind, path: string, sizeBytes = SIZE_BYTES): Told & { left: string } {
  const asking = [...check, kind, path, sizeBytes].map(shellWord).join(' ');
  const script = `set -e; ${commands}; ${asking}; ls -A ${shellWord(home)} | tr '\\n' ' '`;
  const { stdout, stderr, status } = spawnSync('unshare', ['-Urm', 'sh', '-c', script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const [told = '', left = ''] = stdout.split('\n');
  return { ...(JSON.parse(told) as Told), left: left.trim() };
}

function hasNamespaces(): boolean {
  const works = spawnSync('unshare', ['-Urm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
  if (!works) console.warn('skipped: tests with mounts of their own need unshare and user namespaces');
  return works;
}

describe.runIf(isRoot && process.platform === 'linux')('as another user than root', () => {
  const nobody = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];

  it('INSTALL_NOT_WRITABLE: the folder is of somebody else, and the fix works', () => {
    chownSync(app, NOBODY, NOBODY);
    const { code, message } = toldTo(nobody, 'update', app);
    expect(code).toBe('INSTALL_NOT_WRITABLE');
    const [, command = ''] = /"sudo (.*)"/.exec(message) ?? [];
    expect(command).toBe(`chown ${NOBODY} '${home}'`);
    const made = toldTo(nobody, 'new', join(home, 'new'));
    expect(made.code).toBe('INSTALL_NOT_WRITABLE');
    expect(made.message).toMatch(/cannot be made: make it in a folder of this user$/);
    execFileSync('sh', ['-c', command]);
    expect(toldTo(nobody, 'update', app)).toEqual({ code: 'none', message: '' });
    expect(readdirSync(home)).toEqual(['app']);
  });

  it('INSTALL_NOT_WRITABLE: a folder with more in it is not to be given away', () => {
    chownSync(app, NOBODY, NOBODY);
    mkdirSync(join(home, '.app.peerpatch'));
    expect(toldTo(nobody, 'update', app).message).toContain(`"sudo chown ${NOBODY} '${home}'"`);
    writeFileSync(join(home, '.bashrc'), '');
    expect(toldTo(nobody, 'update', app).message).toContain(`"sudo mkdir '/var/lib/app' && sudo mv '${app}' `);
  });

  it('INSTALL_FOREIGN_OWNER: the program is of somebody else, and the fix works', () => {
    chmodSync(home, 0o775);
    const { code, message } = toldTo(nobody, 'update', app);
    expect(code).toBe('INSTALL_FOREIGN_OWNER');
    const [, command = ''] = /"sudo (.*)"/.exec(message) ?? [];
    execFileSync('sh', ['-c', command]);
    expect(toldTo(nobody, 'update', app)).toEqual({ code: 'none', message: '' });
  });

  it('INSTALL_FOREIGN_OWNER: the same in a folder that everybody shares', () => {
    chmodSync(home, 0o1777);
    expect(toldTo(nobody, 'update', app).code).toBe('INSTALL_FOREIGN_OWNER');
    // Whoever signs it learns that the sticky bit keeps it from being replaced.
    expect(toldTo(nobody, 'rewrite', app).code).toBe('INSTALL_NOT_WRITABLE');
    expect(readdirSync(home)).toEqual(['app']);
  });
});

const setcap = ['/usr/sbin/setcap', '/sbin/setcap'].find((path) => existsSync(path));
describe.runIf(isRoot && setcap !== undefined)('file capabilities', () => {
  // Root without this one may do everything else: as in a container that drops it.
  const without = ['setpriv', '--bounding-set=-setfcap'];
  const user = ['setpriv', '--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];

  it.each([
    ['another user', user],
    ['a root that may not set them', without],
  ])('INSTALL_NOT_WRITABLE: for %s, and the fix works', (_name, words) => {
    if (words === user) for (const path of [home, app]) chownSync(path, NOBODY, NOBODY);
    expect(toldTo(words, 'update', app).code).toBe('none');
    execFileSync(String(setcap), ['cap_net_bind_service+ep', app]);
    const { code, message } = toldTo(words, 'update', app);
    expect(code).toBe('INSTALL_NOT_WRITABLE');
    expect(message).toContain('AmbientCapabilities=');
    expect(message).toContain(`peerpatch pin '${app}'`);
    expect(readdirSync(home)).toEqual(['app']);
    // Whoever signs it learns it as a warning, and root gives them to the new program.
    expect(toldTo(words, 'rewrite', app).code).toBe('none');
    expect(toldTo([], 'update', app).code).toBe('none');
    const [, command = ''] = /"sudo (setcap .*?)"/.exec(message) ?? [];
    execFileSync('sh', ['-c', command]);
    expect(toldTo(words, 'update', app).code).toBe('none');
  });
});

describe.runIf(isRoot && process.platform === 'linux')('what cannot be changed', () => {
  it.each([
    ['i', 'the program'],
    ['a', 'the program'],
    ['i', 'the folder'],
    ['a', 'the folder'],
  ])('INSTALL_NOT_WRITABLE: chattr +%s on %s; nothing is left, and the fix works', (flag, which) => {
    const path = which === 'the folder' ? home : app;
    execFileSync('chattr', [`+${flag}`, path]);
    try {
      const { code, message } = toldTo([], 'update', app);
      expect(code).toBe('INSTALL_NOT_WRITABLE');
      expect(readdirSync(home)).toEqual(['app']);
      const [, command = ''] = /"sudo (.*?)"/.exec(message) ?? [];
      execFileSync('sh', ['-c', command]);
      expect(toldTo([], 'update', app)).toEqual({ code: 'none', message: '' });
    } finally {
      execFileSync('chattr', ['-i', '-a', home]);
      execFileSync('chattr', ['-i', '-a', app]);
    }
  });
});

describe.runIf(hasNamespaces())('in mounts of its own', () => {
  it('a folder that is mounted is as good as any', () => {
    const told = toldWithMounts(`mount --bind ${home} ${home}`, 'update', app);
    expect(told).toEqual({ code: 'none', message: '', left: 'app' });
  });

  it('INSTALL_OTHER_FILE_SYSTEM: the program alone is mounted, from another file system', () => {
    const other = folder.join('other');
    mkdirSync(other);
    const commands = `mount -t tmpfs none ${other}; cp ${app} ${other}/app; mount --bind ${other}/app ${app}`;
    const told = toldWithMounts(commands, 'update', app);
    expect(told).toMatchObject({ code: 'INSTALL_OTHER_FILE_SYSTEM', left: 'app' });
    expect(told.message).toContain(`mount ${home} instead`);
  });

  it('INSTALL_OTHER_FILE_SYSTEM: the program alone is mounted, from the same file system and by a link', () => {
    writeFileSync(folder.join('image'), 'old');
    const link = `ln -s ${app} ${folder.join('link')}`;
    const told = toldWithMounts(`mount --bind ${folder.join('image')} ${app}; ${link}`, 'update', folder.join('link'));
    expect(told.code).toBe('INSTALL_OTHER_FILE_SYSTEM');
    rmSync(folder.join('link'));
    expect(toldWithMounts(`mount --bind ${folder.join('image')} ${app}`, 'rewrite', app).code).toBe(told.code);
  });

  it('INSTALL_READ_ONLY: with the mount to change', () => {
    const commands = `mount --bind ${home} ${home}; mount -o remount,ro,bind ${home}`;
    for (const [kind, path] of [
      ['update', app],
      ['rewrite', app],
      ['new', join(home, 'new')],
    ] as const) {
      const told = toldWithMounts(commands, kind, path);
      expect(told).toMatchObject({ code: 'INSTALL_READ_ONLY', left: 'app' });
      expect(told.message).toContain(`sudo mount -o remount,rw '${home}'`);
    }
  });

  it('INSTALL_READ_ONLY: an image that the program was shipped in has a fix of its own', () => {
    const image = folder.join('.mount_HelloX');
    mkdirSync(image);
    const commands = `mount -t tmpfs none ${image}; cp ${app} ${image}/app; mount -o remount,ro ${image}`;
    const told = toldWithMounts(commands, 'update', join(image, 'app'));
    expect(told.code).toBe('INSTALL_READ_ONLY');
    expect(told.message).toContain('AppImage');
  });

  const tmpfs = (options: string): string =>
    `cp ${app} ${folder.join('copy')}; mount -t tmpfs -o ${options} none ${home}; cp ${folder.join('copy')} ${app}`;

  it('INSTALL_NO_SPACE: a megabyte more than the program is asked for', () => {
    const [fits, tooMuch] = [3 * 1024 ** 2 - 8192, 3 * 1024 ** 2];
    expect(toldWithMounts(tmpfs('size=4m'), 'update', app, String(fits))).toMatchObject({ code: 'none', left: 'app' });
    expect(toldWithMounts(tmpfs('size=4m'), 'update', app, String(tooMuch))).toMatchObject({
      code: 'INSTALL_NO_SPACE',
      left: 'app',
    });
  });

  it('what an earlier attempt left counts as room', () => {
    const root = '0'.repeat(64);
    const partial = join(home, `.app.1-00000000-${root}.peerpatch`);
    const commands = `${tmpfs('size=4m')}; head -c 2000000 /dev/zero > ${partial}; touch -d '-1 hour' ${partial}`;
    expect(toldWithMounts(commands, 'update', app, '3000000').code).toBe('none');
    const foreign = commands.replaceAll('.peerpatch', '.other');
    expect(toldWithMounts(foreign, 'update', app, '3000000').code).toBe('INSTALL_NO_SPACE');
  });

  it('INSTALL_NO_SPACE: no inodes', () => {
    const told = toldWithMounts(tmpfs('size=4m,nr_inodes=12'), 'update', app);
    expect(told).toMatchObject({ code: 'INSTALL_NO_SPACE', left: 'app' });
    expect(told.message).toMatch(/\d+ free inodes/);
  });
});
