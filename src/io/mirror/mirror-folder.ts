/**
 * The folder of a mirror on disk: read what is there, put files into it while a server serves it.
 *
 * Under a final name there are never half a file's bytes: each file is written beside and renamed. It is on disk after `sync`,
 * which costs less once for all than for each; until then a power cut may leave empty files, which the next export notices.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeerpatchError } from '../../core/base/errors.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../core/base/units.ts';
import { errnoOf } from '../files/file-error.ts';

export interface MirrorFolder {
  /** Absolute. */
  readonly path: string;
  /** Undefined: there is none, or one that is longer. @throws PeerpatchError MIRROR_UNWRITABLE */
  read(name: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Puts a file there, over one of the same name. @throws PeerpatchError MIRROR_UNWRITABLE */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /**
   * Does `work` while no other export does the same for this name: what is read in it is still there when it writes.
   *
   * @throws PeerpatchError MIRROR_UNWRITABLE, also when another one takes longer than a minute; the signal's reason
   */
  alone<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Returns when all that was written so far is on disk. @throws PeerpatchError MIRROR_UNWRITABLE */
  sync(): Promise<void>;
  /** Removes what was being written. */
  close(): Promise<void>;
}

/** Hidden, on the same file system as what it is renamed to. */
const STAGING_PREFIX = '.staging-';
/** A staging folder that nothing was put into for so long is of an export that was killed. */
const STALE_MS: number = HOUR_MS;
/** A lock is held for the time of writing one small file. One that is older is of an export that was killed. */
const STALE_LOCK_MS: number = 30 * SECOND_MS;
const LOCK_WAIT_MS: number = MINUTE_MS;
const LOCK_PAUSE_MS = 50;
/** Files synced at once. */
const SYNCS = 16;

/**
 * Makes the folder when it is not there.
 *
 * @param owner name of the owner's folder in it
 * @throws PeerpatchError MIRROR_UNWRITABLE
 */
export async function openMirrorFolder(folder: string, owner: string): Promise<MirrorFolder> {
  const path = resolve(folder);
  const unwritable = (cause: unknown): never => {
    throw mirrorUnwritable(path, cause);
  };
  const own = join(path, owner);
  const made = new Set<string>(); // folders that are there
  const unsynced = new Set<string>(); // files and folders
  let files = 0;

  const makeFolder = async (name: string): Promise<void> => {
    if (made.has(name)) return;
    const first = await mkdir(name, { recursive: true });
    // The names of new folders are entries of the folders above them.
    for (let at = name; first !== undefined && at.length >= first.length; at = dirname(at)) unsynced.add(dirname(at));
    made.add(name);
  };

  try {
    await makeFolder(own);
    await removeStale(own);
  } catch (cause) {
    return unwritable(cause);
  }
  const staging = await mkdtemp(join(own, STAGING_PREFIX)).catch(unwritable);

  return {
    path,
    read: (name, maxBytes) => readWhole(join(path, name), maxBytes).catch(unwritable),
    write: async (name, bytes) => {
      const target = join(path, name);
      const staged = join(staging, String(files++));
      try {
        await makeFolder(dirname(target));
        await writeFile(staged, bytes, { flag: 'wx' });
        await rename(staged, target);
      } catch (cause) {
        unwritable(cause);
      }
      unsynced.add(target).add(dirname(target));
    },
    alone: async (name, work, signal) => {
      const lock = join(own, `${STAGING_PREFIX}${basename(name)}`);
      await takeLock(lock, signal).catch((error: unknown) => {
        signal?.throwIfAborted();
        return unwritable(error);
      });
      try {
        return await work();
      } finally {
        await rm(lock, { force: true });
      }
    },
    sync: async () => {
      const names = [...unsynced].sort((a, b) => b.length - a.length); // files before the folders they are in
      unsynced.clear();
      for (let at = 0; at < names.length; at += SYNCS) {
        await Promise.all(names.slice(at, at + SYNCS).map(syncPath)).catch(unwritable);
      }
    },
    close: () => rm(staging, { recursive: true, force: true }),
  };
}

async function readWhole(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > maxBytes) return undefined;
    return new Uint8Array(await file.readFile());
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  } finally {
    await file?.close();
  }
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } catch (error) {
    // Some systems cannot sync folders: there a name is as safe as the file system makes it.
    if (!['EISDIR', 'EINVAL', 'EPERM'].includes(errnoOf(error) ?? '') || !(await file.stat()).isDirectory())
      throw error;
  } finally {
    await file.close();
  }
}

/** Makes the file, which nobody else may have made. */
async function takeLock(path: string, signal: AbortSignal | undefined): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    try {
      await (await open(path, 'wx')).close();
      return;
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST' || performance.now() - startedAt > LOCK_WAIT_MS) throw error;
    }
    const found = await identify(path); // undefined: let go of meanwhile
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_LOCK_MS) await removeOnly(path, found);
    else await sleep(LOCK_PAUSE_MS, undefined, { ...(signal && { signal }) });
  }
}

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const path = join(folder, name);
    const found = await identify(path); // undefined: its export has ended meanwhile
    if (found !== undefined && Date.now() - found.mtimeMs > STALE_MS) await removeOnly(path, found);
  }
}

interface Identity {
  /** Used again for a new file once the old one is gone: says something only beside the time. */
  readonly inode: bigint;
  readonly mtimeMs: number;
}

async function identify(path: string): Promise<Identity | undefined> {
  try {
    const { ino, mtimeMs } = await stat(path, { bigint: true });
    return { inode: ino, mtimeMs: Number(mtimeMs) };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Removes what was judged stale, and nothing that has its name by now: another export may judge the same file, remove it and make
 * its own lock. Only what has a name of its own can be looked at and removed without that, so it is renamed first. What still goes
 * unnoticed is a third export that makes its lock in the moment before another one's is put back.
 */
async function removeOnly(path: string, judged: Identity): Promise<void> {
  const aside = join(dirname(path), `${STAGING_PREFIX}${randomUUID()}`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  const found = await identify(aside);
  if (found === undefined) return; // as old as it is, another export may remove it under this name too
  const isJudged = found.inode === judged.inode && found.mtimeMs === judged.mtimeMs;
  if (isJudged) await rm(aside, { recursive: true, force: true });
  else await rename(aside, path);
}

function mirrorUnwritable(path: string, cause: unknown): PeerpatchError {
  if (cause instanceof PeerpatchError) return cause;
  const code = errnoOf(cause) ?? String(cause);
  const fix = code === 'ENOSPC' || code === 'EDQUOT' ? 'free some space there' : 'choose a folder that can be written';
  return new PeerpatchError('MIRROR_UNWRITABLE', `could not write the mirror ${path} (${code}): ${fix}`, { cause });
}
