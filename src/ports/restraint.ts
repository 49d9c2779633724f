/**
 * What rules releases out on this machine, as the agent sees it: looked at anew before each decision, because people change it
 * while the program runs.
 *
 * Real: io/install/restraint-files. Fake: testing/fake-restraint. Both pass test/contract/restraint. What follows from it is
 * decided in core/update/restraint. Reading does not fail: what is damaged counts as absent, and whoever opened it is told.
 *
 * @module
 */
import type { Restraints } from '../core/update/restraint.ts';

export interface Restraint {
  /** What counts now. */
  read(): Promise<Restraints>;
}
