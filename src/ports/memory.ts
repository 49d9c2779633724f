/**
 * What a node remembers outside its program file, as the agent sees it: its secret, and the highest releases it ever accepted.
 *
 * Real: io/files/node-memory. Fake: testing/fake-memory. Both pass test/contract/memory. One memory belongs to one owner key.
 * Methods do not fail: a memory that cannot be read or kept lasts as long as the process, and whoever opened it is told.
 *
 * @module
 */

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
}
