/**
 * Files that hold an owner key: made for their owner's eyes only, never overwritten, read with care. Spec: docs/spec/01-key.md.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { link, open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { KEY_TEXT_LENGTH } from '../../core/keys/public-key.ts';
import { errnoOf } from './file-error.ts';

/** A key with any line ends and spaces around it. Larger files are something else: a program, a device. */
const MAX_KEY_FILE_BYTES: number = KEY_TEXT_LENGTH + 64;

export interface KeyFile {
  /** Without the whitespace around it. Secret. */
  readonly text: string;
  /** Whether other users of the machine can read or change the file. */
  readonly openToOthers: boolean;
}

/**
 * Writes `text` to a new file that nobody else can read. At no moment is there half a file under its name.
 *
 * @throws PeerpatchError KEY_FILE_EXISTS, KEY_FILE_UNWRITABLE
 */
export async function createKeyFile(path: string, text: string): Promise<void> {
  const target = resolve(path);
  const staged = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}`);
  let file: FileHandle | undefined;
  try {
    file = await open(staged, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await link(staged, target); // fails where a rename would replace
  } catch (cause) {
    const code = errnoOf(cause);
    if (code === 'EEXIST') {
      const message = `${target} exists, and a key is never overwritten: use it, or give another path`;
      throw new PeerpatchError('KEY_FILE_EXISTS', message, { cause });
    }
    throw new PeerpatchError(
      'KEY_FILE_UNWRITABLE',
      `could not make the key file ${target} (${code ?? String(cause)}): choose a folder that exists and can be written`,
      { cause },
    );
  } finally {
    await file?.close();
    await rm(staged, { force: true });
  }
}

/** @param platform for tests. @throws PeerpatchError KEY_FILE_UNREADABLE */
export async function readKeyFile(path: string, platform: NodeJS.Platform = process.platform): Promise<KeyFile> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const bytes = await readBounded(file);
    const stat = await file.stat();
    // Windows makes a mode up, in which everybody may read.
    const openToOthers = platform !== 'win32' && stat.isFile() && (stat.mode & 0o077) !== 0;
    return { text: bytes.toString('latin1').trim(), openToOthers };
  } catch (cause) {
    throw new PeerpatchError(
      'KEY_FILE_UNREADABLE',
      `could not read the key file ${path} (${errnoOf(cause) ?? (cause as Error).message}): give the file that "peerpatch gen" made`,
      { cause },
    );
  } finally {
    await file?.close();
  }
}

/** To the end, which pipes have too; without positions, which they have not. */
async function readBounded(file: FileHandle): Promise<Buffer> {
  const buffer = Buffer.alloc(MAX_KEY_FILE_BYTES + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
    if (length > MAX_KEY_FILE_BYTES) throw new Error('too long for a key');
  }
}
