/**
 * The highest of all values ever kept, as the name of an empty file: `<prefix><value>`.
 *
 * Making a file and removing lower ones needs no lock and cannot be interrupted half-way, so any number of processes may do it at
 * once, and no power cut can lower what is remembered.
 *
 * @module
 */
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './file-error.ts';

export interface HighestOptions {
  readonly folder: string;
  /** What stands in front of the value in a name. */
  readonly prefix: string;
  /** Whether a text is a value, written in the one way there is. Files with other names are left alone. */
  readonly isValue: (text: string) => boolean;
  /** Negative when `a` is lower, positive when it is higher. */
  readonly compare: (a: string, b: string) => number;
}

/** Undefined when nothing was kept. @throws the system's errors */
export async function readHighest(options: HighestOptions): Promise<string | undefined> {
  const [highest] = (await listValues(options)).sort((a, b) => options.compare(b, a));
  return highest;
}

/** A lower value than the one that is there changes nothing. @throws the system's errors */
export async function keepHighest(value: string, options: HighestOptions): Promise<void> {
  const { folder, prefix, compare } = options;
  const before = await listValues(options);
  if (before.some((kept) => compare(kept, value) >= 0)) return;
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  // A folder whose own name is lost takes what is in it along.
  for (let path = folder; made !== undefined && path.length >= made.length; path = dirname(path)) {
    await syncFolder(dirname(path));
  }
  const file = await open(join(folder, `${prefix}${value}`), 'a', 0o600);
  await file.close();
  await syncFolder(folder);
  // Only now: until the new name is on disk the old one is all there is.
  for (const lower of before) {
    // Where the file system knows no capitals this would be the new name.
    if (lower.toLowerCase() === value.toLowerCase()) continue;
    await rm(join(folder, `${prefix}${lower}`), { force: true });
  }
}

/** The values that stand in names. @throws the system's errors */
export async function listValues({ folder, prefix, isValue }: Omit<HighestOptions, 'compare'>): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((name) => {
    const value = name.slice(prefix.length);
    return name.startsWith(prefix) && isValue(value) ? [value] : [];
  });
}

/** Never rejects. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // Some systems do not sync folders: the name is as safe as the file system makes it.
  } finally {
    await handle?.close();
  }
}
