/**
 * Releases that must not be installed again: noted beside the program, and in the user's state folder for other copies of it on
 * this machine. Spec: docs/spec/16-journal.md.
 *
 * The name of a file is all that counts: a note that cannot be read still keeps its release out.
 *
 * @module
 */
import { lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { decodeQuarantine, encodeQuarantine, type QuarantineNote } from '../../core/install/quarantine.ts';
import { isReleaseId, type ReleaseName } from '../../core/install/release-id.ts';
import { errnoOf } from '../files/file-error.ts';
import { openStateFolderSync } from '../files/state-folder.ts';
import { findInstallFolderSync, openInstallFolderSync, openSubfolderSync } from './install-folder.ts';
import { readSmallFileSync, removeSmallFileSync, syncFolderSync, writeSmallFileSync } from './small-file.ts';

export interface QuarantineOptions {
  /** The program; links are resolved. */
  readonly program: string;
  readonly id: string;
  readonly version: string;
  readonly reason: string;
  readonly nowMs: number;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface Quarantined extends ReleaseName {
  /** `-` where the note cannot be read. */
  readonly version: string;
  readonly reason: string;
  readonly at: number;
}

/** In the install folder and in the user's state folder. One of them is enough. @throws the first one's error when neither took it */
export function quarantineSync({ program, id, version, reason, nowMs, env }: QuarantineOptions): void {
  const bytes = encodeQuarantine({ version, reason, at: nowMs });
  const failures: unknown[] = [];
  const places = [
    () => {
      const folder = openInstallFolderSync(program);
      openSubfolderSync(folder, folder.quarantine);
      return folder.quarantine;
    },
    () => stateQuarantine(env, true),
  ];
  let kept = 0;
  for (const place of places) {
    try {
      const folder = place();
      if (folder === undefined) continue;
      writeSmallFileSync(join(folder, id), bytes);
      kept++;
    } catch (error) {
      failures.push(error);
    }
  }
  if (kept === 0 && failures.length > 0) throw failures[0];
}

// eslint-disable-next-line @typescript-eslint/require-await -- small local files: the promise is for the caller's convenience
export async function quarantine(options: QuarantineOptions): Promise<void> {
  quarantineSync(options);
}

/** Whether a release is noted in either folder. A folder that cannot be read says no. */
export function isQuarantined(program: string, id: string, env?: NodeJS.ProcessEnv): boolean {
  return quarantineFolders(program, env).some((folder) => isNoted(join(folder, id)));
}

/** Also a note that cannot be read, whatever it is. */
function isNoted(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** All of both folders, each once. */
export function listQuarantined(program: string, env?: NodeJS.ProcessEnv): readonly Quarantined[] {
  const found = new Map<string, Quarantined>();
  for (const folder of quarantineFolders(program, env)) {
    for (const id of readdirSync(folder).filter(isReleaseId)) {
      if (!found.has(id)) found.set(id, { id, ...readNote(join(folder, id)) });
    }
  }
  return [...found.values()];
}

/** People want that release after all. */
export function releaseFromQuarantine(program: string, id: string, env?: NodeJS.ProcessEnv): void {
  for (const folder of quarantineFolders(program, env)) removeSmallFileSync(join(folder, id));
}

/** Where notes about a program stand. */
export function quarantineFolders(program: string, env?: NodeJS.ProcessEnv): readonly string[] {
  const places = [() => findInstallFolderSync(program)?.quarantine, () => stateQuarantine(env, false)];
  return places.flatMap((place) => {
    try {
      const folder = place();
      // A link in its place may lead to names that others chose.
      return folder !== undefined && lstatSync(folder).isDirectory() ? [folder] : [];
    } catch (error) {
      if (isPeerpatchError(error, 'INSTALL_STATE_DAMAGED') || errnoOf(error) !== undefined) return [];
      throw error;
    }
  });
}

function stateQuarantine(env: NodeJS.ProcessEnv | undefined, make: boolean): string | undefined {
  const state = openStateFolderSync(env);
  if (state === undefined) return undefined;
  const folder = join(state, 'quarantine');
  if (make && mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined) {
    // The state folder may be as new.
    for (const path of [state, dirname(state)]) syncFolderSync(path);
  }
  return folder;
}

function readNote(path: string): QuarantineNote {
  try {
    const bytes = readSmallFileSync(path);
    if (bytes !== undefined) return decodeQuarantine(bytes);
  } catch (error) {
    if (!isPeerpatchError(error, 'INSTALL_STATE_DAMAGED') && errnoOf(error) === undefined) throw error;
  }
  return { version: '-', reason: 'the note cannot be read', at: 0 };
}
