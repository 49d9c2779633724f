/**
 * The program file as the agent sees it: read it, stage another beside it, put that in its place.
 *
 * Real: io/install/program-file. Fake: testing/memory-program. Both pass test/contract/program. Preflight, journal and kept
 * programs are the store's: the agent only says which release comes in place of which.
 *
 * @module
 */
import type { ReleaseName } from '../core/install/release-id.ts';
import type { RolledBack } from '../core/install/rolled-back.ts';
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
   * Always `length` bytes.
   *
   * @param memory to read into, at least as long: the result is the first part of it. Default: new memory
   * @throws PeerpatchError PROGRAM_UNREADABLE
   * @throws RangeError outside the file, or more than the memory holds: a mistake of the caller
   */
  readAt(offset: number, length: number, memory?: Uint8Array): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What is about to be downloaded and put in the program's place. */
export interface InstallPlan {
  /** Of the whole program file. */
  readonly sizeBytes: number;
  /** What its statement is signed for: `linux-x64`. */
  readonly target?: string | undefined;
}

/** Which release comes in place of which. */
export interface UpdateNames {
  readonly to: ReleaseName;
  /** What the program file holds until now. */
  readonly from: ReleaseName;
  /** Stops a preflight. What is being put in place is put in place. */
  readonly signal?: AbortSignal | undefined;
}

/** The right to install, of one process at a time. */
export interface InstallLock {
  /** Lets the next one in. Idempotent, and never rejects. */
  release(): Promise<void>;
}

/** A new program being written beside the old one. Ends with `install` or `discard`. */
export interface StagedProgram {
  /** @throws PeerpatchError INSTALL_NO_SPACE, INSTALL_FAILED */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Makes the staged file the program: whole or not at all, with the old one's mode and ownership.
   *
   * @param update what the next start has to know. Without it, for a program that is made where none was, the new one is neither
   *   tried nor watched, and there is nothing to go back to.
   * @throws PeerpatchError INSTALL_FAILED, INSTALL_NO_SPACE, INSTALL_NOT_WRITABLE, PREFLIGHT_FAILED, CANCELLED: the old
   *   program is still in place
   */
  install(release: AcceptedRelease, update?: UpdateNames): Promise<void>;
  /** Removes what was staged. Never throws for a missing file. */
  discard(): Promise<void>;
}

/** A new program of which a part may be there from before. Ends with `install`, `close` (it is kept) or `discard`. */
export type PartialProgram = PartialFile & Pick<StagedProgram, 'install'>;

export interface ProgramStore {
  /** @throws PeerpatchError PROGRAM_UNREADABLE */
  open(): Promise<OpenProgram>;
  /**
   * Whether a program could be put in place: asked before a byte of it is downloaded. Changes nothing that lasts.
   *
   * @throws PeerpatchError PROGRAM_UNREADABLE and INSTALL_* with the exact fix
   */
  checkInstall(plan: InstallPlan): Promise<void>;
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
  /**
   * The right to download and install. Undefined while another process has it; what that one installs shows in `open`.
   *
   * @throws PeerpatchError INSTALL_NOT_WRITABLE, INSTALL_FAILED, PROGRAM_UNREADABLE
   */
  lock(signal?: AbortSignal): Promise<InstallLock | undefined>;
  /**
   * The roll back that put this release, which the program file holds, in its place. Undefined when none did.
   *
   * @throws PeerpatchError PROGRAM_UNREADABLE, INSTALL_STATE_DAMAGED, INSTALL_NOT_WRITABLE, INSTALL_FAILED
   */
  rollBackTo(release: ReleaseName): Promise<RolledBack | undefined>;
}
