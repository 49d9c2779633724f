/**
 * Notices when the program's path gets another file: by this process, by another one of the same program, by hand.
 *
 * @module
 */
import { isPeerpatchError } from '../core/base/errors.ts';
import type { PublicKey } from '../core/keys/public-key.ts';
import type { OpenProgram, ProgramStore } from '../ports/program.ts';
import type { KnownRelease } from './known-release.ts';
import { readRelease } from './read-release.ts';

/** A release and the open, verified file that holds it. */
export interface Offered extends KnownRelease {
  readonly program: OpenProgram;
}

export interface WatchReplacementOptions {
  /** Identity of the file that is known already. */
  readonly known: string;
  readonly signal: AbortSignal;
}

/**
 * Returns a function that looks at the path, and gives the verified program there when it is another file than at the
 * last look. Each file is read once, whatever it turns out to be.
 *
 * The function throws PeerpatchError PROGRAM_UNREADABLE, STAMP_* or RELEASE_* for a file that is not the owner's, and
 * CANCELLED when the signal aborts: reading a large program takes a second.
 */
export function watchReplacement(
  store: ProgramStore,
  owner: PublicKey,
  { known, signal }: WatchReplacementOptions,
): () => Promise<Offered | undefined> {
  let lastSeen: string | undefined = known;
  return async () => {
    let program: OpenProgram | undefined;
    let offered: Offered | undefined;
    try {
      program = await store.open();
      if (program.identity === lastSeen) return undefined;
      lastSeen = program.identity;
      const { release, statement } = await readRelease(program, owner, { signal });
      signal.throwIfAborted(); // whoever would offer it is ending
      offered = { release, statement, program };
      return offered;
    } catch (error) {
      // What could not be read may be the same file when it can, and is told of all the same.
      if (isPeerpatchError(error, 'PROGRAM_UNREADABLE')) lastSeen = undefined;
      throw error;
    } finally {
      if (offered === undefined) await program?.close();
    }
  };
}
