/**
 * What the steps of an installation work on.
 *
 * @module
 */
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { PeerpatchError } from '../../core/base/errors.ts';
import type { ReleaseName } from '../../core/install/release-id.ts';
import type { UpdateNames } from '../../ports/program.ts';
import type { InstallSystem } from './file-calls.ts';

/** What the path held when staging began: owner and mode are kept, the rest tells whether it is still the same file. */
export interface OldFile {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly dev: number;
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

/** A program that is whole and on disk, and not yet in place. */
export interface StagedForPreflight {
  readonly path: string;
  /** The program that it is to replace. */
  readonly programPath: string;
  /** What it must say that it is. */
  readonly to: ReleaseName;
  readonly signal?: AbortSignal | undefined;
}

/** Starts the program once, as a trial. @throws PeerpatchError PREFLIGHT_FAILED, CANCELLED: it is not installed */
export type Preflight = (staged: StagedForPreflight) => Promise<void>;

/** How a program is replaced by its update. */
export interface UpdateOptions {
  /** Default: none. */
  readonly preflight?: Preflight | undefined;
  /** Programs kept to go back to, 1 or more while one is on probation. Default 1. */
  readonly keepPrevious?: number | undefined;
  /** Told what went wrong and did not stop the installation. */
  readonly onWarning?: ((warning: PeerpatchError) => void) | undefined;
  /** For tests. */
  readonly system?: InstallSystem | undefined;
}

export interface ReplaceOptions extends UpdateOptions {
  /** Real path of the file to replace or to make. */
  readonly target: string;
  readonly stagedPath: string;
  /** Open for writing. Closed by one of the steps. */
  readonly staged: FileHandle;
  readonly sizeBytes: number;
  /** The file to replace. Undefined: there must be none, and nothing is replaced. */
  readonly old: OldFile | undefined;
  /** Undefined for signing, and for a program that is made where none was. */
  readonly update?: UpdateNames | undefined;
}

/** What one step leaves for a later one. */
export interface Replacement extends ReplaceOptions {
  readonly system: InstallSystem;
  readonly onWarning: (warning: PeerpatchError) => void;
  /** The staged file as it was when it was closed. */
  closed?: BigIntStats;
  /** Puts back what was changed so far. Replaced when there is more to put back. */
  undo?: () => Promise<void>;
}
