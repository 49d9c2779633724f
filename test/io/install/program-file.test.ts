import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AcceptedRelease } from '../../../src/core/release/accept.ts';
import { newProgramStore, programStore } from '../../../src/io/install/program-file.ts';
import { failure, filler } from '../../support/stamp-samples.ts';
import { canMount, makeReadOnly, mount, unmount, useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const NEW = filler(5000);
/** The port asks for it; this adapter does not look at it. */
const RELEASE = {} as AcceptedRelease;

async function install(store: ReturnType<typeof programStore>, content = NEW): Promise<void> {
  const staged = await store.stage(content.length);
  try {
    await staged.write(content);
    await staged.install(RELEASE);
  } finally {
    await staged.discard();
  }
}

describe('the program file', () => {
  const folder = useTempFolder();

  it('is replaced behind a link, and the link stays', async () => {
    mkdirSync(folder.join('versions'));
    writeFileSync(folder.join('versions', 'app-1'), 'old');
    symlinkSync('versions/app-1', folder.join('app'));
    await install(programStore(folder.join('app')));
    expect(lstatSync(folder.join('app')).isSymbolicLink()).toBe(true);
    expect(readFileSync(folder.join('versions', 'app-1'))).toEqual(Buffer.from(NEW));
    expect(readdirSync(folder.join('versions'))).toEqual(['app-1']);
  });

  // Elsewhere: test/e2e. Windows has no such programs, and macOS runs no copies of its own.
  it.runIf(process.platform === 'linux')('is replaced while it runs, and can be run at once', async () => {
    copyFileSync('/bin/sleep', folder.join('app'));
    const running = execFile(folder.join('app'), ['60']);
    try {
      await install(programStore(folder.join('app')), readFileSync('/bin/true'));
      execFileSync(folder.join('app'));
    } finally {
      running.kill();
    }
  });

  it('PROGRAM_UNREADABLE: gone before staging', async () => {
    const store = programStore(folder.join('app'));
    await expect(store.stage(100)).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
    await expect(store.open()).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });

  it('INSTALL_FAILED: deleted while the update came in; nothing is left', async () => {
    writeFileSync(folder.join('app'), 'old');
    const staged = await programStore(folder.join('app')).stage(NEW.length);
    await staged.write(NEW);
    rmSync(folder.join('app'));
    await expect(staged.install(RELEASE)).rejects.toEqual(failure('INSTALL_FAILED'));
    await staged.discard();
    expect(folder.list()).toEqual([]);
  });

  it('is made anew where nothing is, and only there', async () => {
    await install(newProgramStore(folder.join('app')));
    expect(readFileSync(folder.join('app'))).toEqual(Buffer.from(NEW));
    await expect(newProgramStore(folder.join('app')).stage(10)).rejects.toEqual(failure('OPTION_INVALID'));
    await expect(newProgramStore(folder.join('none', 'app')).stage(10)).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(folder.list()).toEqual(['app']);
  });

  it.runIf(HAS_MODES && process.getuid?.() !== 0)('INSTALL_NOT_WRITABLE: a folder without permission', async () => {
    writeFileSync(folder.join('app'), 'old');
    chmodSync(folder.path, 0o500);
    await expect(programStore(folder.join('app')).stage(10)).rejects.toEqual(failure('INSTALL_NOT_WRITABLE'));
    chmodSync(folder.path, 0o700);
  });
});

describe.runIf(canMount())('the program file on a file system of its own', () => {
  const folder = useTempFolder();
  const mounted = (size: string): void => {
    mount(folder.path, size);
    writeFileSync(folder.join('app'), 'old');
  };
  afterEach(() => {
    unmount(folder.path);
  });
  const content = (): string => readFileSync(folder.join('app'), 'latin1');

  it('INSTALL_NO_SPACE: seen before anything is written', async () => {
    mounted('4m');
    await expect(programStore(folder.join('app')).stage(4_000_000)).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    expect(folder.list()).toEqual(['app']);
    expect(content()).toBe('old');
  });

  it('INSTALL_NO_SPACE: the disk fills up while the update comes in', async () => {
    mounted('4m');
    const staged = await programStore(folder.join('app')).stage(2_000_000);
    await staged.write(filler(500_000));
    writeFileSync(folder.join('somebody else'), filler(3_000_000));
    await expect(staged.write(filler(1_500_000))).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    await staged.discard();
    expect(folder.list()).toEqual(['app', 'somebody else']);
    expect(content()).toBe('old');
  });

  it('INSTALL_READ_ONLY: a read-only file system', async () => {
    mounted('4m');
    makeReadOnly(folder.path);
    await expect(programStore(folder.join('app')).stage(1000)).rejects.toEqual(failure('INSTALL_READ_ONLY'));
    expect(content()).toBe('old');
  });

  it('INSTALL_FAILED: the system does not let go of the path', async () => {
    mounted('4m');
    const store = programStore(folder.join('app'));
    execFileSync('mount', ['--bind', folder.join('app'), folder.join('app')]);
    try {
      await expect(install(store)).rejects.toEqual(failure('INSTALL_FAILED'));
    } finally {
      unmount(folder.join('app'));
    }
    expect(content()).toBe('old');
    expect(folder.list()).toEqual(['app']);
  });
});

/** Whether files here can be made immutable, which binds root too. */
function canBeImmutable(): boolean {
  const file = join(mkdtempSync(join(tmpdir(), 'peerpatch-immutable-')), 'file');
  try {
    writeFileSync(file, '');
    execFileSync('chattr', ['+i', file], { stdio: 'pipe' });
    execFileSync('chattr', ['-i', file], { stdio: 'pipe' });
    return true;
  } catch {
    console.warn('skipped: tests with immutable files need root, chattr and a file system that knows it');
    return false;
  } finally {
    rmSync(dirname(file), { recursive: true });
  }
}

describe.runIf(canBeImmutable())('an immutable program', () => {
  const folder = useTempFolder();
  const withImmutable = async (path: string, work: () => Promise<void>): Promise<void> => {
    execFileSync('chattr', ['+i', path]);
    try {
      await work();
    } finally {
      execFileSync('chattr', ['-i', path]);
    }
  };

  it('INSTALL_NOT_WRITABLE: the folder', async () => {
    writeFileSync(folder.join('app'), 'old');
    await withImmutable(folder.path, async () => {
      await expect(programStore(folder.join('app')).stage(10)).rejects.toEqual(failure('INSTALL_NOT_WRITABLE'));
    });
    expect(folder.list()).toEqual(['app']);
  });

  it('INSTALL_NOT_WRITABLE: the file, seen at the last step; nothing is left', async () => {
    writeFileSync(folder.join('app'), 'old');
    await withImmutable(folder.join('app'), async () => {
      await expect(install(programStore(folder.join('app')))).rejects.toEqual(failure('INSTALL_NOT_WRITABLE'));
    });
    expect(readFileSync(folder.join('app'), 'latin1')).toBe('old');
    expect(folder.list()).toEqual(['app']);
  });
});
