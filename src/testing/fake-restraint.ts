/**
 * Restraints without files: what a test puts there.
 *
 * @module
 */
import { NO_RESTRAINTS, type Restraints } from '../core/update/restraint.ts';
import type { Restraint } from '../ports/restraint.ts';

export class FakeRestraint implements Restraint {
  /** May be replaced at any time. */
  now: Restraints;

  constructor(now: Partial<Restraints> = {}) {
    this.now = { ...NO_RESTRAINTS, ...now };
  }

  read(): Promise<Restraints> {
    return Promise.resolve(this.now);
  }
}
