/**
 * Looks a program up in the lists of the package managers of Linux distributions.
 *
 * dpkg, pacman and apk keep text: their answer is exact. rpm keeps a database of its own, with names and folders as C strings: a
 * program below /usr or /opt whose name and folder both stand somewhere in it is taken for rpm's. No command is run. A list that
 * cannot be read says nothing.
 *
 * @module
 */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Manager } from '../../../core/install/managed-program.ts';
import {
  apkManager,
  apkPackage,
  dpkgManager,
  hasLine,
  listedNames,
  pacmanManager,
  rpmManager,
} from '../../../core/install/package-lists.ts';

const APK_LISTS = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];
const RPM_FOLDERS = ['var/lib/rpm', 'usr/lib/sysimage/rpm'];
/** SQLite with its log; ndb; Berkeley DB. */
const RPM_FILES = ['rpmdb.sqlite', 'rpmdb.sqlite-wal', 'Packages.db', 'Packages'];
/** Where rpm's packages put programs. What administrators put there by hand goes to /usr/local. */
const SYSTEM_FOLDERS = /^\/(?:usr\/(?!local\/)|bin\/|sbin\/|lib[^/]*\/|opt\/)/;
const AT_ONCE = 16;
const PIECE_BYTES: number = 1024 ** 2;

/** @param path real path of the program. @param root what the lists stand below: `/` */
export async function listingManager(path: string, root: string): Promise<Manager | undefined> {
  const paths = listedNames(path);
  return (
    (await inDpkg(join(root, 'var/lib/dpkg/info'), paths)) ??
    (await inPacman(join(root, 'var/lib/pacman/local'), paths)) ??
    (await inApk(root, paths)) ??
    (SYSTEM_FOLDERS.test(path) && (await inRpm(root, path)) ? rpmManager(path) : undefined)
  );
}

async function inDpkg(folder: string, paths: readonly string[]): Promise<Manager | undefined> {
  const lists = (await namesIn(folder)).filter((name) => name.endsWith('.list'));
  const list = await firstWith(lists, async (name) => hasLine(await textOf(join(folder, name)), paths));
  return list === undefined ? undefined : dpkgManager(list);
}

async function inPacman(folder: string, paths: readonly string[]): Promise<Manager | undefined> {
  const found = await firstWith(await namesIn(folder), async (name) =>
    hasLine(await textOf(join(folder, name, 'files')), paths, '/'),
  );
  return found === undefined ? undefined : pacmanManager(found);
}

async function inApk(root: string, paths: readonly string[]): Promise<Manager | undefined> {
  for (const list of APK_LISTS) {
    const name = apkPackage(await textOf(join(root, list)), paths);
    if (name !== undefined) return apkManager(name);
  }
  return undefined;
}

async function inRpm(root: string, path: string): Promise<boolean> {
  const [name, inFolder] = [Buffer.from(`${basename(path)}\0`), Buffer.from(`${dirname(path)}/\0`)];
  for (const file of RPM_FOLDERS.flatMap((folder) => RPM_FILES.map((each) => join(root, folder, each)))) {
    if ((await stat(file).catch(() => undefined))?.isFile() !== true) continue;
    if ((await holds(file, name)) && (await holds(file, inFolder))) return true;
  }
  return false;
}

async function holds(path: string, wanted: Buffer): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined);
  const piece = Buffer.allocUnsafe(PIECE_BYTES + wanted.length);
  try {
    for (let kept = 0; file !== undefined;) {
      const { bytesRead } = await file.read(piece, kept, PIECE_BYTES);
      const filled = piece.subarray(0, kept + bytesRead);
      if (filled.includes(wanted)) return true;
      if (bytesRead === 0) return false;
      kept = Math.min(wanted.length - 1, filled.length); // one may begin in this piece and end in the next
      piece.copy(piece, 0, filled.length - kept, filled.length);
    }
    return false;
  } catch {
    return false; // as for every list that cannot be read
  } finally {
    await file?.close();
  }
}

async function firstWith(
  names: readonly string[],
  isIt: (name: string) => Promise<boolean>,
): Promise<string | undefined> {
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    const answers = await Promise.all(some.map(isIt));
    const index = answers.indexOf(true);
    if (index !== -1) return some[index];
  }
  return undefined;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch(() => []); // this manager is not here
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
