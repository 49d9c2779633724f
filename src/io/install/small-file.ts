/**
 * The small files of an install folder: read without following links, written whole or not at all.
 *
 * Synchronous: `spawn` needs them before the app's code goes on, and they are a few hundred bytes.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MAX_INSTALL_STATE_BYTES } from '../../core/base/limits.ts';
import { errnoOf } from '../files/file-error.ts';
import { renameOverSync } from './rename-over.ts';

/**
 * Undefined when there is none.
 *
 * @throws PeerpatchError INSTALL_STATE_DAMAGED for a link, anything but a file, a file too long; and the system's errors
 */
export function readSmallFileSync(path: string): Uint8Array | undefined {
  let handle: number | undefined;
  try {
    const seen = lstatSync(path);
    if (!seen.isFile()) throw damagedFile(path, 'it is not a regular file');
    // Not blocking: between the look and the opening it may have become a pipe.
    handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const opened = fstatSync(handle);
    // Where the system has no flag against links, this is what keeps us from reading another file.
    if (opened.dev !== seen.dev || opened.ino !== seen.ino) throw damagedFile(path, 'it changed while it was opened');
    if (opened.size > MAX_INSTALL_STATE_BYTES) throw damagedFile(path, `more than ${MAX_INSTALL_STATE_BYTES} bytes`);
    return readToEnd(handle, path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'ELOOP') throw damagedFile(path, 'it is a link');
    throw error;
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Under a new hidden name, to the disk, then renamed: never half of it. @throws the system's errors */
export function writeSmallFileSync(path: string, bytes: Uint8Array, mode = 0o644): void {
  const staged = hiddenName(path);
  let handle: number | undefined;
  try {
    handle = openSync(staged, 'wx', mode);
    giveWholeModeSync(handle, mode);
    for (let done = 0; done < bytes.length;) done += writeSync(handle, bytes, done);
    fsyncSync(handle);
    const written = handle;
    handle = undefined; // closed below whatever the answer is: a second time it might be another file's number
    closeSync(written);
    renameOverSync(staged, path);
  } catch (error) {
    if (handle !== undefined) closeSync(handle);
    rmSync(staged, { force: true });
    throw error;
  }
  syncFolderSync(dirname(path));
}

/** A new name beside `path` for what is not yet whole: sweep.ts removes what a kill leaves. */
export function hiddenName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}`);
}

/**
 * The mode a file was opened with, whatever the umask took of it: what root makes, the program's own user has to read.
 *
 * Asked first: a file system without modes of its own may refuse what it shows already. @throws the system's errors
 */
export function giveWholeModeSync(handle: number, mode: number): void {
  if ((fstatSync(handle).mode & mode) !== mode) fchmodSync(handle, mode);
}

/** @throws the system's errors, not for a missing file */
export function removeSmallFileSync(path: string): void {
  rmSync(path, { force: true });
  syncFolderSync(dirname(path));
}

/** Names reach the disk. Some systems do not sync folders: there a name is as safe as the file system makes it. */
export function syncFolderSync(path: string): void {
  try {
    const handle = openSync(path, 'r');
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  } catch {
    // What was done is done: to say that it failed would be wrong.
  }
}

function readToEnd(handle: number, path: string): Uint8Array {
  const bytes = new Uint8Array(MAX_INSTALL_STATE_BYTES + 1);
  let filled = 0;
  for (;;) {
    const read = readSync(handle, bytes, filled, bytes.length - filled, null);
    filled += read;
    if (filled > MAX_INSTALL_STATE_BYTES) throw damagedFile(path, `more than ${MAX_INSTALL_STATE_BYTES} bytes`);
    if (read === 0) return bytes.slice(0, filled);
  }
}

function damagedFile(path: string, why: string): PeerpatchError {
  return new PeerpatchError('INSTALL_STATE_DAMAGED', `${path} is damaged: ${why}; it counts as if it were not there`);
}
