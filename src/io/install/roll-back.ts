/**
 * Puts the previous program back. Needs neither version to run. Spec: docs/spec/16-journal.md.
 *
 * In this order, so that a stop anywhere is finished by the next start of either program: the bad release goes into quarantine,
 * the previous program gets the name, the journal says what happened.
 *
 * @module
 */
import { rmSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { afterRollBack, type RolledBackJournal } from '../../core/install/journal.ts';
import type { ReleaseName } from '../../core/install/release-id.ts';
import type { RolledBack } from '../../core/install/rolled-back.ts';
import { errnoOf, installError, isNoSpace } from '../files/file-error.ts';
import { linkOrCopy, THIS_INSTALL_SYSTEM, type InstallSystem } from './file-calls.ts';
import { findInstallFolderSync, type InstallFolder } from './install-folder.ts';
import { readJournalSync, writeJournalSync } from './journal-file.ts';
import { stagedPath } from './leftovers.ts';
import { isFile } from './previous-programs.ts';
import { quarantineSync } from './quarantine.ts';
import { forgetStartsSync } from './running-starts.ts';
import { syncFolderSync } from './small-file.ts';

/** What to put back in place of what. */
export interface RollBackPlan {
  /** The bad one, which the program file holds. */
  readonly to: ReleaseName;
  /** What is put back. */
  readonly from: ReleaseName;
  /** Its name in the folder `previous`. */
  readonly previous: string;
}

export interface RollBackOptions {
  readonly programPath: string;
  /** One line for people: why. */
  readonly reason: string;
  readonly nowMs: number;
  /** Default: what the journal says. People may go back when there is no journal any more. */
  readonly plan?: RollBackPlan | undefined;
  /** The release that is at fault. Default: the one that the journal names. Not together with `plan`. */
  readonly bad?: ReleaseName | undefined;
  /**
   * With `bad`: whether the program file still holds it, asked when the journal says so. What people have put there by hand stays.
   * Default: it does.
   */
  readonly isBadInPlace?: ((programPath: string) => boolean) | undefined;
  /** The previous program is in place already (`finish-roll-back` of judge-start.ts): only the rest is done. */
  readonly isBack?: boolean | undefined;
  /** The release that is taken back stays out of quarantine: people want to go back, and it is not bad. */
  readonly keepsRelease?: boolean | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** For tests. */
  readonly system?: InstallSystem | undefined;
}

/**
 * Also ends a roll back that a kill cut short.
 *
 * @returns undefined when the journal is not about the release at fault any more, or the program file does not hold it: file and
 *   journal stay as they are, and that release goes into quarantine, unless it has proven itself or was taken back meanwhile
 * @throws PeerpatchError INSTALL_FAILED when there is nothing to go back to, INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE,
 *   INSTALL_STATE_DAMAGED: the program in place is the one before the call
 */
export async function rollBack(options: RollBackOptions): Promise<RolledBack | undefined> {
  const { programPath, reason, nowMs, bad, isBack = false, system = THIS_INSTALL_SYSTEM } = options;
  try {
    const folder = findInstallFolderSync(await realpath(programPath));
    if (folder === undefined) throw nothingKept(programPath);
    const journal = options.plan === undefined ? readJournalSync(folder) : undefined;
    if (bad !== undefined && journal !== undefined && journal.to.id !== bad.id) {
      // What a probation goes back to has proven itself; what was taken back is noted already.
      if (journal.from.id !== bad.id) noteBad(folder, bad, options);
      return undefined;
    }
    if (bad !== undefined && options.isBadInPlace?.(folder.programPath) === false) {
      noteBad(folder, bad, options);
      return undefined;
    }
    const plan = options.plan ?? (journal?.phase === 'probation' ? journal : undefined);
    if (plan === undefined) throw nothingKept(programPath);
    if (!isBack && !isFile(join(folder.previous, plan.previous))) throw nothingKept(programPath);
    noteBad(folder, plan.to, options);
    if (!isBack) await putBack(folder, plan, system);
    const undone = afterRollBack(plan, { reason, nowMs });
    writeDown(folder, undone);
    return { from: undone.from, to: undone.to, reason: undone.reason };
  } catch (cause) {
    throw installError(programPath, cause);
  }
}

function writeDown(folder: InstallFolder, journal: RolledBackJournal): void {
  try {
    writeJournalSync(folder, journal);
    forgetStartsSync(folder);
    rmSync(folder.ended, { force: true });
  } catch (error) {
    // The previous program is in place: to say that it is not would be wrong. The next start ends what is left.
    if (!isPeerpatchError(error) && errnoOf(error) === undefined) throw error;
  }
}

function noteBad(
  { programPath: program }: InstallFolder,
  { id, version }: ReleaseName,
  { reason, nowMs, env, keepsRelease = false }: RollBackOptions,
): void {
  if (keepsRelease) return;
  try {
    quarantineSync({ program, id, version, reason, nowMs, env });
  } catch (error) {
    // A full disk must not keep the good program away. The bad one may come again, and is taken back again.
    if (!isPeerpatchError(error) && errnoOf(error) === undefined) throw error;
  }
}

async function putBack(
  { programPath, previous }: InstallFolder,
  plan: RollBackPlan,
  { isWindows, calls }: InstallSystem,
): Promise<void> {
  const kept = join(previous, plan.previous);
  const staged = stagedPath(programPath);
  let source = staged;
  try {
    try {
      // It stays kept: what is staged is a second name.
      await linkOrCopy(calls, kept, staged);
    } catch (error) {
      if (!isNoSpace(error)) throw error;
      // No links, and no room for a copy: it gives up its own name. In one step, so that no stop leaves it under a staged name, which
      // would be swept. What ends the roll back after a stop needs no kept program.
      source = kept;
    }
    if (isWindows) await replaceRunning(programPath, source, calls);
    else await calls.rename(source, programPath);
  } finally {
    // Two names of one file are not renamed over each other: both stay.
    await calls.remove(staged).catch(() => undefined); // a leftover: the next staging sweeps it
  }
  syncFolderSync(dirname(programPath));
  if (source === kept) syncFolderSync(previous);
}

/** Windows: a running program may be renamed, not replaced. What is moved aside is swept when nobody runs it. */
async function replaceRunning(programPath: string, source: string, calls: InstallSystem['calls']): Promise<void> {
  const aside = stagedPath(programPath);
  await calls.rename(programPath, aside);
  try {
    await calls.rename(source, programPath);
  } catch (error) {
    await calls.rename(aside, programPath);
    throw error;
  }
  await calls.remove(aside).catch(() => undefined); // it runs: the next staging sweeps it
}

function nothingKept(programPath: string): PeerpatchError {
  return new PeerpatchError(
    'INSTALL_FAILED',
    `no previous program of ${programPath} is kept: nothing to go back to; install a good version by hand`,
  );
}
