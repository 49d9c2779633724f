/**
 * A folder that no other user can write to, for files that are loaded as code.
 *
 * Whoever can put a file there, or swap the folder for another, runs code as this user. So the folder is ours with
 * mode 0700, and nobody but root and us can rename what leads to it. Windows: the per-user folders have such
 * permissions by default; nothing is checked there.
 *
 * @module
 */
import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { syncFolderSync } from '../install/small-file.ts';

const GROUP_OR_WORLD_WRITE = 0o022;
const WORLD_WRITE = 0o002;
const STICKY = 0o1000;

/** Where to look for a private folder, best first. The last one is always new, and its user removes it. */
export async function* privateFolders(env: NodeJS.ProcessEnv = process.env): AsyncGenerator<PrivateFolder> {
  const uid = process.getuid?.();
  for (const path of [join(userCache(env), 'peerpatch'), join(tmpdir(), `peerpatch-${uid ?? 'user'}`)]) {
    const real = await openPrivateFolder(path);
    if (real !== undefined) yield { path: real, temporary: false };
  }
  yield { path: await mkdtemp(join(tmpdir(), 'peerpatch-')), temporary: true };
}

export interface PrivateFolder {
  readonly path: string;
  /** Made for this process alone. */
  readonly temporary: boolean;
}

/** {@link openPrivateFolderSync} */
// eslint-disable-next-line @typescript-eslint/require-await -- a few looks at local folders: the promise is for the caller's convenience
export async function openPrivateFolder(path: string): Promise<string | undefined> {
  return openPrivateFolderSync(path);
}

/** Makes the folder when it is missing. Its real path, or undefined when it cannot be made or others can write there. */
export function openPrivateFolderSync(path: string): string | undefined {
  try {
    makeFolders(path);
    // A link in the last place is refused: it may be another user's, who may point it elsewhere later.
    if (!lstatSync(path).isDirectory()) return undefined;
    const real = realpathSync(path);
    return isPrivate(real) ? real : undefined;
  } catch {
    return undefined; // read-only home, no home, a file in the way: the next folder is tried
  }
}

/**
 * Not the recursive mkdir of Node: where a system answers ENOENT although the parent is there (/proc), that one tries for
 * ever.
 */
function makeFolders(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
  if (dirname(path) !== path) makeFolders(dirname(path));
  try {
    mkdirSync(path, 0o700);
    // What must not be forgotten may stand in it.
    syncFolderSync(dirname(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was faster
  }
}

function isPrivate(folder: string): boolean {
  const uid = process.getuid?.();
  if (uid === undefined) return true;
  const self = lstatSync(folder);
  if (self.uid !== uid || (self.mode & GROUP_OR_WORLD_WRITE) !== 0) return false;
  for (let path = dirname(folder); ; path = dirname(path)) {
    const { uid: owner, mode } = lstatSync(path);
    if (owner !== uid && owner !== 0) return false;
    // In a sticky folder (/tmp) everybody may add names, but only the owner may rename or remove them.
    if ((mode & WORLD_WRITE) !== 0 && (mode & STICKY) === 0) return false;
    if (path === dirname(path)) return true;
  }
}

function userCache(env: NodeJS.ProcessEnv): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = env;
  // The XDG specification: a relative path is to be ignored.
  if (XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME;
  if (process.platform === 'win32') return localAppData(LOCALAPPDATA);
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

/** Of this user of Windows. A relative path would be one below the working folder, whosever that is. */
export function localAppData(variable: string | undefined): string {
  return variable !== undefined && isAbsolute(variable) ? variable : join(homedir(), 'AppData', 'Local');
}
