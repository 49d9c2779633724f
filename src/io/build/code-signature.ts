/**
 * Gives a Mach-O executable an ad hoc code signature: enough to run, names nobody. Spec: docs/spec/18-code-signature.md.
 *
 * Apple silicon ends a program at once whose signature does not fit. No tool of Apple's is needed, so this runs on any system. A
 * signature that is there is replaced.
 *
 * @module
 */
import { open, type FileHandle } from 'node:fs/promises';
import { PeerpatchError } from '../../core/base/errors.ts';
import { planCodeSignature, SIGNATURE_HEAD_BYTES } from '../../core/codesign/header.ts';
import { createSignatureWatch, renewPageHashes } from '../../core/codesign/watch.ts';
import { readFormat } from '../../core/stamp/format.ts';
import { writeAll } from '../install/file-writing.ts';

const PIECE_BYTES: number = 1024 ** 2;

/**
 * @param identifier what the program calls itself: see core/codesign/header.ts
 * @returns whether the file is a Mach-O program: others are left as they are
 * @throws PeerpatchError CODE_SIGNATURE_INVALID, STAMP_MALFORMED for a file that cannot be signed; the system's errors
 */
export async function addCodeSignature(path: string, identifier: string, signal?: AbortSignal): Promise<boolean> {
  const file = await open(path, 'r+');
  try {
    const { size: fileBytes } = await file.stat();
    const head = await readFrom(file, 0, Math.min(SIGNATURE_HEAD_BYTES, fileBytes));
    const kind = readFormat(head);
    if ('need' in kind || kind.format?.startsWith('macho-') !== true) return false;
    const plan = planCodeSignature({ head, fileBytes, identifier });
    await file.truncate(plan.codeBytes); // cuts an old one off, or fills up with zeros
    await writeAll(file, plan.head, 0);
    await writeAll(file, plan.signature, plan.codeBytes);
    await writePageHashes(file, signal);
    return true;
  } finally {
    await file.close();
  }
}

async function writePageHashes(file: FileHandle, signal: AbortSignal | undefined): Promise<void> {
  const watch = createSignatureWatch();
  for (let at = 0; ;) {
    signal?.throwIfAborted();
    const piece = await readFrom(file, at, PIECE_BYTES);
    if (piece.length === 0) break;
    watch.update(piece);
    at += piece.length;
  }
  const hashes = renewPageHashes(watch.finish());
  if (hashes === undefined) throw new PeerpatchError('CODE_SIGNATURE_INVALID', 'the program lost its code signature');
  await writeAll(file, hashes.bytes, hashes.offset);
}

/** Fewer bytes at the end of the file only. */
async function readFrom(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}
