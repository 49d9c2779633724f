/**
 * What is known on this machine about a program: its release, how its last update went, what is kept and what is ruled out.
 *
 * Reads only, and works while the program runs. A damaged file is a line among the problems and hides nothing else.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { NO_CHOICES, type Choices } from '../../core/install/choices.ts';
import type { Journal } from '../../core/install/journal.ts';
import type { ReleaseName } from '../../core/install/release-id.ts';
import type { StatementName } from '../../core/statement/statement.ts';
import { errnoOf, unreadable } from '../../io/files/file-error.ts';
import { readChoicesSync } from '../../io/install/choices-file.ts';
import { findInstallFolderSync, type InstallFolder } from '../../io/install/install-folder.ts';
import { readJournalSync } from '../../io/install/journal-file.ts';
import { readLockHolder, type LockHolder } from '../../io/install/lock/install-lock.ts';
import { listPreviousPrograms } from '../../io/install/previous-programs.ts';
import { listQuarantined } from '../../io/install/quarantine.ts';
import { findInstalledRelease } from './installed-release.ts';

export interface QuarantinedRelease extends ReleaseName {
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Noted beside this program. Else by another program or another copy of this user: it may be of something else. */
  readonly isOwn: boolean;
}

export interface ProgramStatus {
  /** The real path: links resolved. */
  readonly path: string;
  /** What the program file holds, unverified; undefined when it holds no release. */
  readonly release: ReleaseName | undefined;
  /** Undefined without a statement. */
  readonly name: StatementName | undefined;
  /** How the last update goes or went; undefined when there was none, or when it has proven itself. */
  readonly journal: Journal | undefined;
  /** Kept programs, newest version first. */
  readonly previous: readonly { readonly version: string; readonly path: string }[];
  readonly quarantined: readonly QuarantinedRelease[];
  readonly pin: string | undefined;
  readonly skip: readonly string[];
  /** Who installs something at this moment. */
  readonly installing: LockHolder | undefined;
  /** What could not be read. */
  readonly problems: readonly string[];
}

export interface ProgramStatusOptions {
  readonly program: string;
  readonly signal?: AbortSignal | undefined;
  /** Where this user keeps state. Default: the process's own. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED */
export async function programStatus({ program, signal, env }: ProgramStatusOptions): Promise<ProgramStatus> {
  const path = await resolveProgram(program);
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems.push(problemOf(error));
      return undefined;
    }
  };
  const found = await findInstalledRelease(path, signal);
  if ('problem' in found) problems.push(found.problem);
  const release = 'problem' in found ? undefined : found;
  const folder = attempt(() => findInstallFolderSync(path));
  const inFolder = <T>(read: (folder: InstallFolder) => T): T | undefined => folder && attempt(() => read(folder));
  const { pin, skip }: Choices = inFolder(() => readChoicesSync(path)) ?? NO_CHOICES;
  return {
    path,
    release: release && { version: release.version, id: release.id },
    name: release?.statement && nameOf(release.statement),
    journal: inFolder(readJournalSync),
    previous: (inFolder(listPreviousPrograms) ?? []).map(({ version, path }) => ({ version, path })),
    quarantined: (attempt(() => listQuarantined(path, env)) ?? []).map((note) => ({
      ...note,
      isOwn: folder !== undefined && existsSync(join(folder.quarantine, note.id)),
    })),
    pin,
    skip,
    installing: inFolder(() => readLockHolder(path)),
    problems,
  };
}

/** The real path of a program. @throws PeerpatchError PROGRAM_UNREADABLE */
export async function resolveProgram(program: string): Promise<string> {
  try {
    return await realpath(program);
  } catch (cause) {
    throw unreadable(program, cause);
  }
}

function nameOf({ app, target, channel }: StatementName): StatementName {
  return { app, target, channel };
}

/** Rethrows bugs. */
function problemOf(error: unknown): string {
  if (error instanceof PeerpatchError) return `${error.code}: ${error.message}`;
  if (errnoOf(error) === undefined) throw error;
  return `INSTALL_STATE_DAMAGED: ${(error as Error).message}`;
}
