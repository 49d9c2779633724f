/**
 * Puts a kept program back, because somebody asks for it: by the same steps as a roll back that nobody asked for.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import type { ReleaseName } from '../../core/install/release-id.ts';
import { compareAppVersions } from '../../core/statement/app-version.ts';
import { findInstallFolderSync } from '../../io/install/install-folder.ts';
import { readJournalSync } from '../../io/install/journal-file.ts';
import { acquireInstallLock, readLockHolder, type LockHolder } from '../../io/install/lock/install-lock.ts';
import { listPreviousPrograms, type PreviousProgram } from '../../io/install/previous-programs.ts';
import { isQuarantined, listQuarantined } from '../../io/install/quarantine.ts';
import { rollBack } from '../../io/install/roll-back.ts';
import type { InstallLock } from '../../ports/program.ts';
import { findInstalledRelease } from './installed-release.ts';
import { resolveProgram } from './program-status.ts';

export interface RollBackProgramOptions {
  readonly program: string;
  /** The kept version to put back. Default: the newest below the one in place. */
  readonly to?: string | undefined;
  /** Does not put the release that is taken back into quarantine: it may come again. */
  readonly keepRelease?: boolean | undefined;
  /** Told when somebody else installs at this moment and is waited for. */
  readonly onWait?: ((holder: LockHolder | undefined) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where this user keeps state. Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface RolledBackProgram {
  /** The real path: links resolved. */
  readonly path: string;
  /** What was taken back. */
  readonly from: ReleaseName;
  /** What is in place now. */
  readonly to: ReleaseName;
  /** Whether `from` is in quarantine: it is not taken again. */
  readonly isQuarantined: boolean;
}

const REASON = 'put back by hand with "peerpatch rollback"';

/**
 * Copies that run go on with the old code until they are restarted.
 *
 * @throws PeerpatchError PROGRAM_UNREADABLE, INSTALL_FAILED when nothing is kept to go back to, INSTALL_STATE_DAMAGED when what is
 *   kept is not what it should be, INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, CANCELLED: the program in place is the one before
 */
export async function rollBackProgram(options: RollBackProgramOptions): Promise<RolledBackProgram> {
  const { keepRelease = false, env } = options;
  const path = await resolveProgram(options.program);
  // Before the lock, which makes files beside a program that has none.
  choosePrevious(path, await presentRelease(path, options), options);
  const lock = await lockProgram(path, options);
  try {
    // Looked at again: whoever had the lock may have installed something.
    const present = await presentRelease(path, options);
    const kept = choosePrevious(path, present, options);
    const from = await keptRelease(kept, options.signal);
    await rollBack({
      programPath: path,
      reason: REASON,
      nowMs: Date.now(),
      plan: { to: present, from, previous: kept.name },
      keepsRelease: keepRelease,
      env,
    });
    return { path, from: present, to: from, isQuarantined: isQuarantined(path, present.id, env) };
  } finally {
    await lock.release();
  }
}

async function lockProgram(path: string, { onWait, signal }: RollBackProgramOptions): Promise<InstallLock> {
  const free = await acquireInstallLock(path, { waits: false, signal });
  if (free !== undefined) return free;
  onWait?.(readLockHolder(path));
  const lock = await acquireInstallLock(path, { waits: true, signal });
  if (lock === undefined) throw new Error('who waits for the lock gets it');
  return lock;
}

/** What is in place, also when the file is damaged: then by the journal. */
async function presentRelease(path: string, { signal }: RollBackProgramOptions): Promise<ReleaseName> {
  const found = await findInstalledRelease(path, signal);
  if (!('problem' in found)) return { version: found.version, id: found.id };
  const folder = findInstallFolderSync(path);
  const journal = folder && readJournalSync(folder);
  if (journal?.phase === 'probation') return journal.to;
  throw new PeerpatchError(
    'INSTALL_FAILED',
    `what is in place at ${path} is no release (${found.problem}): copy one from ${folder?.previous ?? 'a backup'} over it by hand`,
  );
}

/** @throws PeerpatchError INSTALL_FAILED when there is none */
function choosePrevious(
  path: string,
  present: ReleaseName,
  { to, env }: Pick<RollBackProgramOptions, 'to' | 'env'>,
): PreviousProgram {
  const folder = findInstallFolderSync(path);
  const kept = (folder === undefined ? [] : listPreviousPrograms(folder)).filter((each) => !isOf(each, present));
  const bad = listQuarantined(path, env);
  // Who names a version gets it. Without a name it is never one that failed here.
  const isWanted = (each: PreviousProgram): boolean =>
    to === undefined
      ? compareAppVersions(each.version, present.version) < 0 && !bad.some((note) => isOf(each, note))
      : each.version === to;
  const chosen = kept.find(isWanted);
  if (chosen !== undefined) return chosen;
  const versions = kept.map(({ version }) => version).join(', ');
  const what = to === undefined ? `nothing below ${present.version} that did not fail here` : `no version ${to}`;
  const fix = versions === '' ? 'install a good version by hand' : `there is ${versions}: name one with --to`;
  throw new PeerpatchError('INSTALL_FAILED', `${what} is kept beside ${path}: ${fix}`);
}

/** The kept program by its whole name, which its own bytes tell. @throws PeerpatchError INSTALL_STATE_DAMAGED, CANCELLED */
async function keptRelease(kept: PreviousProgram, signal: AbortSignal | undefined): Promise<ReleaseName> {
  const found = await findInstalledRelease(kept.path, signal);
  if (!('problem' in found) && isOf(kept, found)) return { version: found.version, id: found.id };
  throw new PeerpatchError(
    'INSTALL_STATE_DAMAGED',
    `${kept.path} is not the program that its name says: nothing was done; remove it, and install a good version by hand`,
  );
}

function isOf({ version, idPrefix }: PreviousProgram, release: ReleaseName): boolean {
  return release.version === version && release.id.startsWith(idPrefix);
}
