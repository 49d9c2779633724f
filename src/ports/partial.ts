/**
 * Content that is there in part, as the agent sees it: written in any order, kept until the next process goes on with it.
 *
 * Real: io/install/partial-file. Fake: testing/memory-partial. Both pass test/contract/partial. It does not know which of its
 * bytes were written and which are right: whoever opens one compares with hashes.
 *
 * @module
 */

/** Bytes of a fixed length. What was never written reads as zeros. Ends with `close` or `discard`. */
export interface PartialFile {
  readonly sizeBytes: number;
  /** Nothing was there before it was opened: it is all zeros. */
  readonly isNew: boolean;
  /**
   * Always `length` bytes.
   *
   * @param memory to read into, at least as long: the result is the first part of it. Default: new memory
   * @throws PeerpatchError INSTALL_FAILED
   * @throws RangeError outside the file, or more than the memory holds: a mistake of the caller
   */
  read(offset: number, length: number, memory?: Uint8Array): Promise<Uint8Array>;
  /**
   * Does not keep `bytes`.
   *
   * @throws PeerpatchError INSTALL_NO_SPACE, INSTALL_FAILED
   * @throws RangeError outside the file: a mistake of the caller
   */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Keeps it for the next `open` under the same name, in this process or the next. Idempotent. */
  close(): Promise<void>;
  /** Removes it. Never throws for a missing file. */
  discard(): Promise<void>;
}

export interface PartialStore {
  /**
   * What is there under this name, or a new one of zeros. One of another length is begun anew.
   *
   * @param name letters, digits and `-`: the root of the content in hex
   * @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED
   */
  open(name: string, sizeBytes: number): Promise<PartialFile>;
}
