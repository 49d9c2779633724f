/**
 * Precondition: the system would let the program's name be given to another file.
 *
 * Tried with `rmdir` of the program: the kernel asks the same questions as for a rename over it (folder, sticky bit, immutable and
 * append-only files), and then fails with ENOTDIR, because a program is no folder. Nothing can come of it. Only on Linux is the
 * order known to be that one.
 *
 * @module
 */
import { rmdir } from 'node:fs/promises';
import { PeerpatchError } from '../../../core/base/errors.ts';
import { shellWord } from '../../../core/install/shell-word.ts';
import { errnoOf } from '../../files/file-error.ts';
import type { Place } from './place.ts';
import { notWritable, readOnly } from './writable.ts';

/** @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_READ_ONLY, and ENOENT when the program is gone */
export async function checkReplaceable(place: Place): Promise<void> {
  const { target, folder, program, system } = place;
  if (system.platform !== 'linux' || program === undefined) return;
  const cause = await rmdir(target).then(
    () => undefined,
    (error: unknown) => error,
  );
  switch (errnoOf(cause)) {
    case 'EACCES':
      throw await notWritable(place, cause);
    case 'EROFS':
      throw await readOnly(place, cause);
    case 'EPERM': {
      const unlock = `sudo chattr -i -a ${shellWord(folder)} ${shellWord(target)}`;
      const message = `${target} cannot be replaced (EPERM): it or its folder is immutable or append-only ("${unlock}"), or of a user this container does not know`;
      throw new PeerpatchError('INSTALL_NOT_WRITABLE', message, { cause });
    }
    case 'ENOENT':
      throw cause;
    case undefined:
    default:
      return; // ENOTDIR: it may be replaced. What else a file system says is left to the install
  }
}
