/**
 * Puts the native addon an executable carries where the system's loader can take it from: a real file.
 *
 * The file is named after its content, so versions of a program share it and a loaded one is never written over. Its
 * hash is checked before every load. Does not load it.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto';
import { access, constants, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { HOUR_MS } from '../../core/base/units.ts';
import { ADDON_ASSET } from './assets.ts';
import { executable, type Executable } from './executable.ts';
import { openPrivateFolder, privateFolders, type PrivateFolder } from './private-folder.ts';

export interface ExtractedAddon {
  /** Verified a moment ago: load it now. */
  readonly path: string;
  /** Call it when the addon is loaded: removes the file where it can be of no further use. Never rejects. */
  dispose(): Promise<void>;
}

export interface ExtractAddonOptions {
  /** Folder to use when it is private. Default: the user's cache folder, else one below the temporary folder. */
  readonly cacheFolder?: string;
  /** Whose addon. Default: the running executable. */
  readonly program?: Executable;
}

/** Left by a process that was killed while writing. */
const STALE_AFTER_MS: number = HOUR_MS;
const UNFINISHED = '.part';

/**
 * @returns undefined when the program carries no addon
 * @throws PeerpatchError TRANSPORT_UNAVAILABLE when it is damaged, or no folder takes it
 */
export async function extractAddon(options: ExtractAddonOptions = {}): Promise<ExtractedAddon | undefined> {
  const { program = executable(), cacheFolder } = options;
  const description = program.describe();
  const bytes = program.readAsset(ADDON_ASSET);
  if (description?.addon === undefined || bytes === undefined) return undefined;
  const { name, sha256 } = description.addon;

  const failures: Error[] = [];
  for await (const folder of candidates(cacheFolder)) {
    const path = join(folder.path, `${sha256.slice(0, 32)}-${name}`);
    try {
      if (!(await holds(path, sha256))) await writeWhole(path, bytes, sha256);
      await access(path, constants.X_OK); // refused where the file system is mounted noexec: loading would fail too
      return { path, dispose: () => (folder.temporary ? removeFolder(folder.path) : Promise.resolve()) };
    } catch (error) {
      failures.push(error as Error);
      if (folder.temporary) await removeFolder(folder.path);
    }
  }
  throw new PeerpatchError(
    'TRANSPORT_UNAVAILABLE',
    `the native addon could be put nowhere (${failures.map(({ message }) => message).join('; ')}): set XDG_CACHE_HOME or TMPDIR to a writable folder that allows execution`,
    { cause: new AggregateError(failures) },
  );
}

async function* candidates(cacheFolder: string | undefined): AsyncGenerator<PrivateFolder> {
  const given = cacheFolder === undefined ? undefined : await openPrivateFolder(cacheFolder);
  if (given !== undefined) yield { path: given, temporary: false };
  yield* privateFolders();
}

/** Whether the file is there with the right content. A wrong one is written over by {@link writeWhole}. */
async function holds(path: string, sha256: string): Promise<boolean> {
  try {
    return sha256Hex(await readFile(path)) === sha256;
  } catch {
    return false;
  }
}

/** Writes beside and renames: a process that looks at the same time sees the whole file or none. */
async function writeWhole(path: string, bytes: Uint8Array, sha256: string): Promise<void> {
  const unfinished = `${path}.${randomBytes(6).toString('hex')}${UNFINISHED}`;
  try {
    const file = await open(unfinished, 'wx', 0o500);
    try {
      await file.writeFile(bytes);
    } finally {
      await file.close();
    }
    if (!(await holds(unfinished, sha256)))
      throw new Error('the addon inside this executable is damaged: install it again');
    await putInPlace(unfinished, path, sha256);
  } finally {
    await rm(unfinished, { force: true });
  }
  await sweepUnfinished(join(path, '..'));
}

/** Windows replaces no file that somebody has loaded, which is whole then, and none that is marked as not to be written. */
async function putInPlace(unfinished: string, path: string, sha256: string): Promise<void> {
  try {
    await rename(unfinished, path);
  } catch (error) {
    if (!['EPERM', 'EACCES', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if (await holds(path, sha256)) return;
    await rm(path, { force: true });
    await rename(unfinished, path);
  }
}

async function sweepUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith(UNFINISHED)) continue;
    const path = join(folder, name);
    const left = await stat(path).catch(() => undefined); // gone: its writer is done
    if (left !== undefined && Date.now() - left.mtimeMs > STALE_AFTER_MS) await rm(path, { force: true });
  }
}

async function removeFolder(path: string): Promise<void> {
  // Windows keeps a loaded addon locked: the temporary folder is the system's to clean then.
  await rm(path, { recursive: true, force: true }).catch(() => undefined);
}

function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
