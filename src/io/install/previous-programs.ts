/**
 * Programs that are kept to go back to: `previous/<version>~<16 digits of the release id>`. Spec: docs/spec/16-journal.md.
 *
 * A second name for the old file, which costs no room until the first one is gone; a copy where there are no links.
 *
 * @module
 */
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { isPreviousName } from '../../core/install/journal.ts';
import { compareAppVersions, isAppVersion } from '../../core/statement/app-version.ts';
import { errnoOf } from '../files/file-error.ts';
import { linkOrCopy, type FileCalls } from './file-calls.ts';
import { openSubfolderSync, type InstallFolder } from './install-folder.ts';
import { hiddenName, syncFolderSync } from './small-file.ts';

export interface PreviousProgram {
  /** Name in the folder. */
  readonly name: string;
  readonly path: string;
  readonly version: string;
  /** The first 16 of the release id's 64 digits. */
  readonly idPrefix: string;
}

/** Newest version first. What is no regular file there counts as none. @throws the system's errors, not for a missing folder */
export function listPreviousPrograms(folder: InstallFolder): readonly PreviousProgram[] {
  return namesIn(folder.previous)
    .flatMap((name) => {
      const [version = '', idPrefix = ''] = name.split('~');
      const path = join(folder.previous, name);
      return isPreviousName(name) && isAppVersion(version) && isFile(path) ? [{ name, path, version, idPrefix }] : [];
    })
    .sort((a, b) => compareAppVersions(b.version, a.version) || a.name.localeCompare(b.name));
}

/**
 * Gives the program's file a second name. On disk when it resolves.
 *
 * @param isExpected whether what was kept is the file it should be: somebody may have put another one there a moment ago
 * @throws PeerpatchError INSTALL_FAILED, INSTALL_STATE_DAMAGED, and the system's errors
 */
export async function keepPreviousProgram(
  folder: InstallFolder,
  name: string,
  { calls, isExpected }: { readonly calls: FileCalls; readonly isExpected: (kept: string) => boolean },
): Promise<void> {
  openSubfolderSync(folder, folder.previous);
  const path = join(folder.previous, name);
  const staged = hiddenName(path);
  await linkOrCopy(calls, folder.programPath, staged);
  try {
    if (!isExpected(staged)) {
      throw new PeerpatchError(
        'INSTALL_FAILED',
        `${folder.programPath} was replaced by something else meanwhile: nothing was done, the next attempt looks at it again`,
      );
    }
    await calls.rename(staged, path);
  } finally {
    // Two names of one file are not renamed over each other: both stay.
    await calls.remove(staged);
  }
  syncFolderSync(folder.previous);
}

/** Whether there is a regular file: no link is followed. */
export function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Also of a folder that is missing, or none. */
export function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}
