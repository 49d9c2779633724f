/**
 * The NodeMemory port on files in a private folder.
 *
 * node-secret                       32 random bytes, shared by all programs of this user
 * seen/<owner>/<name hash>-<seq>    empty: a statement with this number was accepted
 *
 * A number is the name of a file, and the highest name counts. Making a file and removing lower ones needs no lock and cannot be
 * interrupted half-way, so any number of processes may do it at once, and no power cut can lower what is remembered.
 *
 * @module
 */
import { link, mkdir, open, readdir, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { formatPublicKey, type PublicKey } from '../../core/keys/public-key.ts';
import { MAX_STATEMENT_SEQ } from '../../core/stamp/block.ts';
import type { NodeMemory } from '../../ports/memory.ts';
import type { Random } from '../../ports/random.ts';
import { errnoOf } from './file-error.ts';

export interface NodeMemoryOptions {
  readonly owner: PublicKey;
  /** A folder that only this user can write to: {@link openStateFolder}. Undefined: there is none, nothing outlives the process. */
  readonly folder: string | undefined;
  readonly random: Random;
  /** Told once that this node forgets when it ends, and each time that something was damaged. */
  readonly onError: (error: PeerpatchError) => void;
}

const SECRET_BYTES = 32;
const SEEN_NAME = /^([0-9a-f]{64})-(0|[1-9]\d{0,18})$/;

/** Touches no file: everything is read and written when it is needed. */
export function createNodeMemory({ owner, folder, random, onError }: NodeMemoryOptions): NodeMemory {
  /** What this process knows counts also where the disk says less. */
  const highest = new Map<string, bigint>();
  let secret: Promise<Uint8Array> | undefined;
  let isReported = false;
  const seen = folder === undefined ? undefined : join(folder, 'seen', formatPublicKey(owner));

  /** Failures are reported once: each look would bring the same again. */
  const attempt = async <T>(
    work: (folder: string) => Promise<T>,
    place: string | undefined,
  ): Promise<T | undefined> => {
    try {
      if (place !== undefined) return await work(place);
      report(undefined);
    } catch (cause) {
      if (errnoOf(cause) === undefined) throw cause;
      report(cause);
    }
    return undefined;
  };
  const report = (cause: unknown): void => {
    if (isReported) return;
    isReported = true;
    onError(unusable(folder, cause));
  };

  return {
    secret: () =>
      (secret ??= (async () => {
        const fresh = random.bytes(SECRET_BYTES);
        return (await attempt((place) => keepSecret(place, fresh, onError), folder)) ?? fresh;
      })()),
    highestSeq: async (nameHash) => {
      const name = toHex(nameHash);
      const kept = (await attempt((place) => readHighest(place, name), seen)) ?? 0n;
      const known = highest.get(name) ?? 0n;
      return kept > known ? kept : known;
    },
    accepted: async (nameHash, seq) => {
      const name = toHex(nameHash);
      if (seq > (highest.get(name) ?? 0n)) highest.set(name, seq);
      await attempt((place) => keepSeq(place, name, seq), seen);
    },
  };
}

/** The secret that is there, or `fresh` put there. */
async function keepSecret(
  folder: string,
  fresh: Uint8Array,
  onError: NodeMemoryOptions['onError'],
): Promise<Uint8Array> {
  const path = join(folder, 'node-secret');
  const kept = await readSecret(path);
  if (kept?.length === SECRET_BYTES) return kept;
  if (kept !== undefined) {
    onError(
      new PeerpatchError('MEMORY_UNUSABLE', `${path} is damaged (${kept.length} bytes): this node gets another secret`),
    );
  }
  const staged = join(folder, `.node-secret.${toHex(fresh.subarray(0, 6))}`);
  let file: FileHandle | undefined;
  try {
    file = await open(staged, 'wx', 0o600);
    await file.writeFile(fresh);
    await file.sync();
    await file.close();
    file = undefined;
    // A link fails where a rename would replace: of two processes that start at once the first decides.
    if (kept === undefined && (await isLinked(staged, path))) return fresh;
    const others = kept === undefined ? await readSecret(path) : undefined;
    if (others?.length === SECRET_BYTES) return others;
    await rename(staged, path);
    return fresh;
  } finally {
    await file?.close();
    await rm(staged, { force: true });
  }
}

/** False when there is a file already, or where the file system has no links. */
async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (['EEXIST', 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}

async function readSecret(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function readHighest(folder: string, name: string): Promise<bigint> {
  return (await listSeen(folder, name)).reduce((highest, seq) => (seq > highest ? seq : highest), 0n);
}

async function keepSeq(folder: string, name: string, seq: bigint): Promise<void> {
  const before = await listSeen(folder, name);
  if (before.some((kept) => kept >= seq)) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = await open(join(folder, `${name}-${seq.toString()}`), 'a', 0o600);
  await file.close();
  await syncFolder(folder);
  // Only now: until the new name is on disk the old one is all there is.
  for (const lower of before) await rm(join(folder, `${name}-${lower.toString()}`), { force: true });
}

/** All numbers kept under a name. */
async function listSeen(folder: string, name: string): Promise<bigint[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((each) => {
    const [, hash, digits] = SEEN_NAME.exec(each) ?? [];
    if (hash !== name || digits === undefined) return [];
    const seq = BigInt(digits);
    return seq <= MAX_STATEMENT_SEQ ? [seq] : [];
  });
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  try {
    await handle?.sync();
  } catch {
    // Some systems do not sync folders: the name is as safe as the file system makes it.
  } finally {
    await handle?.close();
  }
}

function unusable(folder: string | undefined, cause: unknown): PeerpatchError {
  const reason =
    folder === undefined
      ? 'this user has no folder that others cannot write to'
      : `${folder}: ${errnoOf(cause) ?? String(cause)}`;
  return new PeerpatchError(
    'MEMORY_UNUSABLE',
    `could not keep what this node has seen (${reason}): it forgets when it ends; give the user a home, or set XDG_STATE_HOME`,
    { cause },
  );
}
