/**
 * What people chose for a program, on disk: written by "peerpatch pin" and "peerpatch skip", read at each look of an agent. Format:
 * core/install/choices.ts.
 *
 * Two people who choose at the same moment: each file is whole, and the later one counts.
 *
 * @module
 */
import { decodeChoices, encodeChoices, NO_CHOICES, type Choices } from '../../core/install/choices.ts';
import { findInstallFolderSync, openInstallFolderSync } from './install-folder.ts';
import { readSmallFileSync, removeSmallFileSync, writeSmallFileSync } from './small-file.ts';

/**
 * Those of the program behind `program`; links are resolved.
 *
 * @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors
 */
export function readChoicesSync(program: string): Choices {
  const folder = findInstallFolderSync(program);
  const bytes = folder && readSmallFileSync(folder.choices);
  return bytes === undefined ? NO_CHOICES : decodeChoices(bytes);
}

/** Without any choice there is no file. @throws PeerpatchError INSTALL_STATE_DAMAGED, and the system's errors */
export function writeChoicesSync(program: string, choices: Choices): void {
  const isNone = choices.pin === undefined && choices.skip.length === 0;
  if (isNone) {
    const folder = findInstallFolderSync(program);
    if (folder !== undefined) removeSmallFileSync(folder.choices);
    return;
  }
  const folder = openInstallFolderSync(program);
  writeSmallFileSync(folder.choices, encodeChoices(choices));
}
