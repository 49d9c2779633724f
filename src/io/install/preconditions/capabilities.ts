/**
 * Precondition: file capabilities of the program (`setcap`) can be given to the new one.
 *
 * Without them that one could not do what it is there for: open a low port, for example. It would be taken back in its probation, and
 * so would each release after it.
 *
 * @module
 */
import { open, rm } from 'node:fs/promises';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { shellWord } from '../../../core/install/shell-word.ts';
import { losesCapabilities } from '../attributes.ts';
import { stagedPath } from '../leftovers.ts';
import type { Place } from './place.ts';

/** @param copyTool for tests. @throws PeerpatchError INSTALL_NOT_WRITABLE, and the system's errors */
export async function checkCapabilities({ target, program, system }: Place, copyTool?: string): Promise<void> {
  if (system.platform !== 'linux' || program === undefined) return;
  // Named as a staged file: what a kill in this moment leaves is swept with those.
  const path = stagedPath(target);
  const staged = await open(path, 'wx', 0o600);
  try {
    if (!(await losesCapabilities({ from: target, staged, copyTool }))) return;
  } finally {
    await staged.close().finally(() => rm(path, { force: true }));
  }
  const word = shellWord(target);
  throw new PeerpatchError(
    'INSTALL_NOT_WRITABLE',
    `${target} has file capabilities, which user ${system.uid ?? '-'} may not give to a new program: take them away ("sudo setcap -r ${word}") and have its service manager give them (AmbientCapabilities= in a systemd unit), or update it as root, or keep this version ("peerpatch pin ${word}") and update by hand, with setcap`,
  );
}
