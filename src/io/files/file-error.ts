/**
 * What a failed file operation means to the owner of the machine: a code, and the fix in the sentence.
 *
 * @module
 */
import { dirname } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';

const NO_SPACE = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** The error for a replacement that failed with `cause`: the program at `path` is still the old one. @param platform for tests */
export function installError(
  path: string,
  cause: unknown,
  platform: NodeJS.Platform = process.platform,
): PeerpatchError {
  if (cause instanceof PeerpatchError) return cause;
  const code = errnoOf(cause);
  if (code === 'EROFS') {
    const message = `${path} is on a read-only file system (${code}): move the program to one that can be written`;
    return new PeerpatchError('INSTALL_READ_ONLY', message, { cause });
  }
  const fix = platform === 'win32' ? windowsFix(code, dirname(path)) : permissionFix(code, dirname(path));
  if (fix !== undefined) {
    const message = `no permission to put a file at ${path} (${code ?? ''}): ${fix}`;
    return new PeerpatchError('INSTALL_NOT_WRITABLE', message, { cause });
  }
  if (isNoSpace(cause)) {
    const message = `no room beside ${path} (${code ?? ''}): free as much space as the program takes`;
    return new PeerpatchError('INSTALL_NO_SPACE', message, { cause });
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const message = `${path} is gone: put the program back where it was started from`;
    return new PeerpatchError('PROGRAM_UNREADABLE', message, { cause });
  }
  const message = `could not replace ${path} (${code ?? String(cause)}): the old program is in place`;
  return new PeerpatchError('INSTALL_FAILED', message, { cause });
}

/** The error for a program that cannot be read. */
export function unreadable(path: string, cause: unknown): PeerpatchError {
  return new PeerpatchError(
    'PROGRAM_UNREADABLE',
    `could not read the program ${path} (${errnoOf(cause) ?? (cause as Error).message}): is it there, and readable for this user`,
    { cause },
  );
}

/** Whether an operation failed because the disk, or what a user may have of it, is full. */
export function isNoSpace(error: unknown): boolean {
  return NO_SPACE.includes(errnoOf(error) ?? '');
}

/** The system's name of an error, `ENOENT` for example. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** Windows says the same where a permission is missing and where a program runs that is to be replaced. */
function windowsFix(code: string | undefined, folder: string): string | undefined {
  if (!['EPERM', 'EACCES'].includes(code ?? '')) return undefined;
  return `let this user write to the folder (${grantFix(folder)}), or end what holds the file, a scanner for example`;
}

/** The command that lets this user of Windows write to a folder. */
export function grantFix(folder: string): string {
  return `icacls "${folder}" /grant "%USERNAME%:(OI)(CI)M"`;
}

function permissionFix(code: string | undefined, folder: string): string | undefined {
  switch (code) {
    case 'EACCES':
      return `let this user write to ${folder} if that is the program's own folder, or move the program to one of its own`;
    case 'EPERM':
      return `the folder or the file is immutable ("sudo chattr -i '${folder}'") or belongs to another user in a shared folder`;
    case undefined:
    default:
      return undefined;
  }
}
