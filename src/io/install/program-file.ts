/**
 * The ProgramStore port on real files.
 *
 * @module
 */
import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { InstallLock, PartialProgram, ProgramStore, StagedProgram } from '../../ports/program.ts';
import { installError } from '../files/file-error.ts';
import { openProgram } from '../files/open-program.ts';
import { acquireInstallLock } from './lock/install-lock.ts';
import { checkNewFile, checkUpdate } from './preconditions/check-install.ts';
import { installFolderPaths } from './install-folder.ts';
import { openPartialProgram } from './partial-file.ts';
import { readRollBack } from './read-roll-back.ts';
import { sweepInstallFolderSync } from './sweep.ts';
import type { UpdateOptions } from './replace-parts.ts';
import { stageFile, type StagedFile } from './staged-file.ts';

/** The program at `path`, and what takes its place. A symbolic link stays: the file behind it is replaced. */
export function programStore(path: string, options: UpdateOptions = {}): ProgramStore {
  return {
    open: () => openProgram(path),
    checkInstall: (plan) => checkUpdate(path, plan),
    stage: async (sizeBytes) => stagedProgram(await stageReplacement(path, sizeBytes, options)),
    resume: (name, sizeBytes) => resumeReplacement({ ...options, path, name, sizeBytes }),
    lock: (signal) => lockProgram(path, options, signal),
    // eslint-disable-next-line @typescript-eslint/require-await -- a few hundred bytes
    rollBackTo: async (release) => readRollBack(path, release),
  };
}

/** A program that is to appear at `path`, where nothing is yet. Executable for everybody the umask lets. */
export function newProgramStore(path: string): ProgramStore {
  const target = resolve(path);
  return {
    open: () => openProgram(target),
    checkInstall: (plan) => checkNewFile(target, plan),
    stage: async (sizeBytes) => {
      await checkNewTarget(target);
      return stagedProgram(await stageFile({ target, sizeBytes, old: undefined }));
    },
    resume: async (name, sizeBytes) => {
      await checkNewTarget(target);
      return openPartialProgram({ target, name, sizeBytes, old: undefined });
    },
    // The name decides: a second one that makes the same file is refused when it publishes.
    lock: () => Promise.resolve({ release: () => Promise.resolve() }),
    rollBackTo: () => Promise.resolve(undefined),
  };
}

/**
 * Prepares to replace the file behind `path`.
 *
 * @throws PeerpatchError PROGRAM_UNREADABLE, INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED
 */
export async function stageReplacement(
  path: string,
  sizeBytes: number,
  options: UpdateOptions = {},
): Promise<StagedFile> {
  try {
    const target = await realpath(path);
    return await stageFile({ ...options, target, sizeBytes, old: await stat(target) });
  } catch (cause) {
    throw installError(path, cause);
  }
}

interface ResumeOptions extends UpdateOptions {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
}

async function resumeReplacement(options: ResumeOptions): Promise<PartialProgram> {
  const { path } = options;
  try {
    const target = await realpath(path);
    return await openPartialProgram({ ...options, target, old: await stat(target) });
  } catch (cause) {
    throw installError(path, cause);
  }
}

function stagedProgram(staged: StagedFile): StagedProgram {
  return {
    write: (bytes) => staged.write(bytes),
    // The release is what makes the file fit to be a program: nothing but the gate makes one.
    install: (_release, update) => staged.publish(update),
    discard: () => staged.discard(),
  };
}

/** With the lock comes the duty to tidy up: nobody else is about to use what is there. */
async function lockProgram(
  path: string,
  { keepPrevious = 1, onWarning }: UpdateOptions,
  signal: AbortSignal | undefined,
): Promise<InstallLock | undefined> {
  const lock = await acquireInstallLock(path, { signal, waits: false });
  try {
    if (lock !== undefined) {
      sweepInstallFolderSync(installFolderPaths(await realpath(path)), { keepPrevious, nowMs: Date.now() });
    }
  } catch (cause) {
    onWarning?.(installError(path, cause)); // what is left over takes room, no more
  }
  return lock;
}

/** @param target absolute path of a file to make. @throws PeerpatchError INSTALL_FAILED, OPTION_INVALID */
export async function checkNewTarget(target: string): Promise<void> {
  if ((await stat(dirname(target)).catch(() => undefined))?.isDirectory() !== true) {
    throw new PeerpatchError('INSTALL_FAILED', `the folder ${dirname(target)} does not exist: make it first`);
  }
  if ((await stat(target).catch(() => undefined)) !== undefined) {
    throw new PeerpatchError('OPTION_INVALID', `${target} exists: choose another name, or remove it first`);
  }
}
