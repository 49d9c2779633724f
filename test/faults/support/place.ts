/**
 * The folder of one case: the program's home, and the folders of a user, nothing of them shared with another case.
 *
 * @module
 */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { sha256Hex, type TestProgram } from './programs.ts';

const MOST_TEXT_BYTES = 1024;

export interface Place {
  /** Real path. Everything below is watched. */
  readonly root: string;
  readonly home: string;
  readonly program: string;
  /** Where the shim writes: outside of `root`. */
  readonly trace: string;
}

export function placeAt(root: string): Place {
  return { root, home: join(root, 'home'), program: join(root, 'home/app'), trace: `${root}.trace` };
}

/** A user's home with the program in it. */
export function makePlace(root: string, program: TestProgram): Place {
  const place = placeAt(root);
  for (const folder of [root, place.home, join(root, 'state'), join(root, 'cache'), join(root, 'tmp')]) {
    mkdirSync(folder, { mode: 0o755 });
    chmodSync(folder, 0o755);
  }
  copyFileSync(program.path, place.program);
  chmodSync(place.program, 0o755);
  return place;
}

/** The same folder once more: hard links stay links to each other. */
export function copyPlace(from: Place, root: string): Place {
  const copies = new Map<number, string>();
  const copyFolder = (source: string, target: string): void => {
    mkdirSync(target);
    for (const name of readdirSync(source)) copyEntry(join(source, name), join(target, name));
    chmodSync(target, lstatSync(source).mode & 0o7777);
  };
  const copyEntry = (source: string, target: string): void => {
    const { ino, mode } = lstatSync(source);
    const kind = kindOf(source);
    const copied = copies.get(ino);
    if (kind === 'folder') copyFolder(source, target);
    else if (kind === 'link') symlinkSync(readlinkSync(source), target);
    else if (copied !== undefined) linkSync(copied, target);
    else {
      copyFileSync(source, target);
      chmodSync(target, mode & 0o7777);
      copies.set(ino, target);
    }
  };
  copyFolder(from.root, root);
  return placeAt(root);
}

export function removePlace({ root, trace }: Place): void {
  rmSync(root, { recursive: true, force: true });
  for (const file of [trace, `${trace}.count`]) rmSync(file, { force: true });
}

/** What a file or folder of a case is. */
export interface Entry {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly mode: number;
  readonly ino: number;
  readonly sha256: string;
  /** Of a short file. */
  readonly text: string;
}

/** Everything below the root, by its path from there, sorted. */
export function listPlace({ root }: Place): ReadonlyMap<string, Entry> {
  const found = new Map<string, Entry>();
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const { mode, ino } = lstatSync(path);
      const kind = kindOf(path);
      const bytes = kind === 'file' ? readFileSync(path) : undefined;
      const sha256 = bytes === undefined ? '' : sha256Hex(bytes);
      const text = bytes !== undefined && bytes.length < MOST_TEXT_BYTES ? bytes.toString('latin1') : '';
      found.set(relative(root, path), { kind, mode: mode & 0o7777, ino, sha256, text });
      if (kind === 'folder') walk(path);
    }
  };
  walk(root);
  return found;
}

/** The same for places that hold the same: which process wrote something and when makes no difference. */
export function listingKey(entries: ReadonlyMap<string, Entry>): string {
  const content = ({ text, sha256 }: Entry): string => (text === '' ? sha256 : text.replaceAll(/\d{4,}/g, 'N'));
  return [...entries].map(([path, entry]) => `${path} ${entry.kind} ${entry.mode} ${content(entry)}`).join('\n');
}

function kindOf(path: string): Entry['kind'] {
  const found = lstatSync(path);
  if (found.isSymbolicLink()) return 'link';
  if (found.isDirectory()) return 'folder';
  return found.isFile() ? 'file' : 'other';
}
