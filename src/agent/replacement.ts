/**
 * Notices when the program's path gets another file: by this process, by another one of the same program, by hand.
 *
 * @module
 */
import type { PublicKey } from '../core/keys/public-key.ts';
import type { OpenProgram, ProgramStore } from '../ports/program.ts';
import type { KnownRelease } from './known-release.ts';
import { readRelease } from './read-release.ts';

/** A release and the open, verified file that holds it. */
export interface Offered extends KnownRelease {
  readonly program: OpenProgram;
}

/**
 * Returns a function that looks at the path, and gives the verified program there when it is another file than at the
 * last look. Each file is read once, whatever it turns out to be.
 *
 * The function throws PeerpatchError PROGRAM_UNREADABLE, and STAMP_* or RELEASE_* for a file that is not the owner's.
 *
 * @param known identity of the file that is known already
 */
export function watchReplacement(
  store: ProgramStore,
  owner: PublicKey,
  known: string,
): () => Promise<Offered | undefined> {
  let lastSeen = known;
  return async () => {
    const program = await store.open();
    let offered: Offered | undefined;
    try {
      if (program.identity === lastSeen) return undefined;
      lastSeen = program.identity;
      const { release, statement } = await readRelease(program, owner);
      offered = { release, statement, program };
      return offered;
    } finally {
      if (offered === undefined) await program.close();
    }
  };
}
