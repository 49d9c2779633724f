/**
 * A tree that a power cut may leave: names and contents as disk.ts found them, written out as files.
 *
 * @module
 */
import { chmodSync, linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { placeAt, type Place } from './place.ts';
import { sha256Hex } from './programs.ts';

export interface Content {
  readonly data: Buffer;
  readonly mode: number;
}

/** By folder, then by name: the file or folder. */
export type Names = Map<number, Map<string, number>>;

/** A tree that may be there afterwards. */
export interface DiskState {
  /** For people: after which change, and what is taken to be lost. */
  readonly name: string;
  readonly key: string;
  readonly write: (root: string) => Place;
}

export function diskState(name: string, names: Names, contents: ReadonlyMap<number, Content>): DiskState {
  const lines: string[] = [];
  const walk = (folder: number, path: string): void => {
    for (const [entry, inode] of [...(names.get(folder) ?? [])].sort()) {
      const content = contents.get(inode);
      if (names.has(inode)) {
        lines.push(`${path}/${entry}`);
        walk(inode, `${path}/${entry}`);
      } else
        lines.push(`${path}/${entry} ${inode} ${content?.mode ?? 0} ${sha256Hex(content?.data ?? Buffer.alloc(0))}`);
    }
  };
  walk(0, '');
  return { name, key: lines.join('\n'), write: (root) => writeTree(root, names, contents) };
}

function writeTree(root: string, names: Names, contents: ReadonlyMap<number, Content>): Place {
  const written = new Map<number, string>();
  const write = (inode: number, path: string): void => {
    const content = contents.get(inode);
    const before = written.get(inode);
    const entries = names.get(inode);
    if (before !== undefined) linkSync(before, path);
    else if (entries !== undefined) {
      mkdirSync(path);
      for (const [name, child] of entries) write(child, join(path, name));
    } else writeFileSync(path, content?.data ?? Buffer.alloc(0));
    chmodSync(path, content?.mode ?? 0);
    if (entries === undefined) written.set(inode, path);
  };
  write(0, root);
  return placeAt(root);
}
