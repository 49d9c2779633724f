/**
 * Whether a file can be run, found out before anything depends on it.
 *
 * A failing `execve` ends a Node 24 process with SIGABRT, and a thin parent has already closed what the host had open:
 * both can only be prevented. The look does not cover everything: a missing system library still shows at the start.
 *
 * @module
 */
import { access, constants, open, type FileHandle } from 'node:fs/promises';
import { PeerpatchError } from '../../core/base/errors.ts';

/** First bytes of what systems run: ELF, PE, Mach-O (thin both ways, and fat), scripts. Hex. */
const EXECUTABLE_STARTS = ['7f454c46', '4d5a', 'cffaedfe', 'cefaedfe', 'cafebabe', '2321'];

/** @throws PeerpatchError RESTART_FAILED */
export async function checkRunnable(path: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    await access(path, constants.X_OK);
    file = await open(path, 'r');
    if (!(await file.stat()).isFile()) throw new Error('not a file');
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0);
    const start = buffer.toString('hex', 0, bytesRead);
    if (!EXECUTABLE_STARTS.some((known) => start.startsWith(known))) throw new Error('not an executable file');
  } catch (cause) {
    throw new PeerpatchError(
      'RESTART_FAILED',
      `${path} cannot be run (${(cause as Error).message}): the old program goes on; install the program again`,
      { cause },
    );
  } finally {
    await file?.close();
  }
}
