/**
 * The steps of an installation that leave everything but the staged file alone. Spec: docs/spec/07-install.md.
 *
 * @module
 */
import type { BigIntStats, Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { PeerpatchError } from '../../core/base/errors.ts';
import { keepAttributes } from './attributes.ts';
import type { OldFile, Replacement } from './replace-parts.ts';

export async function checkLength({ staged, sizeBytes, target }: Replacement): Promise<void> {
  const { size } = await staged.stat();
  if (size === sizeBytes) return;
  throw new PeerpatchError('INSTALL_FAILED', `${size} of ${sizeBytes} bytes are on disk: ${target} was not replaced`);
}

export async function checkTarget({ target, old }: Replacement): Promise<void> {
  if (old === undefined) return; // `publish` refuses an existing file
  const now = await stat(target).catch((cause: unknown) => {
    throw new PeerpatchError('INSTALL_FAILED', `${target} was removed meanwhile and is not put back`, { cause });
  });
  if (isSameFile(now, old)) return;
  throw new PeerpatchError(
    'INSTALL_FAILED',
    `${target} was replaced by something else meanwhile: nothing was done, the next attempt looks at it again`,
  );
}

/** Some network file systems number a file anew at each look. */
export function isSameFile(now: Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs'>, old: OldFile): boolean {
  return (now.dev === old.dev && now.ino === old.ino) || (now.size === old.size && now.mtimeMs === old.mtimeMs);
}

export async function keepOldAttributes({ staged, target, old, onWarning }: Replacement): Promise<void> {
  if (old === undefined) return;
  await keepAttributes({ from: target, old, staged, onWarning });
}

export async function closeStaged(replacement: Replacement): Promise<void> {
  const { staged, stagedPath } = replacement;
  replacement.closed = await staged.stat({ bigint: true });
  // While it is open its number is not given to another file: from here on the name is known to lead to it.
  checkSame(stagedPath, await lstat(stagedPath, { bigint: true }), replacement.closed);
  await staged.close();
}

/** Between closing and publishing somebody who may write to the folder could have put another file there. */
export async function checkStaged({ stagedPath, closed }: Replacement): Promise<void> {
  if (closed === undefined) throw new Error('the staged file is closed before it is checked');
  const now = await lstat(stagedPath, { bigint: true }).catch((cause: unknown) => {
    throw new PeerpatchError('INSTALL_FAILED', `${stagedPath} was removed before it was installed`, { cause });
  });
  checkSame(stagedPath, now, closed);
}

function checkSame(path: string, now: BigIntStats, closed: BigIntStats): void {
  // The time of the last change cannot be set: whoever writes to it, links it or renames another one here changes it.
  const isSame = (['dev', 'ino', 'size', 'ctimeNs', 'mtimeNs', 'nlink'] as const).every(
    (key) => now[key] === closed[key],
  );
  if (now.isFile() && isSame && now.nlink === 1n) return;
  throw new PeerpatchError(
    'INSTALL_FAILED',
    `${path} was changed by somebody else after it had been checked: nothing was replaced; look who may write to the folder`,
  );
}
