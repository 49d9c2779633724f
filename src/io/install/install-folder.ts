/**
 * The install folder: what an install keeps beside the program, for the next start and for people. Spec: docs/spec/16-journal.md.
 *
 * .<name>.peerpatch/
 *   journal         see journal-file.ts
 *   ended           written when the program on probation ends well: the guard's question
 *   starts/, early/ see running-starts.ts
 *   lock/           see lock/
 *   previous/       see previous-programs.ts
 *   quarantine/     see quarantine.ts
 *   trials/         see failed-trials.ts
 *   choices         what people chose: pin, skip
 *
 * Nothing in it is code that runs without a name in the journal, and nothing in it is followed elsewhere: a folder that others
 * may have made or may change counts as none.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { lstatSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { errnoOf } from '../files/file-error.ts';
import { realPathSync } from '../files/real-path.ts';
import { makeFolderSync } from './new-folder.ts';
import { syncFolderSync } from './small-file.ts';

export interface InstallFolder {
  /** Of the program: symbolic links resolved. */
  readonly programPath: string;
  readonly path: string;
  readonly journal: string;
  readonly ended: string;
  readonly starts: string;
  readonly early: string;
  readonly lock: string;
  readonly previous: string;
  readonly quarantine: string;
  readonly trials: string;
  readonly choices: string;
}

const MAX_NAME_CHARACTERS = 50;
const INHERITED_MODE = 0o775;
const GROUP_WRITE = 0o020;
const WORLD_WRITE = 0o002;

/** Where everything is. Touches no file. @param programPath real path of the program */
export function installFolderPaths(programPath: string): InstallFolder {
  const path = join(dirname(programPath), `.${shortName(basename(programPath))}.peerpatch`);
  const at = (name: string): string => join(path, name);
  return {
    programPath,
    path,
    journal: at('journal'),
    ended: at('ended'),
    starts: at('starts'),
    early: at('early'),
    lock: at('lock'),
    previous: at('previous'),
    quarantine: at('quarantine'),
    trials: at('trials'),
    choices: at('choices'),
  };
}

/**
 * The folder beside a program, if it is there. Symbolic links in the program's path are resolved.
 *
 * @throws PeerpatchError INSTALL_STATE_DAMAGED when it is one that others may have made or may change, and the system's errors
 */
export function findInstallFolderSync(programPath: string): InstallFolder | undefined {
  const folder = installFolderPaths(realPathSync(programPath));
  return checkFolder(folder.path, statSync(folder.programPath)) ? folder : undefined;
}

/**
 * As {@link findInstallFolderSync}, and made when it is missing, with the program's owner where that is permitted.
 *
 * @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors
 */
export function openInstallFolderSync(programPath: string): InstallFolder {
  const folder = installFolderPaths(realPathSync(programPath));
  makeFolder(folder.path, statSync(folder.programPath));
  return folder;
}

/** {@link openInstallFolderSync} */
// eslint-disable-next-line @typescript-eslint/require-await -- small local files: the promise is for the caller's convenience
export async function openInstallFolder(programPath: string): Promise<InstallFolder> {
  return openInstallFolderSync(programPath);
}

/** {@link findInstallFolderSync} */
// eslint-disable-next-line @typescript-eslint/require-await -- as above
export async function findInstallFolder(programPath: string): Promise<InstallFolder | undefined> {
  return findInstallFolderSync(programPath);
}

/** Makes a folder inside the install folder when it is missing. @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors */
export function openSubfolderSync(folder: InstallFolder, path: string): void {
  makeFolder(path, statSync(folder.programPath));
}

function makeFolder(path: string, program: Stats): void {
  if (checkFolder(path, program)) return;
  const parent = statSync(dirname(path));
  // Who may write to the program's folder may replace the program anyhow, and who may not must not write here either.
  const mode = parent.mode & INHERITED_MODE;
  try {
    makeFolderSync(path, mode, parent);
    syncFolderSync(dirname(path));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error; // another process was faster
  }
  if (!checkFolder(path, program)) throw unsafe(path, 'it was removed as soon as it was made');
}

/** False when there is none. @throws PeerpatchError INSTALL_STATE_DAMAGED when it is not safe to use */
function checkFolder(path: string, program: Stats): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (!found.isDirectory()) throw unsafe(path, 'it is a link or a file');
  const uid = process.getuid?.();
  if (uid === undefined) return true; // Windows: permissions are inherited from the program's folder
  if ((found.mode & WORLD_WRITE) !== 0) throw unsafe(path, 'everybody may write to it');
  const { mode, uid: parentUid } = statSync(dirname(path));
  if ([uid, 0, program.uid, parentUid].includes(found.uid)) return true;
  // Another user of a program that a group shares. Where everybody may make folders the owner is all that tells.
  if ((mode & GROUP_WRITE) !== 0 && (mode & WORLD_WRITE) === 0) return true;
  throw unsafe(path, `it belongs to user ${found.uid}`);
}

function unsafe(path: string, why: string): PeerpatchError {
  return new PeerpatchError(
    'INSTALL_STATE_DAMAGED',
    `the install folder ${path} is not used: ${why}; remove it, the next install makes another one`,
  );
}

/** File systems allow 255 bytes in a name. Two long names must not come to share a folder. */
function shortName(name: string): string {
  if (name.length <= MAX_NAME_CHARACTERS) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, MAX_NAME_CHARACTERS - 9)}~${hash}`;
}
