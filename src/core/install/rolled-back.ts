/**
 * Whether a roll back put a release in place: then a copy that runs another one goes on from it, as its next start would. Spec:
 * docs/spec/16-journal.md.
 *
 * Pure: io/install reads the journal.
 *
 * @module
 */
import type { Journal } from './journal.ts';
import type { ReleaseName } from './release-id.ts';

export interface RolledBack {
  /** What was taken back. */
  readonly from: ReleaseName;
  /** What is in place again. */
  readonly to: ReleaseName;
  /** One line for people. */
  readonly reason: string;
}

export interface RollBackFacts {
  readonly journal: Journal | undefined;
  /** Release id of what the program file holds. */
  readonly programId: string;
  /** Whether a release is in quarantine. */
  readonly isQuarantined: (id: string) => boolean;
}

/** Undefined when somebody else put it there, as far as the journal tells. */
export function findRollBack({ journal, programId, isQuarantined }: RollBackFacts): RolledBack | undefined {
  if (journal?.phase === 'rolled-back') {
    const { from, to, reason } = journal;
    return to.id === programId ? { from, to, reason } : undefined;
  }
  // Quarantine and program come before the journal: this one is on its way, or a kill kept it from being written down.
  if (journal?.from.id !== programId || !isQuarantined(journal.to.id)) return undefined;
  return { from: journal.to, to: journal.from, reason: 'it did not prove itself' };
}
