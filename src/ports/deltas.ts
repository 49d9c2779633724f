/**
 * The deltas a node has, as the agent sees them: those the owner put beside the program, and those kept from updates.
 *
 * Real: io/files/delta-store. Fake: testing/memory-deltas. Both pass test/contract/deltas. It does not know which bytes are right:
 * whoever opens a delta compares with hashes. There is always another way to a release, so what fails here fails with
 * MEMORY_UNUSABLE and never with what ends an update. Spec: docs/spec/14-exchange.md.
 *
 * @module
 */
import type { PartialFile } from './partial.ts';
import type { OpenProgram } from './program.ts';

export interface DeltaStore {
  /**
   * The whole delta with this root: kept from an update, or beside the program, put there by the owner. Undefined when there
   * is none of this length. Not verified. Reading it may throw MEMORY_UNUSABLE; this itself never throws.
   */
  open(root: Uint8Array, sizeBytes: number): Promise<OpenProgram | undefined>;
  /**
   * What is there of it, to go on with. Its methods throw MEMORY_UNUSABLE where those of others throw INSTALL_*.
   *
   * @throws PeerpatchError MEMORY_UNUSABLE: another way is to be taken
   */
  partial(root: Uint8Array, sizeBytes: number): Promise<PartialFile>;
  /**
   * The partial file of this root, complete, verified and closed, becomes one that `open` finds, before one beside the program;
   * the oldest others go beyond the limits. It is opened here because it may be one that cannot stay: larger than all that is
   * kept, or in a folder that became read-only. Undefined when there is nothing to open. Never throws.
   */
  keep(root: Uint8Array): Promise<OpenProgram | undefined>;
}
