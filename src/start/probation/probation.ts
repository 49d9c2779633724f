/**
 * The probation of a program that was just installed: counts its start, watches whether it stays up, notes when it ends well, and
 * writes down when it has proven itself. Spec: docs/spec/17-probation.md.
 *
 * A file that cannot be read or written never keeps a host from running: what was found is told.
 *
 * @module
 */
import { writeFileSync } from 'node:fs';
import type { AgentEvent } from '../../agent/events.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { afterGoodEnd, afterStart, takeBackStart, type ProbationJournal } from '../../core/install/journal.ts';
import type { ReleaseName } from '../../core/install/release-id.ts';
import { installError } from '../../io/files/file-error.ts';
import type { InstallFolder } from '../../io/install/install-folder.ts';
import { readJournalSync, removeJournalSync, writeJournalSync } from '../../io/install/journal-file.ts';
import { countOtherStartsSync, forgetStartSync, noteStartSync } from '../../io/install/running-starts.ts';
import { sweepInstallFolderSync } from '../../io/install/sweep.ts';
import { watchCleanEnd } from '../../io/process/clean-end.ts';
import { startHeartbeat, type Heartbeat } from '../heartbeat.ts';
import type { ProbationSettings } from '../options/probation-options.ts';

export interface ProbationParts {
  readonly folder: InstallFolder;
  /** As it was before this start. */
  readonly journal: ProbationJournal;
  readonly settings: ProbationSettings;
  /** Programs to go back to that stay when this one has proven itself. */
  readonly keepPrevious: number;
  /** Whether a guard waits beside this process, which has to learn of a good end. */
  readonly isGuarded: boolean;
}

export interface ProbationListeners {
  readonly emit: (event: AgentEvent) => void;
  /** It did not prove itself in time: bring the previous program back and run it. */
  readonly giveUp: (reason: string) => void;
}

/** What the handle tells it, and asks of it. */
export type WatchedProbation = Pick<Probation, 'begin' | 'confirm' | 'takeBack' | 'end' | 'agentRuns' | 'agentFailed'>;

export class Probation {
  readonly heartbeat: Heartbeat;
  readonly #parts: ProbationParts;
  readonly #journal: ProbationJournal;
  readonly #stopBeating: () => void;
  readonly #stopWatching: () => void;
  #limit: NodeJS.Timeout | undefined;
  #emit: (event: AgentEvent) => void = () => undefined;
  #isOver = false;
  #isCounted = true;
  /** It has stayed up for long enough. */
  #isOldEnough = false;
  #agent: 'unknown' | 'works' | 'broken' = 'unknown';
  #hasGivenUp = false;
  #giveUp: (reason: string) => void = () => undefined;

  /** Counts the start, now. @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED: nothing is watched */
  constructor(parts: ProbationParts) {
    this.#parts = parts;
    this.#journal = afterStart(parts.journal);
    try {
      writeJournalSync(parts.folder, this.#journal);
      noteStartSync(parts.folder);
    } catch (cause) {
      throw explained(parts.folder, cause);
    }
    const { heartbeat, stop } = startHeartbeat();
    this.heartbeat = heartbeat;
    this.#stopBeating = stop;
    this.#stopWatching = watchCleanEnd(() => {
      this.#endedWell();
    });
  }

  /** What is on probation. */
  get release(): ReleaseName {
    return this.#journal.to;
  }

  get version(): string {
    return this.release.version;
  }

  /** What is told first. */
  get event(): AgentEvent {
    return { type: 'probation', version: this.version, starts: this.#journal.starts };
  }

  /** Starts the clocks. They never keep the process alive. */
  begin({ emit, giveUp }: ProbationListeners): void {
    const { confirm, aliveMs, confirmMs } = this.#parts.settings;
    this.#emit = emit;
    this.#giveUp = giveUp;
    this.#limit = setTimeout(
      () => {
        if (this.#isOver) return;
        this.#isOldEnough = true;
        if (confirm === 'alive') this.#judge();
        else giveUp(`it was not confirmed within ${confirmMs / 1000} s`);
      },
      confirm === 'alive' ? aliveMs : confirmMs,
    ).unref();
  }

  /** The agent runs: this version can take the next one. */
  agentRuns(): void {
    this.#agent = 'works';
    this.#judge();
  }

  /** The agent ended. One that has run before, or that lacks something of this machine, is no fault of this version. */
  agentFailed({ code }: PeerpatchError): void {
    if (this.#agent === 'works' || code !== 'AGENT_FAILED') return;
    this.#agent = 'broken';
    this.#judge();
  }

  /** Staying up is not enough: nothing newer would ever repair a version whose agent does not work. */
  #judge(): void {
    if (this.#isOver || !this.#isOldEnough || this.#parts.settings.confirm !== 'alive') return;
    if (this.#agent === 'works') this.confirm();
    if (this.#agent !== 'broken' || this.#hasGivenUp) return;
    this.#hasGivenUp = true;
    this.#giveUp('its updater does not work');
  }

  /** It has proven itself. Does nothing when that is known already. */
  confirm(): void {
    if (this.#isOver) return;
    const { folder, keepPrevious } = this.#parts;
    try {
      const journal = readJournalSync(folder);
      // Another copy on this file has taken it back: that this one lives proves nothing any more. How it ends still counts.
      if (journal?.phase === 'rolled-back' && journal.from.id === this.release.id) return;
      // Gone: another copy on this file was faster. About another one: a newer release waits in the file, for its own probation.
      if (journal?.phase === 'probation' && journal.to.id === this.release.id) removeJournalSync(folder);
      this.end();
      this.#emit({ type: 'confirmed', version: this.version });
      const { previous, over } = this.#journal;
      sweepInstallFolderSync(folder, { keepPrevious, nowMs: Date.now(), proven: previous, unproven: over?.id });
    } catch (cause) {
      const { code, message } = explained(folder, cause);
      this.#emit({ type: 'error', during: 'start', code, message });
    }
  }

  /** The process is about to be replaced on purpose: that is no crash. */
  takeBack(): void {
    this.#recount(takeBackStart);
  }

  /** Ends the watch; takes nothing back. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopBeating();
    this.#stopWatching();
    clearTimeout(this.#limit);
    try {
      forgetStartSync(this.#parts.folder);
    } catch {
      // Whoever counts looks whether this process lives.
    }
  }

  #recount(after: (journal: ProbationJournal) => ProbationJournal): void {
    if (this.#isOver || !this.#isCounted) return;
    this.#isCounted = false;
    const { folder } = this.#parts;
    try {
      forgetStartSync(folder);
      const journal = readJournalSync(folder);
      if (journal?.phase === 'probation' && journal.to.id === this.release.id) writeJournalSync(folder, after(journal));
    } catch {
      // The start stays counted: at worst the previous program comes back one start too early.
    }
  }

  #endedWell(): void {
    if (this.#isOver) return;
    const { folder, isGuarded } = this.#parts;
    if (isGuarded) {
      try {
        // First of all: the guard may look as soon as this process is gone.
        writeFileSync(`${folder.ended}.${process.pid}`, '');
      } catch {
        // The guard takes this end for a crash.
      }
    }
    this.#recount((journal) => afterGoodEnd(journal, countOtherStartsSync(folder, Date.now())));
  }
}

function explained({ programPath }: InstallFolder, cause: unknown): PeerpatchError {
  return cause instanceof PeerpatchError ? cause : installError(programPath, cause);
}
