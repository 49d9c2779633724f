/**
 * What a start of this program has to do about the last install, decided and done before the app's own code goes on.
 *
 * Costs one failing look into a folder where no install is open. Spec: docs/spec/17-probation.md.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import type { AgentEvent } from '../../agent/events.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import {
  afterTelling,
  type Journal,
  type ProbationJournal,
  type RolledBackJournal,
} from '../../core/install/journal.ts';
import { judgeStart, presumesNoInstall, type StartVerdict } from '../../core/install/judge-start.ts';
import { releaseIdOf, type ReleaseName } from '../../core/install/release-id.ts';
import { parsePublicKey } from '../../core/keys/public-key.ts';
import { isOwnImage, ownImage } from '../../io/executable/own-image.ts';
import { installError } from '../../io/files/file-error.ts';
import { findInstallFolderSync, type InstallFolder } from '../../io/install/install-folder.ts';
import { readJournalSync, removeJournalSync, writeJournalSync } from '../../io/install/journal-file.ts';
import { mayBeInstalling } from '../../io/install/lock/install-lock.ts';
import { isQuarantined } from '../../io/install/quarantine.ts';
import { rollBack } from '../../io/install/roll-back.ts';
import { countOtherStartsSync } from '../../io/install/running-starts.ts';
import { GUARD_VARIABLE } from '../../io/process/guard.ts';
import type { AgentSettings } from '../messages.ts';
import { ownRelease } from '../own-release.ts';
import type { ProbationSettings } from '../options/probation-options.ts';
import { Probation } from './probation.ts';

export interface OwnStartOptions {
  readonly settings: AgentSettings;
  readonly probation: ProbationSettings;
}

export interface OwnStart {
  /** Begun: the start is counted. */
  readonly probation: Probation | undefined;
  /** The previous program has to be put back, or that has to be ended: {@link putBack}. */
  readonly due: DueRollBack | undefined;
  /** To be told when somebody can listen. */
  readonly events: readonly AgentEvent[];
  /** Whether a guard waits beside this process. */
  readonly isGuarded: boolean;
}

export interface DueRollBack {
  readonly reason: string;
  /** The previous program is in place: only what comes after that is missing. */
  readonly isBack: boolean;
  /** And all is written down: only this process still runs the bad one. */
  readonly isNoted?: boolean;
  /** Default: what the journal on disk says. */
  readonly plan?: ProbationJournal;
  /** The release that is at fault. Default: the one that the journal names. */
  readonly bad?: ReleaseName | undefined;
}

/** Never throws: a host must run, whatever the folder holds. */
export function beginOwnStart({ settings, probation: options }: OwnStartOptions): OwnStart {
  const isGuarded = process.env[GUARD_VARIABLE] === String(process.pid);
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a constant; children of this program are not guarded
  delete process.env[GUARD_VARIABLE];
  const nothing: OwnStart = { probation: undefined, due: undefined, events: [], isGuarded };
  const { programPath } = settings;
  try {
    const folder = findInstallFolderSync(programPath);
    if (folder === undefined) return nothing;
    const verdict = judge({ folder, settings, maxStarts: options.maxStarts });
    switch (verdict.kind) {
      case 'nothing':
        return nothing;
      case 'clear':
        removeJournalSync(folder);
        return nothing;
      case 'probation': {
        const { keepPrevious } = settings;
        const { journal: current } = verdict;
        const probation = new Probation({ folder, journal: current, settings: options, keepPrevious, isGuarded });
        return { ...nothing, probation, events: [probation.event] };
      }
      case 'roll-back':
        return { ...nothing, due: { reason: verdict.reason, isBack: false, plan: verdict.journal } };
      case 'finish-roll-back':
        return { ...nothing, due: { reason: 'it did not prove itself', isBack: true, plan: verdict.journal } };
      case 'give-way':
        // Where the system does not tell, a clock that was set back could make a program give way to itself for ever.
        return ownImage() === undefined
          ? nothing
          : { ...nothing, due: { reason: verdict.journal.reason, isBack: true, isNoted: true } };
      case 'tell':
        return { ...nothing, events: [tell(folder, verdict.journal)] };
    }
  } catch (cause) {
    const { code, message } = cause instanceof PeerpatchError ? cause : installError(programPath, cause);
    return { ...nothing, events: [{ type: 'error', during: 'start', code, message }] };
  }
}

interface Judging {
  readonly folder: InstallFolder;
  readonly settings: AgentSettings;
  readonly maxStarts: number;
}

function judge(judging: Judging): StartVerdict {
  const { folder } = judging;
  const journal = readJournalSync(folder);
  if (journal === undefined) return { kind: 'nothing' };
  const verdict = judgeJournal(journal, judging);
  if (!presumesNoInstall(verdict, journal)) return verdict;
  // Its journal must stay: without it nobody watches the new program. A later start tidies. An unproven program that is about to be
  // replaced is not watched in this process: counting its start is to write the journal.
  if (mayBeInstalling(folder.programPath, Date.now())) return { kind: 'nothing' };
  // The install may have ended between the two looks. One that begins now has a program to fetch and to try before it writes.
  const later = readJournalSync(folder);
  return later === undefined ? { kind: 'nothing' } : judgeJournal(later, judging);
}

function judgeJournal(journal: Journal, { folder, settings, maxStarts }: Judging): StartVerdict {
  const { publicKey, runningStamp } = settings;
  if (runningStamp === undefined) return { kind: 'nothing' };
  const runningId = releaseIdOf(ownRelease(parsePublicKey(publicKey), runningStamp));
  const nowMs = Date.now();
  return judgeStart({
    journal,
    runningId,
    programId: isOwnImage(folder.programPath) ? runningId : journal.to.id,
    isQuarantined: (id) => isQuarantined(folder.programPath, id),
    maxStarts,
    aliveStarts: countOtherStartsSync(folder, nowMs),
  });
}

function tell(folder: InstallFolder, journal: RolledBackJournal): AgentEvent {
  const { from, to, reason } = journal;
  writeJournalSync(folder, afterTelling(journal));
  try {
    writeSync(2, `peerpatch: ${from.version} was rolled back to ${to.version}: ${reason}\n`);
  } catch {
    // stderr is closed, or full: the event says the same
  }
  return { type: 'rolled-back', version: from.version, to: to.version, reason };
}

/**
 * Puts the previous program back.
 *
 * @returns whether that is another one than this process runs. False when only writing it down was missing.
 * @throws PeerpatchError as `rollBack` of io/install
 */
export async function putBack(programPath: string, due: DueRollBack): Promise<boolean> {
  const { reason, isBack, isNoted = false, plan, bad } = due;
  if (!isNoted) await rollBack({ programPath, reason, isBack, plan, bad, isBadInPlace: isOwnImage, nowMs: Date.now() });
  return !isOwnImage(programPath);
}
