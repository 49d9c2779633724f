/**
 * What a start of the program has to do about the journal: count itself, put the previous program back, tidy up, tell. Spec:
 * docs/spec/16-journal.md.
 *
 * Pure: start/ does what it says. A start never fails because of a journal.
 *
 * @module
 */
import type { Journal, ProbationJournal, RolledBackJournal } from './journal.ts';

export interface StartFacts {
  readonly journal: Journal | undefined;
  /** Release id of what this process runs. */
  readonly runningId: string;
  /** Release id of what the program file holds. Undefined when it cannot be told: then it is taken for what runs. */
  readonly programId: string | undefined;
  /** Whether a release is in quarantine. */
  readonly isQuarantined: (id: string) => boolean;
  /** So many starts may end badly. */
  readonly maxStarts: number;
  /** Counted starts whose processes are alive: other copies of the program on the same file. Default 0. */
  readonly aliveStarts?: number;
}

export type StartVerdict =
  /** There is nothing to do. */
  | { readonly kind: 'nothing' }
  /** What runs is on probation: write `journal` ({@link afterStart} of it), and watch. */
  | { readonly kind: 'probation'; readonly journal: ProbationJournal }
  /** The program in place is bad: `rollBack` puts the previous one back. */
  | { readonly kind: 'roll-back'; readonly journal: ProbationJournal; readonly reason: string }
  /** The previous program is back, and a kill kept that from being written down: `rollBack` does what is left. */
  | { readonly kind: 'finish-roll-back'; readonly journal: ProbationJournal }
  /** The install was cut short before it put anything in place, or somebody put another program there: remove the journal, {@link presumesNoInstall}. */
  | { readonly kind: 'clear' }
  /** What runs was taken back while it started: run the program in place. */
  | { readonly kind: 'give-way'; readonly journal: RolledBackJournal }
  /** A roll back happened that nobody was told of: tell, then write {@link afterTelling} of it. */
  | { readonly kind: 'tell'; readonly journal: RolledBackJournal };

export function judgeStart(facts: StartFacts): StartVerdict {
  const { journal, runningId } = facts;
  if (journal === undefined) return { kind: 'nothing' };
  const programId = facts.programId ?? runningId;
  if (journal.phase === 'rolled-back') return judgeRolledBack(journal, { runningId, programId });
  return judgeProbation(journal, { ...facts, programId });
}

/**
 * Whether a verdict takes `journal` for one of an install that was cut short, or of a program that is gone: before it is carried
 * out somebody has to see that no install is on its way, whose journal it would take away.
 */
export function presumesNoInstall(verdict: StartVerdict, journal: Journal): boolean {
  if (verdict.kind === 'clear') return true;
  if (verdict.kind !== 'probation' && verdict.kind !== 'roll-back') return false;
  return verdict.journal.to.id !== journal.to.id; // that of the program which the install is to replace
}

function judgeRolledBack(
  journal: RolledBackJournal,
  { runningId, programId }: { readonly runningId: string; readonly programId: string },
): StartVerdict {
  // Another program was put there since: by hand, or the bad one by force.
  if (programId !== journal.to.id) return { kind: 'clear' };
  if (runningId === journal.from.id) return { kind: 'give-way', journal };
  return journal.told ? { kind: 'nothing' } : { kind: 'tell', journal };
}

function judgeProbation(
  journal: ProbationJournal,
  { runningId, programId, isQuarantined, maxStarts, aliveStarts = 0 }: StartFacts,
): StartVerdict {
  const { to, from, over } = journal;
  if (programId === to.id) {
    // Quarantine comes first in a roll back: this one was begun, by whomever, and not ended.
    if (isQuarantined(to.id)) return { kind: 'roll-back', journal, reason: 'it is in quarantine' };
    if (runningId !== to.id) return { kind: 'nothing' }; // installed, not yet started
    const failed = journal.starts - aliveStarts;
    if (failed < maxStarts) return { kind: 'probation', journal };
    return { kind: 'roll-back', journal, reason: `it was started ${failed} times and never stayed up` };
  }
  if (programId === from.id) return isQuarantined(to.id) ? { kind: 'finish-roll-back', journal } : { kind: 'clear' };
  // Cut short over an unproven program: that one is on probation as before. How often it was started is lost.
  if (over !== null && programId === over.id) {
    const again: ProbationJournal = { ...journal, to: over, over: null, starts: 0 };
    if (isQuarantined(over.id)) return { kind: 'roll-back', journal: again, reason: 'it is in quarantine' };
    return runningId === over.id ? { kind: 'probation', journal: again } : { kind: 'nothing' };
  }
  return { kind: 'clear' };
}
