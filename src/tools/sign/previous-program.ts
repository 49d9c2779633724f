/**
 * Reads an earlier release that a new one is signed after: whose it is, what it states, where a delta can start from.
 *
 * @module
 */
import { measureImage } from '../../agent/measure-image.ts';
import { readRelease } from '../../agent/read-release.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { checkStatement } from '../../core/statement/accept.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import { openProgram } from '../../io/files/open-program.ts';

export interface PreviousProgram {
  /** Real path. */
  readonly path: string;
  readonly stampOffset: number;
  /** Manifest root of its canonical image. */
  readonly root: Uint8Array;
  /** Undefined for one that was signed without. */
  readonly statement: SignedStatement | undefined;
}

/**
 * @throws PeerpatchError OPTION_INVALID for a program without a release block, and what `readRelease` throws: a wrong or
 *   damaged file would make a delta that fits nobody
 */
export async function readPrevious(
  path: string,
  owner: PublicKey,
  signal: AbortSignal | undefined,
): Promise<PreviousProgram> {
  const program = await openProgram(path);
  try {
    const { statement, measured } = await readRelease(program, owner, { signal });
    const { stampOffset } = measured;
    if (stampOffset === undefined) {
      throw new PeerpatchError(
        'OPTION_INVALID',
        `${program.path} has no release block: only programs made by "peerpatch build" can be previous ones`,
      );
    }
    const { root } = await measureImage(program, stampOffset, { signal });
    if (statement !== undefined) checkStatement(statement, measured, root);
    return { path: program.path, stampOffset, root, statement };
  } finally {
    await program.close();
  }
}
