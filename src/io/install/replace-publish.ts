/**
 * The steps of an installation that change what the next start finds. Spec: docs/spec/07-install.md.
 *
 * @module
 */
import { lstatSync } from 'node:fs';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { journalOfInstall, previousName, takeBackStart, type Journal } from '../../core/install/journal.ts';
import type { UpdateNames } from '../../ports/program.ts';
import { errnoOf } from '../files/file-error.ts';
import { openInstallFolderSync, openSubfolderSync, type InstallFolder } from './install-folder.ts';
import { readJournalSync, removeJournalSync, writeJournalSync } from './journal-file.ts';
import { stagedPath as newStagedPath } from './leftovers.ts';
import { isFile, keepPreviousProgram } from './previous-programs.ts';
import { isSameFile } from './replace-prepare.ts';
import type { Replacement } from './replace-parts.ts';
import { countLivingStartsSync, forgetStartsSync } from './running-starts.ts';

export async function runPreflight({ preflight, stagedPath, target, update }: Replacement): Promise<void> {
  if (preflight === undefined || update === undefined) return;
  await preflight({ path: stagedPath, programPath: target, to: update.to, signal: update.signal });
  if (update.signal?.aborted === true) {
    throw new PeerpatchError('CANCELLED', 'the installation was stopped; the old program is in place');
  }
}

export async function keepPrevious(replacement: Replacement): Promise<void> {
  const { target, old, system } = replacement;
  const { from } = updateOf(replacement);
  await keepPreviousProgram(openInstallFolderSync(target), previousName(from), {
    calls: system.calls,
    isExpected: (kept) => {
      const found = lstatSync(kept);
      // A copy is another file, of the same length.
      return old === undefined || isSameFile(found, old) || (found.nlink === 1 && found.size === old.size);
    },
  });
}

// eslint-disable-next-line @typescript-eslint/require-await -- a step as the others
export async function writeInstallJournal(replacement: Replacement): Promise<void> {
  const { target, onWarning } = replacement;
  const { to, from } = updateOf(replacement);
  const folder = openInstallFolderSync(target);
  const before = readJournalOr(folder, onWarning);
  let living = 0;
  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  replacement.undo = async () => {
    if (before === undefined) removeJournalSync(folder);
    // Nobody knows any more that those live: counted, they would look like starts that ended badly.
    else writeJournalSync(folder, before.phase === 'probation' ? takeBackStart(before, living) : before);
  };
  const nowMs = Date.now();
  writeJournalSync(folder, journalOfInstall({ to, from, before, nowMs }));
  // Before the new program is in place: a stop in between must not leave it starts of the old one, which would speak for it.
  living = countLivingStartsSync(folder, nowMs);
  forgetStartsSync(folder);
}

export async function publish({ stagedPath, target, old, system }: Replacement): Promise<void> {
  if (old === undefined) await publishNew(stagedPath, target);
  else await system.calls.rename(stagedPath, target);
}

/**
 * Windows: a running program may be renamed. Under its new name it is the one that is kept.
 *
 * After a roll back that is kept already, as another name of the same file, and a thin parent may run it: then nothing can be put in
 * its place, and what is moved aside is a leftover.
 */
export async function moveAside(replacement: Replacement): Promise<void> {
  const { target, old, system } = replacement;
  const { from } = updateOf(replacement);
  const folder = openInstallFolderSync(target);
  openSubfolderSync(folder, folder.previous);
  const kept = join(folder.previous, previousName(from));
  const aside = isFile(kept) ? newStagedPath(target) : kept;
  await system.calls.rename(target, aside);
  const { undo } = replacement;
  replacement.undo = async () => {
    await system.calls.rename(aside, target);
    await undo?.();
  };
  if (old === undefined || isSameFile(lstatSync(aside), old)) return;
  throw new PeerpatchError(
    'INSTALL_FAILED',
    `${target} was replaced by something else meanwhile: nothing was done, the next attempt looks at it again`,
  );
}

export async function moveIn({ stagedPath, target, system }: Replacement): Promise<void> {
  await system.calls.rename(stagedPath, target);
}

export async function syncFolder({ target }: Replacement): Promise<void> {
  const folder = await open(dirname(target), 'r').catch(() => undefined);
  try {
    await folder?.sync();
  } catch {
    // The new program is in place: saying it failed would be wrong. The name is as safe as the file system makes it.
  } finally {
    await folder?.close().catch(() => undefined); // the same
  }
}

/** A journal that cannot be read is as none: the one that is about to be written says what counts. */
function readJournalOr(folder: InstallFolder, onWarning: (warning: PeerpatchError) => void): Journal | undefined {
  try {
    return readJournalSync(folder);
  } catch (error) {
    if (!isPeerpatchError(error, 'INSTALL_STATE_DAMAGED')) throw error;
    onWarning(error);
    return undefined;
  }
}

function updateOf({ update }: Replacement): UpdateNames {
  if (update === undefined) throw new Error('only an update has these steps');
  return update;
}

/** A link fails where a rename would replace. Some file systems have no links: there the name is looked at just before. */
async function publishNew(stagedPath: string, target: string): Promise<void> {
  try {
    await link(stagedPath, target);
    await rm(stagedPath);
  } catch (error) {
    const exists = errnoOf(error) === 'EEXIST' || (await stat(target).catch(() => undefined)) !== undefined;
    if (exists) throw new PeerpatchError('INSTALL_FAILED', `${target} exists: choose another name`, { cause: error });
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK'].includes(errnoOf(error) ?? '')) throw error;
    await rename(stagedPath, target);
  }
}
