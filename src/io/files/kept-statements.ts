/**
 * The newest statement seen under a name, as a file: `<name hash>-s<seq>`, signed statement bytes. Spec: docs/spec/11-statement.md.
 *
 * Its number stands in its name, so the highest counts as in highest-name.ts, without a lock. It gets this name when it is whole,
 * and lower ones go after that: a power cut leaves the old one, the new one or both. What does not decode is as good as not there.
 * Verifies no signature: that is for whoever uses it.
 *
 * @module
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { MAX_STATEMENT_SEQ, type SignedItem } from '../../core/stamp/block.ts';
import { decodeSignedItem, encodeSignedItem, MAX_SIGNED_ITEM_BYTES } from '../../core/statement/signed-bytes.ts';
import { errnoOf } from './file-error.ts';
import { listValues, syncFolder } from './highest-name.ts';

/** Whether it is a statement's number as a name has it: decimal, without a leading zero. */
export function isSeq(text: string): boolean {
  return /^(0|[1-9]\d{0,18})$/.test(text) && BigInt(text) <= MAX_STATEMENT_SEQ;
}

export function compareSeqs(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

/** Undefined when none was kept that can be read. @throws the system's errors */
export async function readStatement(folder: string, nameHash: Uint8Array): Promise<SignedItem | undefined> {
  for (const seq of (await keptSeqs(folder, nameHash)).sort((a, b) => compareSeqs(b, a))) {
    const item = await readItem(pathOf(folder, nameHash, seq), seq);
    if (item !== undefined) return item;
  }
  return undefined;
}

/** Keeps it alone, unless one with a higher number is there. @throws the system's errors */
export async function keepStatement(folder: string, nameHash: Uint8Array, item: SignedItem): Promise<void> {
  const bytes = encodeSignedItem(item);
  const kept = await readStatement(folder, nameHash);
  if (kept !== undefined && (kept.seq > item.seq || equalBytes(encodeSignedItem(kept), bytes))) return;
  const seq = item.seq.toString();
  const path = pathOf(folder, nameHash, seq);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // One name for it, so that crashes leave no more than one. Another process that writes it now writes the same bytes.
  const staged = `${path}.new`;
  const file = await open(staged, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(staged, path).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error; // the other process was faster
  });
  await syncFolder(folder);
  for (const other of await keptSeqs(folder, nameHash)) {
    if (compareSeqs(other, seq) < 0) await removeStatement(folder, nameHash, other);
    else if (other !== seq && (await readItem(pathOf(folder, nameHash, other), other)) === undefined) {
      await removeStatement(folder, nameHash, other); // it would stay: nothing higher may ever come
    }
  }
}

/** @throws the system's errors */
export async function removeStatement(folder: string, nameHash: Uint8Array, seq: string): Promise<void> {
  await rm(pathOf(folder, nameHash, seq), { force: true });
}

function keptSeqs(folder: string, nameHash: Uint8Array): Promise<string[]> {
  return listValues({ folder, prefix: prefixOf(nameHash), isValue: isSeq });
}

function pathOf(folder: string, nameHash: Uint8Array, seq: string): string {
  return join(folder, `${prefixOf(nameHash)}${seq}`);
}

function prefixOf(nameHash: Uint8Array): string {
  return `${toHex(nameHash)}-s`;
}

/** Undefined for a file that is gone, or that holds something else than its name says. */
async function readItem(path: string, seq: string): Promise<SignedItem | undefined> {
  try {
    const item = decodeSignedItem(await readAtMost(path, MAX_SIGNED_ITEM_BYTES + 1));
    return item.seq.toString() === seq ? item : undefined;
  } catch (error) {
    if (isPeerpatchError(error, 'STATEMENT_MALFORMED') || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readAtMost(path: string, bytes: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
