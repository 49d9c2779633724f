/**
 * What a power cut may leave: a disk that keeps only what was synced, and of the rest any part.
 *
 * A file's bytes and attributes are safe when the file was synced, a name when its folder was. Of changed names that were not
 * synced any selection may have reached the disk, in their order; of bytes none, all, or the length alone with zeros in it. A rename
 * is one step for both its folders, as file systems with a journal do it.
 *
 * @module
 */
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { diskState, type Content, type DiskState, type Names } from './disk-state.ts';
import type { Place } from './place.ts';
import type { Operation } from './shim.ts';

/** How unsynced bytes look afterwards. */
type Bytes = 'lost' | 'zeros' | 'kept';
const BYTES: readonly Bytes[] = ['lost', 'zeros', 'kept'];
/** With more unsynced names not every selection is tried: prefixes, each missing alone, each there alone. */
const MAX_FREE_NAMES = 6;
const NEW_FILE = 0o100;

interface Inode {
  readonly id: number;
  readonly isFolder: boolean;
  /** On disk. */
  safe: Content;
  now: Content;
}

/** One name set (or removed, without inode). */
interface NameStep {
  readonly folder: number;
  readonly name: string;
  readonly inode: number | undefined;
}

/** What happened to names at once. */
interface NameChange {
  readonly steps: readonly NameStep[];
  isSafe: boolean;
}

/** Takes the tree as it is on disk, then the operations of a trace in their order. */
export class Disk {
  readonly #root: string;
  readonly #inodes: Inode[] = [];
  readonly #start: Names = new Map();
  readonly #now: Names = new Map();
  readonly #changes: NameChange[] = [];
  readonly #open = new Map<string, Inode>();

  constructor({ root }: Place) {
    this.#root = root;
    const known = new Map<number, Inode>();
    const read = (path: string): Inode => {
      const { ino, mode } = lstatSync(path);
      const isFolder = lstatSync(path).isDirectory();
      const there = known.get(ino);
      if (there !== undefined) return there;
      const inode = this.#newInode(isFolder, mode & 0o7777, isFolder ? Buffer.alloc(0) : readFileSync(path));
      inode.safe = inode.now;
      known.set(ino, inode);
      if (isFolder) for (const name of readdirSync(path)) this.#startName(inode.id, name, read(join(path, name)).id);
      return inode;
    };
    read(root);
  }

  /** Fails for an operation that it does not know: what is not understood cannot be judged. */
  apply({ isChange, name, result, about }: Operation): void {
    if (result < 0) return;
    const [first = '', second = '', third = ''] = about;
    switch (name) {
      case 'open':
        this.#opened(first, Number(second), { file: String(result), mode: Number(third) });
        return;
      case 'close':
        this.#open.delete(first);
        return;
      case 'dup': {
        const there = this.#open.get(first);
        if (there === undefined) this.#open.delete(second);
        else this.#open.set(second, there);
        return;
      }
      case 'write':
      case 'copy':
        this.#written(this.#fileOf(first), Number(second), Buffer.from(third, 'hex'));
        return;
      case 'truncate':
        this.#resized(this.#fileOf(first), Number(second));
        return;
      case 'sync':
        this.#synced(this.#fileOf(first));
        return;
      case 'datasync': {
        const file = this.#fileOf(first);
        file.safe = { ...file.safe, data: file.now.data };
        return;
      }
      case 'rename':
        this.#named([this.#step(second, this.#at(first)), this.#step(first, undefined)], first, second);
        return;
      case 'link':
        this.#named([this.#step(second, this.#at(first))]);
        return;
      case 'unlink':
      case 'rmdir':
        this.#named([this.#step(first, undefined)]);
        return;
      case 'mkdir':
        this.#named([this.#step(first, this.#newInode(true, Number(second) & 0o755, Buffer.alloc(0)))]);
        return;
      case 'fchmod':
        this.#modeSet(this.#fileOf(first), Number(second));
        return;
      case 'chmod':
        this.#modeSet(this.#at(first), Number(second));
        return;
      case 'utimes':
      case 'futimes':
      case 'chown':
      case 'fchown':
        return;
      default:
        if (isChange) throw new Error(`the model of the disk does not know ${name}`);
    }
  }

  /** Every state that a cut at this moment may leave. */
  states(after: string): readonly DiskState[] {
    const free = this.#changes.filter(({ isSafe }) => !isSafe);
    return selections(free.length).flatMap((selected) =>
      BYTES.map((bytes) => {
        const lost = free.flatMap((change, index) => (selected.has(index) ? [] : [describeChange(change)]));
        const names = this.#names((change) => change.isSafe || selected.has(free.indexOf(change)));
        const contents = new Map(this.#inodes.map((inode) => [inode.id, contentOf(inode, bytes)]));
        const name = `after ${after}; unsynced bytes ${bytes}; lost names: ${lost.join(', ') || 'none'}`;
        return diskState(name, names, contents);
      }),
    );
  }

  #newInode(isFolder: boolean, mode: number, data: Buffer): Inode {
    const empty = { data: Buffer.alloc(0), mode };
    const inode: Inode = { id: this.#inodes.length, isFolder, safe: empty, now: { data, mode } };
    this.#inodes.push(inode);
    if (isFolder) for (const names of [this.#start, this.#now]) names.set(inode.id, new Map());
    return inode;
  }

  #startName(folder: number, name: string, inode: number): void {
    for (const names of [this.#start, this.#now]) names.get(folder)?.set(name, inode);
  }

  #opened(path: string, flags: number, { file, mode }: { readonly file: string; readonly mode: number }): void {
    const there = this.#find(path);
    if (there === undefined && (flags & NEW_FILE) === 0) throw new Error(`${path} was opened and is unknown`);
    const inode = there ?? this.#newInode(false, mode & 0o755, Buffer.alloc(0));
    if (there === undefined) this.#named([this.#step(path, inode)]);
    this.#open.set(file, inode);
    if ((flags & 0o1000) !== 0) this.#resized(inode, 0);
  }

  #written(inode: Inode, offset: number, bytes: Buffer): void {
    const data = Buffer.alloc(Math.max(inode.now.data.length, offset + bytes.length));
    inode.now.data.copy(data);
    bytes.copy(data, offset);
    inode.now = { ...inode.now, data };
  }

  #resized(inode: Inode, length: number): void {
    const data = Buffer.alloc(length);
    inode.now.data.copy(data);
    inode.now = { ...inode.now, data };
  }

  #modeSet(inode: Inode, mode: number): void {
    inode.now = { ...inode.now, mode: mode & 0o7777 };
    // Of folders only names are judged.
    if (inode.isFolder) inode.safe = inode.now;
  }

  #synced(inode: Inode): void {
    inode.safe = inode.now;
    if (!inode.isFolder) return;
    for (const change of this.#changes)
      if (change.steps.some(({ folder }) => folder === inode.id)) change.isSafe = true;
  }

  #named(steps: readonly NameStep[], from?: string, to?: string): void {
    // Both names lead to one file: then a rename does nothing.
    if (from !== undefined && to !== undefined && this.#find(from) === this.#find(to)) return;
    this.#changes.push({ steps, isSafe: false });
    for (const step of steps) setName(this.#now, step);
  }

  #step(path: string, inode: Inode | undefined): NameStep {
    return { folder: this.#at(dirname(path)).id, name: basename(path), inode: inode?.id };
  }

  #fileOf(file: string): Inode {
    const inode = this.#open.get(file);
    if (inode === undefined) throw new Error(`file ${file} is not open`);
    return inode;
  }

  #at(path: string): Inode {
    const found = this.#find(path);
    if (found === undefined) throw new Error(`${path} is unknown`);
    return found;
  }

  #find(path: string): Inode | undefined {
    let id: number | undefined = 0;
    for (const name of path.slice(this.#root.length).split('/').filter(Boolean)) {
      id = id === undefined ? undefined : this.#now.get(id)?.get(name);
    }
    return id === undefined ? undefined : this.#inodes[id];
  }

  #names(isThere: (change: NameChange) => boolean): Names {
    const names: Names = new Map([...this.#start].map(([folder, entries]) => [folder, new Map(entries)]));
    for (const change of this.#changes) if (isThere(change)) for (const step of change.steps) setName(names, step);
    return names;
  }
}

function setName(names: Names, { folder, name, inode }: NameStep): void {
  if (inode === undefined) names.get(folder)?.delete(name);
  else names.get(folder)?.set(name, inode);
}

function contentOf({ safe, now }: Inode, bytes: Bytes): Content {
  if (bytes === 'lost') return safe;
  if (bytes === 'kept' || now.data.equals(safe.data)) return now;
  const data = Buffer.alloc(now.data.length);
  safe.data.copy(data);
  return { ...now, data };
}

/** Which of the free names reached the disk. */
function selections(count: number): readonly ReadonlySet<number>[] {
  const all = Array.from({ length: count }, (_, index) => index);
  if (count <= MAX_FREE_NAMES) {
    return Array.from({ length: 2 ** count }, (_, bits) => new Set(all.filter((index) => (bits >> index) & 1)));
  }
  return [
    ...Array.from({ length: count + 1 }, (_, length) => new Set(all.slice(0, length))),
    ...all.map((missing) => new Set(all.filter((index) => index !== missing))),
    ...all.map((only) => new Set([only])),
  ];
}

function describeChange({ steps }: NameChange): string {
  return steps.map(({ name, inode }) => `${inode === undefined ? '-' : '+'}${name}`).join(' ');
}
