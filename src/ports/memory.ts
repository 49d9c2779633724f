/**
 * What a node remembers outside its program file, as the agent sees it: its secret, the highest releases it ever accepted, and the
 * newest statement it saw.
 *
 * Real: io/files/node-memory. Fake: testing/fake-memory. Both pass test/contract/memory. One memory belongs to one owner key.
 * Methods do not fail: a memory that cannot be read or kept lasts as long as the process, and whoever opened it is told.
 *
 * @module
 */
import type { SignedItem } from '../core/stamp/block.ts';

export interface NodeMemory {
  /** 32 random bytes, the same at each start. They decide which rollouts this node takes and leave it never. */
  secret(): Promise<Uint8Array>;
  /**
   * The highest sequence number accepted under a name, 0 when there is none. A program file that was put back by hand does not
   * lower it.
   *
   * @param nameHash 32 bytes, the end of the statement's salt
   */
  highestSeq(nameHash: Uint8Array): Promise<bigint>;
  /** Remembers that a statement was accepted. A lower number than the one remembered changes nothing. */
  accepted(nameHash: Uint8Array, seq: bigint): Promise<void>;
  /**
   * The highest version accepted under a name, undefined when there is none. Not lowered either.
   *
   * @param nameHash as above; undefined for releases without a statement, which have no name
   */
  highestVersion(nameHash: Uint8Array | undefined): Promise<string | undefined>;
  /** Remembers that a version was accepted. A lower one than the one remembered changes nothing. */
  acceptedVersion(nameHash: Uint8Array | undefined, version: string): Promise<void>;
  /**
   * The statement with the highest sequence number that was seen under a name, whether its release was taken or not. As it was
   * kept: whoever uses it verifies it again.
   */
  seenStatement(nameHash: Uint8Array): Promise<SignedItem | undefined>;
  /** Remembers a statement in place of all lower ones of its name. A lower one than the one remembered changes nothing. */
  sawStatement(nameHash: Uint8Array, item: SignedItem): Promise<void>;
  /** Another one of this number was seen, or it is none: it is remembered no more. */
  forgetStatement(nameHash: Uint8Array, seq: bigint): Promise<void>;
}
