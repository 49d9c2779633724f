/**
 * What a built program does before the app's own code: notes its start while it is on probation, so that a version which dies
 * before it reaches `spawn` is taken back all the same. `peerpatch build` puts the call in front of the app.
 *
 * Knows no option of the host. Costs one failing look into a folder where no install is open. Spec: docs/spec/17-probation.md.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { readStamp } from '../../core/release/placeholder.ts';
import { statedReleaseId, unstatedReleaseId, type ReleaseName } from '../../core/install/release-id.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import { decodeStatement } from '../../core/statement/dictionary.ts';
import { STAMP_ASSET } from '../../io/executable/assets.ts';
import { executable } from '../../io/executable/executable.ts';
import { findInstallFolderSync, type InstallFolder } from '../../io/install/install-folder.ts';
import { readJournalSync } from '../../io/install/journal-file.ts';
import {
  countDeadEarlyStartsSync,
  forgetEarlyStartsSync,
  forgetStartSync,
  noteStartSync,
} from '../../io/install/running-starts.ts';
import { watchCleanEnd } from '../../io/process/clean-end.ts';
import { restartProcess } from '../../io/process/restart.ts';
import { restartWatch } from '../../io/process/restart-watch.ts';
import { adoptThinParent } from '../../io/process/thin-parent-link.ts';
import { putBack } from './own-start.ts';
import { preflightNonce } from './preflight-answer.ts';

/** So many starts in a row may die before they reach `spawn`. */
const MAX_EARLY_DEATHS = 3;
/** Who lives that long without it, does something else: a command of the program that has no updater. */
const EARLY_MS: number = MINUTE_MS;
/** The app may have another copy of this package in it. */
const REACHED = Symbol.for('peerpatch.early-start');

interface Due {
  readonly programPath: string;
  readonly bad: ReleaseName;
  readonly deaths: number;
}

/** Runs the app, or the previous program in its place. @param runApp its code, which has not begun */
export function beginEarly(runApp: () => void): void {
  const due = noteEarlyStart();
  if (due === undefined) {
    runApp();
    return;
  }
  void runPrevious(due).then(runApp);
}

/** Called by `spawn`: from here on starts are counted in the journal. */
export function spawnIsReached(): void {
  const { [REACHED]: reached } = globalThis as { [REACHED]?: () => void };
  reached?.();
}

/** Never throws: a host must run, whatever the folder holds. */
function noteEarlyStart(): Due | undefined {
  try {
    if (preflightNonce() !== undefined) return undefined;
    const program = executable();
    const stamp = program.readAsset(STAMP_ASSET);
    const folder = findInstallFolderSync(program.path);
    if (stamp === undefined || folder === undefined) return undefined;
    const journal = readJournalSync(folder);
    if (journal?.phase !== 'probation' || journal.to.id !== claimedId(stamp)) return undefined;
    const deaths = countDeadEarlyStartsSync(folder, Date.now());
    if (deaths >= MAX_EARLY_DEATHS) return { programPath: folder.programPath, bad: journal.to, deaths };
    noteStartSync(folder, folder.early);
    watchEarlyEnd(folder);
  } catch {
    // What is wrong with the folder is told by `spawn`, to whom it may concern.
  }
  return undefined;
}

/** Unverified, as everything in this process's own image is what it is. */
function claimedId(stamp: Uint8Array): string {
  const { release, item } = readStamp(stamp);
  return item === undefined ? unstatedReleaseId(release) : statedReleaseId(decodeStatement(item.value));
}

/**
 * A start that reaches `spawn`, or ends because somebody wants that, has not died. Before `spawn` that is any exit code: many
 * programs end with one at once when they are called in a wrong way.
 */
function watchEarlyEnd(folder: InstallFolder): void {
  let hasThrown = false;
  const forget = (): void => {
    orIgnore(() => {
      forgetStartSync(folder, folder.early);
    });
  };
  const onThrown = (): void => {
    hasThrown = true;
  };
  const onExit = (): void => {
    if (!hasThrown) forget();
  };
  const stopWatching = watchCleanEnd(forget);
  const timer = setTimeout(forget, EARLY_MS).unref();
  process.on('uncaughtExceptionMonitor', onThrown);
  process.on('exit', onExit);
  (globalThis as { [REACHED]?: (() => void) | undefined })[REACHED] = () => {
    stopWatching();
    clearTimeout(timer);
    process.off('uncaughtExceptionMonitor', onThrown);
    process.off('exit', onExit);
    orIgnore(() => {
      forgetEarlyStartsSync(folder);
    });
  };
}

/** Returns when there is nothing else to run. */
async function runPrevious({ programPath, bad, deaths }: Due): Promise<void> {
  const reason = `it was started ${deaths} times and died before it called spawn`;
  try {
    if (!(await putBack(programPath, { reason, isBack: false, bad }))) return;
    const watch = restartWatch({ programPath, guard: 'auto', probationMs: MINUTE_MS, isGuarded: false });
    await restartProcess({ path: programPath, parent: adoptThinParent(), watch });
  } catch (error) {
    // A host that runs a bad version is better off than one that does not run.
    orIgnore(() => writeSync(2, `peerpatch: ${bad.version} could not be rolled back: ${(error as Error).message}\n`));
  }
}

/** Notes only help to find a bad version: that they cannot be read or written keeps no host from running. */
function orIgnore(act: () => unknown): void {
  try {
    act();
  } catch {
    // see above
  }
}
