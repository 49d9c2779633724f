/**
 * Where a node keeps what it must not forget: a folder of this user that nobody else can write to.
 *
 * Not the cache folder: what cleans caches must not make a node forget which releases it has seen. Where the user has no home, as
 * services often have not, the temporary folder serves until the next start of the machine.
 *
 * @module
 */
import { rmdir } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { localAppData, openPrivateFolderSync, privateFolders } from '../executable/private-folder.ts';

/** {@link openStateFolderSync} */
// eslint-disable-next-line @typescript-eslint/require-await -- a few looks at local folders: the promise is for the caller's convenience
export async function openStateFolder(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  return openStateFolderSync(env);
}

/** The folder's real path, made when it is missing; undefined when there is none that others cannot write to. */
export function openStateFolderSync(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const own = userState(env);
  const places = [
    ...(own === undefined ? [] : [join(own, 'peerpatch')]),
    join(tmpdir(), `peerpatch-${process.getuid?.() ?? 'user'}`),
  ];
  for (const place of places) {
    const folder = openPrivateFolderSync(place);
    if (folder !== undefined) return folder;
  }
  return undefined;
}

/** Where a node keeps what it can get again. Undefined when nothing there would outlive the process. */
export async function openCacheFolder(env: NodeJS.ProcessEnv = process.env): Promise<string | undefined> {
  for await (const { path, temporary } of privateFolders(env)) {
    if (!temporary) return path;
    await rmdir(path);
  }
  return undefined;
}

function userState({ XDG_STATE_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv): string | undefined {
  // The XDG specification: a relative path is to be ignored.
  if (XDG_STATE_HOME !== undefined && isAbsolute(XDG_STATE_HOME)) return XDG_STATE_HOME;
  try {
    if (process.platform === 'win32') return localAppData(LOCALAPPDATA);
    if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support');
    return join(homedir(), '.local', 'state');
  } catch {
    return undefined; // a user without an entry in the system's list, and no HOME
  }
}
