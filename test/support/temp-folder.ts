/**
 * A folder of its own for each test, removed afterwards; and small or read-only file systems where the system gives them.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

export interface TempFolder {
  readonly path: string;
  /** A path inside. */
  readonly join: (...names: readonly string[]) => string;
  /** Names of everything inside, hidden files too, sorted. */
  readonly list: () => string[];
}

/** Call it in a `describe` or at the top of a file; the folder changes with each test. */
export function useTempFolder(): TempFolder {
  let path = '';
  beforeEach(() => {
    // On Windows the other one leaves short names (RUNNER~1) as they are.
    path = realpathSync.native(mkdtempSync(join(tmpdir(), 'peerpatch-test-')));
  });
  afterEach(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return {
    get path() {
      return path;
    },
    join: (...names) => join(path, ...names),
    list: () => readdirSync(path).sort(),
  };
}

/** Whether this process may mount file systems; says so in one line where it may not, because tests are skipped then. */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'peerpatch-mount-'));
  try {
    mount(folder, '64k');
    unmount(folder);
    return true;
  } catch {
    console.warn('skipped: tests with small and read-only file systems need root and mount');
    return false;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Mounts an empty file system of that size (`2m`) in memory. */
export function mount(folder: string, size: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder], { stdio: 'pipe' });
}

export function makeReadOnly(folder: string): void {
  execFileSync('mount', ['-o', 'remount,ro', folder], { stdio: 'pipe' });
}

/** Also while a failed test still has a file open there. */
export function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
}
