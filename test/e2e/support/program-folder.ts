/**
 * What stands in a program's folder beside what an installation keeps there. Spec: docs/spec/16-journal.md.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';

const INSTALL_FOLDER = /^\..+\.peerpatch$/;
/** Of the install folder: what may stay, and nothing that somebody is about to write or holds. */
const KEPT: readonly RegExp[] = [
  /^journal$/,
  /^choices$/,
  /^lock\/\d+$/,
  /^previous\/\d+\.\d+\.\d+~[0-9a-f]{16}$/,
  /^quarantine\/[0-9a-f]{64}$/,
  /^starts\/\d+(-[0-9a-f]{8}){2}-(?:\d+|-)$/,
];

/** Names, sorted: the content of an install folder only where it is not what the specification says. */
export async function programFolder(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  // Staged and partial files are called so, too.
  const folders = entries.filter((entry) => entry.isDirectory() && INSTALL_FOLDER.test(entry.name));
  const stray = await Promise.all(folders.map(({ name }) => strayIn(path, name)));
  return [...entries.filter((entry) => !folders.includes(entry)).map(({ name }) => name), ...stray.flat()].sort();
}

/** What an installation keeps beside a program, sorted: a release ID as `~`, the number of a ticket as `#`. */
export async function keptBeside(program: string): Promise<string[]> {
  const folder = join(dirname(program), `.${basename(program)}.peerpatch`);
  return (await filesIn(folder)).map((file) => file.replace(/~.*/, '~').replace(/^lock\/\d+/, 'lock/#'));
}

async function strayIn(path: string, name: string): Promise<string[]> {
  const folder = join(path, name);
  const stray: string[] = [];
  for (const file of await filesIn(folder)) {
    const isKept = KEPT.some((kept) => kept.test(file)) && !(await isHeld(folder, file));
    if (!isKept) stray.push(`${name}/${file}`);
  }
  return stray;
}

/** A ticket of the lock whose process lives and did not give it back. */
async function isHeld(folder: string, file: string): Promise<boolean> {
  if (!file.startsWith('lock/')) return false;
  const { pid, free } = JSON.parse(await readFile(join(folder, file), 'utf8')) as { pid: number; free: boolean };
  try {
    return !free && process.kill(pid, 0);
  } catch {
    return false; // it was ended
  }
}

/** Relative to the folder, with `/` between names, sorted. */
async function filesIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => !entry.isDirectory());
  return files
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll(sep, '/'),
    )
    .sort();
}
