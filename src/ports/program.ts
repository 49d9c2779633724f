/**
 * The program file as the agent sees it: read it, stage another beside it, put that in its place.
 *
 * Real: io/files/program-file. Fake: testing/memory-program. Both pass test/contract/program.
 *
 * @module
 */
import type { AcceptedRelease } from '../core/release/accept.ts';

/** A file held open: what is read stays the same even when the path gets another file. */
export interface OpenProgram {
  /** The real path: symbolic links resolved. */
  readonly path: string;
  readonly sizeBytes: number;
  /** The same for two opened files only while their path was not given another file in between. */
  readonly identity: string;
  /**
   * The bytes from `from` (default 0) on, in pieces; reads ahead by one piece. A piece is valid until the next one is asked
   * for: its memory is used again.
   */
  read(from?: number): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** A new program being written beside the old one. Ends with `install` or `discard`. */
export interface StagedProgram {
  /** @throws PeerpatchError INSTALL_NO_SPACE, INSTALL_FAILED */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Makes the staged file the program: whole or not at all, with the old one's mode and ownership.
   *
   * @throws PeerpatchError INSTALL_FAILED, INSTALL_NO_SPACE, INSTALL_NOT_WRITABLE: the old program is still in place
   */
  install(release: AcceptedRelease): Promise<void>;
  /** Removes what was staged. Never throws for a missing file. */
  discard(): Promise<void>;
}

export interface ProgramStore {
  /** @throws PeerpatchError PROGRAM_UNREADABLE */
  open(): Promise<OpenProgram>;
  /**
   * Prepares to write `sizeBytes` beside the program.
   *
   * @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, PROGRAM_UNREADABLE
   */
  stage(sizeBytes: number): Promise<StagedProgram>;
}
