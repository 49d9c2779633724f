/**
 * The NodeMemory port on files in a private folder.
 *
 * node-secret                            32 random bytes, shared by all programs of this user
 * seen/<owner>/<name hash>-<seq>         empty: a statement with this number was accepted
 * seen/<owner>/<name hash>-v<version>    empty: a statement of this version was accepted
 * seen/<owner>/v0-v<version>             empty: a release of this version and without a statement was accepted
 * seen/<owner>/<name hash>-s<seq>        the newest statement that was seen
 *
 * A number or version is the name of a file, and the highest name counts: highest-name.ts says why. One file of each kind is left
 * for each name.
 *
 * @module
 */
import { link, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { formatPublicKey, type PublicKey } from '../../core/keys/public-key.ts';
import type { SignedItem } from '../../core/stamp/block.ts';
import { compareAppVersions, isAppVersion } from '../../core/statement/app-version.ts';
import type { NodeMemory } from '../../ports/memory.ts';
import type { Random } from '../../ports/random.ts';
import { hiddenName, syncFolderSync } from '../install/small-file.ts';
import { errnoOf } from './file-error.ts';
import { keepHighest, readHighest, type HighestOptions } from './highest-name.ts';
import { compareSeqs, isSeq, keepStatement, readStatement, removeStatement } from './kept-statements.ts';

export interface NodeMemoryOptions {
  readonly owner: PublicKey;
  /** A folder that only this user can write to: {@link openStateFolder}. Undefined: there is none, nothing outlives the process. */
  readonly folder: string | undefined;
  readonly random: Random;
  /** Told once that this node forgets when it ends, and each time that something was damaged. */
  readonly onError: (error: PeerpatchError) => void;
}

const SECRET_BYTES = 32;

/** What is kept the highest of, without the folder. */
type Seen = Omit<HighestOptions, 'folder'>;

/** Touches no file: everything is read and written when it is needed. */
export function createNodeMemory({ owner, folder, random, onError }: NodeMemoryOptions): NodeMemory {
  /** What this process knows counts also where the disk says less. */
  const highest = new Map<string, string>();
  const statements = new Map<string, SignedItem>();
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

  const highestOf = async (what: Seen): Promise<string | undefined> => {
    const kept = await attempt((place) => readHighest({ ...what, folder: place }), seen);
    const known = highest.get(what.prefix);
    return kept === undefined || (known !== undefined && what.compare(known, kept) > 0) ? known : kept;
  };
  const keep = async (what: Seen, value: string): Promise<void> => {
    const known = highest.get(what.prefix);
    if (known === undefined || what.compare(value, known) > 0) highest.set(what.prefix, value);
    await attempt((place) => keepHighest(value, { ...what, folder: place }), seen);
  };

  return {
    secret: () =>
      (secret ??= (async () => {
        const fresh = random.bytes(SECRET_BYTES);
        return (await attempt((place) => keepSecret(place, fresh, onError), folder)) ?? fresh;
      })()),
    highestSeq: async (nameHash) => BigInt((await highestOf(seqSeen(nameHash))) ?? 0),
    accepted: (nameHash, seq) => keep(seqSeen(nameHash), seq.toString()),
    highestVersion: (nameHash) => highestOf(versionSeen(nameHash)),
    acceptedVersion: (nameHash, version) => keep(versionSeen(nameHash), version),
    seenStatement: async (nameHash) => {
      const kept = await attempt((place) => readStatement(place, nameHash), seen);
      const known = statements.get(toHex(nameHash));
      return kept === undefined || (known !== undefined && known.seq > kept.seq) ? known : kept;
    },
    sawStatement: async (nameHash, item) => {
      const known = statements.get(toHex(nameHash));
      if (known === undefined || item.seq >= known.seq) statements.set(toHex(nameHash), item);
      await attempt((place) => keepStatement(place, nameHash, item), seen);
    },
    forgetStatement: async (nameHash, seq) => {
      if (statements.get(toHex(nameHash))?.seq === seq) statements.delete(toHex(nameHash));
      await attempt((place) => removeStatement(place, nameHash, seq.toString()), seen);
    },
  };
}

function seqSeen(nameHash: Uint8Array): Seen {
  return { prefix: `${toHex(nameHash)}-`, isValue: isSeq, compare: compareSeqs };
}

function versionSeen(nameHash: Uint8Array | undefined): Seen {
  const name = nameHash === undefined ? 'v0' : toHex(nameHash);
  return { prefix: `${name}-v`, isValue: isAppVersion, compare: compareAppVersions };
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
  // What a kill leaves of it is removed by a later start.
  const staged = hiddenName(path);
  let file: FileHandle | undefined;
  try {
    file = await open(staged, 'wx', 0o600);
    await file.writeFile(fresh);
    await file.sync();
    await file.close();
    file = undefined;
    // A link fails where a rename would replace: of two processes that start at once the first decides.
    if (kept === undefined && (await isLinked(staged, path))) {
      syncFolderSync(folder);
      return fresh;
    }
    const others = kept === undefined ? await readSecret(path) : undefined;
    if (others?.length === SECRET_BYTES) return others;
    await rename(staged, path);
    syncFolderSync(folder);
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
