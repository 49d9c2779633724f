/**
 * The folder of a mirror on disk: read what is there, put files into it while a server serves it.
 *
 * Under a final name there are never half a file's bytes: each file is written beside and renamed. It is on disk after `sync`,
 * which costs less once for all than for each; until then a power cut may leave empty files, which the next export notices.
 *
 * @module
 */
import { mkdir, mkdtemp, open, readdir, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { HOUR_MS } from '../../core/base/units.ts';
import { errnoOf } from '../files/file-error.ts';

export interface MirrorFolder {
  /** Absolute. */
  readonly path: string;
  /** Undefined: there is none, or one that is longer. @throws PeerpatchError MIRROR_UNWRITABLE */
  read(name: string, maxBytes: number): Promise<Uint8Array | undefined>;
  /** Puts a file there, over one of the same name. @throws PeerpatchError MIRROR_UNWRITABLE */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Returns when all that was written so far is on disk. @throws PeerpatchError MIRROR_UNWRITABLE */
  sync(): Promise<void>;
  /** Removes what was being written. */
  close(): Promise<void>;
}

/** Hidden, on the same file system as what it is renamed to. */
const STAGING_PREFIX = '.staging-';
/** A staging folder that nothing was put into for so long is of an export that was killed. */
const STALE_MS: number = HOUR_MS;
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

async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > STALE_MS) await rm(path, { recursive: true, force: true });
  }
}

function mirrorUnwritable(path: string, cause: unknown): PeerpatchError {
  if (cause instanceof PeerpatchError) return cause;
  const code = errnoOf(cause) ?? String(cause);
  const fix = code === 'ENOSPC' || code === 'EDQUOT' ? 'free some space there' : 'choose a folder that can be written';
  return new PeerpatchError('MIRROR_UNWRITABLE', `could not write the mirror ${path} (${code}): ${fix}`, { cause });
}
