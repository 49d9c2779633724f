/**
 * What people decide about the versions of a program on this machine: to stay on one, never to take others.
 *
 * Running copies see it at their next look. Files are written, no process is touched.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { MAX_SKIPPED_VERSIONS } from '../../core/base/limits.ts';
import { NO_CHOICES, type Choices } from '../../core/install/choices.ts';
import { compareAppVersions, parseAppVersion } from '../../core/statement/app-version.ts';
import { installError } from '../../io/files/file-error.ts';
import { readChoicesSync, writeChoicesSync } from '../../io/install/choices-file.ts';
import { findInstallFolderSync } from '../../io/install/install-folder.ts';
import { listPreviousPrograms } from '../../io/install/previous-programs.ts';
import { listQuarantined, releaseFromQuarantine } from '../../io/install/quarantine.ts';
import { findInstalledRelease } from './installed-release.ts';
import { resolveProgram } from './program-status.ts';

export interface ChooseVersionOptions {
  readonly program: string;
  readonly version: string;
  /** Where this user keeps state. Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface PinnedProgram {
  /** The real path: links resolved. */
  readonly path: string;
  /** The only version that is taken from now on. */
  readonly pin: string;
  /** What the program file holds; undefined when it holds no release. */
  readonly installed: string | undefined;
  /** The pin is below what is installed. That is no way back: the network only leads forward, `rollBackProgram` goes back. */
  readonly isBelow: boolean;
  /** A program of that version is kept, to go back to. */
  readonly isKept: boolean;
}

export interface PinProgramOptions {
  readonly program: string;
  /** Default: the one in the program file. */
  readonly version?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws PeerpatchError PROGRAM_UNREADABLE, VERSION_MALFORMED, OPTION_INVALID, INSTALL_NOT_WRITABLE, INSTALL_STATE_DAMAGED */
export async function pinProgram({ program, version, signal }: PinProgramOptions): Promise<PinnedProgram> {
  const path = await resolveProgram(program);
  const found = await findInstalledRelease(path, signal);
  const installed = 'problem' in found ? undefined : found.version;
  const pin = version === undefined ? installed : parseAppVersion(version);
  if (pin === undefined) {
    throw new PeerpatchError('OPTION_INVALID', `${path} holds no release: name the version to pin it to`);
  }
  choose(path, (choices) => ({ ...choices, pin }));
  const folder = findInstallFolderSync(path);
  const isKept = folder !== undefined && listPreviousPrograms(folder).some((each) => each.version === pin);
  const isBelow = installed !== undefined && compareAppVersions(pin, installed) < 0;
  return { path, pin, installed, isBelow, isKept };
}

export interface UnpinnedProgram {
  /** The real path: links resolved. */
  readonly path: string;
  /** Undefined when it was pinned to none. */
  readonly wasPin: string | undefined;
}

/** @throws PeerpatchError PROGRAM_UNREADABLE, INSTALL_NOT_WRITABLE, INSTALL_STATE_DAMAGED */
export async function unpinProgram(program: string): Promise<UnpinnedProgram> {
  const path = await resolveProgram(program);
  const before = choose(path, (choices) => ({ ...choices, pin: undefined }));
  return { path, wasPin: before.pin };
}

export interface SkippedVersions {
  /** The real path: links resolved. */
  readonly path: string;
  /** All that are skipped from now on. */
  readonly skip: readonly string[];
}

/** @throws PeerpatchError PROGRAM_UNREADABLE, VERSION_MALFORMED, OPTION_INVALID, INSTALL_NOT_WRITABLE, INSTALL_STATE_DAMAGED */
export async function skipVersion({ program, version }: ChooseVersionOptions): Promise<SkippedVersions> {
  const path = await resolveProgram(program);
  const skipped = parseAppVersion(version);
  const { skip } = readChoicesOrNone(path);
  if (!skip.includes(skipped) && skip.length >= MAX_SKIPPED_VERSIONS) {
    throw new PeerpatchError(
      'OPTION_INVALID',
      `${MAX_SKIPPED_VERSIONS} versions are skipped already: end some with --undo, or pin the program`,
    );
  }
  const next = [...skip.filter((each) => each !== skipped), skipped].sort(compareAppVersions);
  choose(path, (choices) => ({ ...choices, skip: next }));
  return { path, skip: next };
}

export interface UnskippedVersion extends SkippedVersions {
  readonly wasSkipped: boolean;
  /** Releases of this version that were in quarantine, and are no more: their ids. */
  readonly lifted: readonly string[];
}

/**
 * Takes a version back among those that may be taken: it is skipped no more, and its quarantine is lifted, beside the program and
 * in the user's state folder.
 *
 * @throws PeerpatchError PROGRAM_UNREADABLE, VERSION_MALFORMED, INSTALL_NOT_WRITABLE, INSTALL_STATE_DAMAGED
 */
export async function unskipVersion({ program, version, env }: ChooseVersionOptions): Promise<UnskippedVersion> {
  const path = await resolveProgram(program);
  const wanted = parseAppVersion(version);
  const { skip } = readChoicesOrNone(path);
  const next = skip.filter((each) => each !== wanted);
  const wasSkipped = next.length < skip.length;
  if (wasSkipped) choose(path, (choices) => ({ ...choices, skip: next }));
  const lifted = listQuarantined(path, env).flatMap((note) => (note.version === wanted ? [note.id] : []));
  try {
    for (const id of lifted) releaseFromQuarantine(path, id, env);
  } catch (cause) {
    throw installError(path, cause);
  }
  return { path, skip: next, wasSkipped, lifted };
}

/** @returns what was chosen before */
function choose(path: string, change: (before: Choices) => Choices): Choices {
  const before = readChoicesOrNone(path);
  try {
    writeChoicesSync(path, change(before));
  } catch (cause) {
    throw installError(path, cause);
  }
  return before;
}

/** A damaged file counts as none, and is written anew. */
function readChoicesOrNone(path: string): Choices {
  try {
    return readChoicesSync(path);
  } catch (cause) {
    if (isPeerpatchError(cause, 'INSTALL_STATE_DAMAGED')) return NO_CHOICES;
    throw installError(path, cause);
  }
}
