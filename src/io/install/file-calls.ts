/**
 * The calls that move program files around, and the patience they need on Windows.
 *
 * A virus scanner or an indexer opens what was just written, and for that moment Windows refuses to rename it. Waiting a little is
 * the only answer, and a refusal for good looks the same: so the waiting is bounded.
 *
 * @module
 */
import { constants } from 'node:fs';
import { copyFile, link, open, rename, rm } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { errnoOf } from '../files/file-error.ts';

export interface FileCalls {
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly link: (from: string, to: string) => Promise<void>;
  /** Fails where `to` exists. On disk when it resolves. */
  readonly copy: (from: string, to: string) => Promise<void>;
  /** Not for a missing file. */
  readonly remove: (path: string) => Promise<void>;
}

export interface InstallSystem {
  readonly isWindows: boolean;
  readonly calls: FileCalls;
}

const PAUSES_MS: readonly number[] = [50, 100, 200, 400, 800, 1600];
const SHARING_VIOLATIONS = ['EBUSY', 'EPERM', 'EACCES'];
const NO_LINKS = ['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EXDEV'];

const systemCalls: FileCalls = {
  rename,
  link,
  copy: async (from, to) => {
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const file = await open(to, 'r+').catch(() => open(to, 'r')); // a program need not be writable
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  },
  remove: (path) => rm(path, { force: true }),
};

/** Repeats what Windows refuses while somebody looks at a file. @param wait for tests */
export function patientCalls(calls: FileCalls, wait: (ms: number) => Promise<unknown> = (ms) => pause(ms)): FileCalls {
  const patiently = async (call: () => Promise<void>): Promise<void> => {
    for (const ms of PAUSES_MS) {
      try {
        await call();
        return;
      } catch (error) {
        if (!SHARING_VIOLATIONS.includes(errnoOf(error) ?? '')) throw error;
      }
      await wait(ms);
    }
    await call();
  };
  return {
    rename: (from, to) => patiently(() => calls.rename(from, to)),
    link: (from, to) => calls.link(from, to), // a refusal means that there are no links: a copy does
    copy: (from, to) => calls.copy(from, to),
    remove: (path) => patiently(() => calls.remove(path)),
  };
}

export const THIS_INSTALL_SYSTEM: InstallSystem = installSystem(systemCalls, (ms) => pause(ms));
/** For a process whose timers run into nothing: a thin parent (quiet-host.ts). It stands still while it waits. */
export const BLOCKING_INSTALL_SYSTEM: InstallSystem = installSystem(systemCalls, blockingPause);

/** @param platform for tests */
export function installSystem(
  calls: FileCalls,
  wait: (ms: number) => Promise<unknown>,
  platform: NodeJS.Platform = process.platform,
): InstallSystem {
  return platform === 'win32' ? { isWindows: true, calls: patientCalls(calls, wait) } : { isWindows: false, calls };
}

/** Resolves behind the pause, without a timer. */
export function blockingPause(ms: number): Promise<void> {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  return Promise.resolve();
}

/** A second name for a file, or a copy where there are no links, or not to files of another user. */
export async function linkOrCopy(calls: FileCalls, from: string, to: string): Promise<void> {
  try {
    await calls.link(from, to);
  } catch (error) {
    if (!isNoLinks(error)) throw error;
    await calls.copy(from, to).catch(async (failure: unknown) => {
      await calls.remove(to).catch(() => undefined); // half a copy: the sweep comes by later
      throw failure;
    });
  }
}

/** Whether a second name was refused because there are none here. */
export function isNoLinks(error: unknown): boolean {
  return NO_LINKS.includes(errnoOf(error) ?? '');
}
