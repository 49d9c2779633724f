/**
 * What becomes of a new program that dies in its probation where nobody else would start it again: the guard before `execve`, and
 * what a thin parent does. Spec: docs/spec/10-restart.md.
 *
 * @module
 */
import { readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Journal } from '../../core/install/journal.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import { openStateFolderSync } from '../files/state-folder.ts';
import { BLOCKING_INSTALL_SYSTEM } from '../install/file-calls.ts';
import { findInstallFolderSync, type InstallFolder } from '../install/install-folder.ts';
import { readJournalSync } from '../install/journal-file.ts';
import { rollBack } from '../install/roll-back.ts';
import { GUARD_VARIABLE, GUARDED_PROBATION_VARIABLE, probationMark, startGuard } from './guard.ts';
import type { RestartWatch } from './restart.ts';
import { findSupervisor, processFacts, type ProcessFacts } from './supervisor.ts';

export interface RestartWatchOptions {
  readonly programPath: string;
  /** `auto`: a guard where no supervisor is seen. */
  readonly guard: 'auto' | 'always' | 'never';
  /** How long a probation lasts. */
  readonly probationMs: number;
  /** A guard was started beside this process. */
  readonly isGuarded: boolean;
}

/** Between start and the first call of `spawn`, and for the guard's own looks. */
const LIMIT_MARGIN_MS: number = 30 * SECOND_MS;

/** Which probation the guard beside this process waits for. A process has one environment, however often it spawns. */
let guardedProbation: string | undefined;

export function restartWatch({ programPath, guard, probationMs, isGuarded }: RestartWatchOptions): RestartWatch {
  guardedProbation = process.env[GUARDED_PROBATION_VARIABLE] ?? guardedProbation;
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a constant; children of this program are not guarded
  delete process.env[GUARDED_PROBATION_VARIABLE];
  return {
    startGuard: async ({ argv0, args, env, thinParent }) => {
      if (!isWanted(guard, thinParent)) return undefined;
      const { folder, journal } = lookAt(programPath);
      if (folder === undefined || journal?.phase !== 'probation') return undefined;
      const mark = probationMark(journal);
      const guardEnv = { [GUARD_VARIABLE]: String(process.pid), [GUARDED_PROBATION_VARIABLE]: mark };
      // That one watches the same process, and leaves when the probation is over: a second one would take a good end for a crash,
      // because the first one takes the note of it away.
      if (isGuarded && guardedProbation === mark) return { env: guardEnv, stop: () => undefined };
      forgetEnd(folder);
      const started = await startGuard({
        programPath: folder.programPath,
        folder: folder.path,
        journal,
        sharedQuarantine: sharedQuarantine(),
        limitMs: probationMs + LIMIT_MARGIN_MS,
        argv0,
        args,
        env,
        thinParent,
      });
      return (
        started && {
          env: guardEnv,
          stop: () => {
            started.stop();
          },
        }
      );
    },
    isToStartAgain: async ({ what, isReplaced, livedMs }) => {
      const { journal } = lookAt(programPath);
      // Replaced while it ran: by its own agent or another copy, which put the previous one back, or by a newer release that has
      // not run yet. That somebody was told says only that the other copy runs again.
      if (isReplaced) return journal?.phase === 'rolled-back' && (!journal.told || journal.at > Date.now() - livedMs);
      if (journal?.phase !== 'probation') return false;
      // One that never calls `spawn` would be on probation for ever: nobody takes the journal away.
      if (journal.starts === 0 && livedMs > probationMs + LIMIT_MARGIN_MS) return false;
      try {
        const reason = `${what} within its probation`;
        await rollBack({ programPath, reason, nowMs: Date.now(), system: BLOCKING_INSTALL_SYSTEM });
        return true;
      } catch (error) {
        report(`peerpatch: the previous version could not be put back: ${(error as Error).message}\n`);
        return false;
      }
    },
  };
}

/** What a process with this number has noted before would be taken for the end of the new program. */
function forgetEnd(folder: InstallFolder): void {
  try {
    rmSync(`${folder.ended}.${process.pid}`, { force: true });
  } catch {
    // nobody may write there: then the program notes nothing either
  }
}

function isWanted(guard: RestartWatchOptions['guard'], thinParent: number | undefined): boolean {
  // With the first process of a container everything in it ends.
  if (guard === 'never' || process.pid === 1 || thinParent === 1) return false;
  if (guard === 'always') return true;
  // A supervisor knows the process it has started, which is the thin parent where there is one.
  return findSupervisor(thinParent === undefined ? processFacts() : factsOfParent(thinParent)) === undefined;
}

/** As the thin parent sees them: it has the same environment. */
function factsOfParent(pid: number): ProcessFacts {
  const facts: ProcessFacts = { ...processFacts(), pid, ppid: 0, parentName: undefined };
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const ppid = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    return { ...facts, ppid, parentName: readFileSync(`/proc/${ppid}/comm`, 'utf8').trimEnd() };
  } catch {
    return facts; // no /proc, or it is hidden: what the environment says has to do
  }
}

function lookAt(programPath: string): {
  readonly folder?: InstallFolder | undefined;
  readonly journal?: Journal | undefined;
} {
  try {
    const folder = findInstallFolderSync(programPath);
    return { folder, journal: folder && readJournalSync(folder) };
  } catch {
    return {}; // damaged, or not readable: the start of the program tells of it
  }
}

function sharedQuarantine(): string | undefined {
  try {
    const state = openStateFolderSync();
    return state === undefined ? undefined : join(state, 'quarantine');
  } catch {
    return undefined; // the note beside the program has to do
  }
}

function report(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // nobody to tell
  }
}
