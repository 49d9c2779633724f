/**
 * The DeltaStore port on files: beside the program, and in a private folder. Spec: docs/spec/14-exchange.md.
 *
 * <program>.deltas/<root>                        put there by the owner, never changed here
 * <folder>/deltas/<root>                         kept from an update
 * <folder>/deltas/.content.<…>-<root>.peerpatch  there in part: see partial-name.ts
 *
 * All programs of a user share the folder, and any number of processes: a file appears under its root whole, by a rename, and
 * which ones go is the same for whoever looks. Failures have MEMORY_UNUSABLE: those of a program file end an update, and a
 * full cache must not.
 *
 * @module
 */
import { open, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { KEPT_DELTA_LIMITS, type KeptDeltaLimits } from '../../core/base/limits.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { PartialFile } from '../../ports/partial.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { errnoOf } from './file-error.ts';
import { removeOldest } from './kept-files.ts';
import { openPartials, partialPath, removeLeftovers } from '../install/leftovers.ts';
import { openProgram } from './open-program.ts';
import { partialStore, partialTarget } from '../install/partial-file.ts';

/** Where the owner's deltas of a program lie. @param path real path of the program */
export function deltasFolder(path: string): string {
  return `${path}.deltas`;
}

export interface DeltaStoreOptions {
  /** May be a symbolic link: the deltas lie beside the file behind it. */
  readonly programPath: string;
  /** A folder that only this user can write to. Undefined: there is none, nothing is kept. */
  readonly folder: string | undefined;
  /** A delta that could not be read, kept or removed: it is fetched by others, or again. */
  readonly onError: (error: PeerpatchError) => void;
  /** Default {@link KEPT_DELTA_LIMITS}. */
  readonly limits?: KeptDeltaLimits | undefined;
}

/** Touches no file: everything is opened and made when it is needed. */
export function deltaStore(options: DeltaStoreOptions): DeltaStore {
  const { programPath, onError, limits = KEPT_DELTA_LIMITS } = options;
  const folder = options.folder === undefined ? undefined : join(options.folder, 'deltas');
  let tidied: Promise<void> | undefined;

  /** Runs `work` for whom it is no loss when it fails: whoever opened the store is told. */
  const attempt = async <T>(path: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (cause) {
      if (isMistake(cause)) throw cause;
      if (!isMissing(cause)) onError(unusable(path, cause));
      return undefined;
    }
  };
  /** What ended processes left, and what another version of the limits kept. */
  const tidy = async (place: string): Promise<void> => {
    await attempt(place, () => removeLeftovers(partialTarget(place), Date.now()));
    await attempt(place, () => removeOldest({ folder: place, nowMs: Date.now(), limits }));
  };
  const openAt = (path: string): Promise<OpenProgram | undefined> => attempt(path, () => openDelta(path));

  return {
    async open(root, sizeBytes) {
      const name = toHex(root);
      if (folder !== undefined) await (tidied ??= tidy(folder));
      // Behind a link the owner's other files lie beside the real one. No program, no deltas beside it.
      const program = await realpath(programPath).catch(() => undefined);
      // What was kept had been verified then; beside the program may lie something else under the name.
      for (const place of [folder, program === undefined ? undefined : deltasFolder(program)]) {
        const delta = place === undefined ? undefined : await openAt(join(place, name));
        if (delta?.sizeBytes === sizeBytes) return delta;
        await delta?.close();
      }
      return undefined;
    },
    async partial(root, sizeBytes) {
      if (folder === undefined)
        throw unusable('none', new Error('this user has no folder that others cannot write to'));
      return partialDelta(folder, await explained(folder, partialStore(folder).open(toHex(root), sizeBytes)));
    },
    async keep(root) {
      if (folder === undefined) return undefined;
      const name = toHex(root);
      const path = partialPath(partialTarget(folder), name);
      const kept = join(folder, name);
      if (openPartials.has(path)) {
        onError(unusable(path, new Error('it is still being written')));
        return undefined;
      }
      const isFinished = await attempt(path, () => finish(path, limits.maxBytes));
      const delta = await openAt(path);
      if (delta === undefined) return openAt(kept); // kept already, by another thread of this process
      const isKept = await attempt(kept, async () => {
        if (isFinished === true) await rename(path, kept);
        return isFinished;
      });
      if (isKept !== true) await attempt(path, () => rm(path, { force: true }));
      else await attempt(folder, () => removeOldest({ folder, nowMs: Date.now(), limits }));
      return { ...delta, path: kept };
    },
  };
}

/** @throws the system's errors, and PeerpatchError PROGRAM_UNREADABLE */
async function openDelta(path: string): Promise<OpenProgram | undefined> {
  // Looked at before it is opened: opening a pipe would wait for somebody to write into it.
  if (!(await stat(path)).isFile()) return undefined;
  const file = await openProgram(path);
  return {
    ...file,
    read: (from) => explainedPieces(path, file.read(from)),
    readAt: (offset, length, memory) => explained(path, file.readAt(offset, length, memory)),
  };
}

/** The name is to appear only for bytes that are on the disk. Young from now on. False for more than `maxBytes`. */
async function finish(path: string, maxBytes: number): Promise<boolean> {
  const file = await open(path, 'r+');
  try {
    if ((await file.stat()).size > maxBytes) return false;
    const now = new Date();
    await file.utimes(now, now);
    await file.sync();
    return true;
  } finally {
    await file.close();
  }
}

function partialDelta(path: string, partial: PartialFile): PartialFile {
  return {
    sizeBytes: partial.sizeBytes,
    isNew: partial.isNew,
    read: (offset, length, memory) => explained(path, partial.read(offset, length, memory)),
    write: (offset, bytes) => explained(path, partial.write(offset, bytes)),
    close: () => explained(path, partial.close()),
    discard: () => explained(path, partial.discard()),
  };
}

async function explained<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw isMistake(cause) ? cause : unusable(path, cause);
  }
}

async function* explainedPieces(
  path: string,
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* pieces;
  } catch (cause) {
    throw unusable(path, cause);
  }
}

/** Neither the system's nor ours: a mistake in the program. */
function isMistake(error: unknown): boolean {
  return errnoOf(error) === undefined;
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(errnoOf(isPeerpatchError(error) ? error.cause : error) ?? '');
}

function unusable(path: string, cause: unknown): PeerpatchError {
  const reason = isPeerpatchError(cause) ? cause.message : (errnoOf(cause) ?? (cause as Error).message);
  return new PeerpatchError(
    'MEMORY_UNUSABLE',
    `could not use the place of a delta, ${path} (${reason}): updates go another way, and others cannot get it here`,
    { cause },
  );
}
