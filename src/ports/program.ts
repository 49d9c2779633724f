/**
 * The program file as the agent sees it: read it, stage another beside it, put that in its place.
 *
 * Real: io/files/program-file. Fake: testing/memory-program. Both pass test/contract/program.
 *
 * @module
 */
import type { AcceptedRelease } from '../core/release/accept.ts';
import type { PartialFile } from './partial.ts';

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
  /**
   * New memory, always `length` bytes.
   *
   * @throws PeerpatchError PROGRAM_UNREADABLE
   * @throws RangeError outside the file: a mistake of the caller
   */
  readAt(offset: number, length: number): Promise<Uint8Array>;
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

/** A new program of which a part may be there from before. Ends with `install`, `close` (it is kept) or `discard`. */
export type PartialProgram = PartialFile & Pick<StagedProgram, 'install'>;

export interface ProgramStore {
  /** @throws PeerpatchError PROGRAM_UNREADABLE */
  open(): Promise<OpenProgram>;
  /**
   * Prepares to write `sizeBytes` beside the program.
   *
   * @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, PROGRAM_UNREADABLE
   */
  stage(sizeBytes: number): Promise<StagedProgram>;
  /**
   * As `stage`, in any order and kept when the process ends: the next one that gives the same name goes on with what is there.
   *
   * @param name letters, digits and `-`: the root of the release in hex
   * @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED, PROGRAM_UNREADABLE
   */
  resume(name: string, sizeBytes: number): Promise<PartialProgram>;
}
