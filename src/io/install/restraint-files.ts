/**
 * The Restraint port on files: quarantine and choices of a program, and what its host's options say.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { NO_CHOICES, type Choices } from '../../core/install/choices.ts';
import type { Quarantined } from '../../core/update/restraint.ts';
import type { Restraint } from '../../ports/restraint.ts';
import { errnoOf } from '../files/file-error.ts';
import { readChoicesSync } from './choices-file.ts';
import { findInstallFolderSync } from './install-folder.ts';
import { listQuarantined } from './quarantine.ts';

export interface RestraintFilesOptions {
  readonly programPath: string;
  /** Of the host's options. */
  readonly maxVersion?: string | undefined;
  readonly skipVersions?: readonly string[] | undefined;
  /** Told of choices that cannot be read, once for each message. */
  readonly onError: (error: PeerpatchError) => void;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

/** Touches no file before it is asked. */
export function restraintFiles(options: RestraintFilesOptions): Restraint {
  const { programPath, maxVersion, skipVersions = [], onError, env } = options;
  const told = new Set<string>();
  const report = (error: PeerpatchError): void => {
    if (told.has(error.message)) return;
    told.add(error.message);
    onError(error);
  };
  return {
    // eslint-disable-next-line @typescript-eslint/require-await -- a few small local files
    read: async () => ({
      ...choicesOf(programPath, report),
      quarantined: quarantinedOf(programPath, env),
      maxVersion,
      skipVersions,
    }),
  };
}

/** Choices that cannot be read count as none: a program must not stop updating because of a damaged file. */
function choicesOf(programPath: string, report: (error: PeerpatchError) => void): Choices {
  try {
    return readChoicesSync(programPath);
  } catch (cause) {
    if (isPeerpatchError(cause, 'INSTALL_STATE_DAMAGED')) report(cause);
    else if (errnoOf(cause) === undefined) throw cause;
    else if (errnoOf(cause) !== 'ENOENT') report(unreadableChoices(programPath, cause));
    return NO_CHOICES;
  }
}

function unreadableChoices(programPath: string, cause: unknown): PeerpatchError {
  return new PeerpatchError(
    'INSTALL_STATE_DAMAGED',
    `could not read what is chosen for ${programPath} (${errnoOf(cause) ?? ''}): nothing is pinned or skipped until this user may read it`,
    { cause },
  );
}

function quarantinedOf(programPath: string, env: NodeJS.ProcessEnv | undefined): ReadonlyMap<string, Quarantined> {
  const found = listQuarantined(programPath, env);
  if (found.length === 0) return new Map();
  const own = ownQuarantine(programPath);
  return new Map(
    found.map(({ id, version, reason }) => [
      id,
      { version, reason, isOwn: own !== undefined && existsSync(join(own, id)) },
    ]),
  );
}

/** The folder beside the program; undefined where it cannot be used. */
function ownQuarantine(programPath: string): string | undefined {
  try {
    return findInstallFolderSync(programPath)?.quarantine;
  } catch (error) {
    if (isPeerpatchError(error, 'INSTALL_STATE_DAMAGED') || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}
