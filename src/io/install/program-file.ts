/**
 * The ProgramStore port on real files.
 *
 * @module
 */
import { realpath, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { PartialProgram, ProgramStore, StagedProgram } from '../../ports/program.ts';
import { installError } from '../files/file-error.ts';
import { openProgram } from '../files/open-program.ts';
import { openPartialProgram } from './partial-file.ts';
import { stageFile, type StagedFile } from './staged-file.ts';

/** The program at `path`, and what takes its place. A symbolic link stays: the file behind it is replaced. */
export function programStore(path: string): ProgramStore {
  return {
    open: () => openProgram(path),
    stage: async (sizeBytes) => stagedProgram(await stageReplacement(path, sizeBytes)),
    resume: (name, sizeBytes) => resumeReplacement({ path, name, sizeBytes }),
  };
}

/** A program that is to appear at `path`, where nothing is yet. Executable for everybody the umask lets. */
export function newProgramStore(path: string): ProgramStore {
  const target = resolve(path);
  return {
    open: () => openProgram(target),
    stage: async (sizeBytes) => {
      await checkNewTarget(target);
      return stagedProgram(await stageFile({ target, sizeBytes, old: undefined }));
    },
    resume: async (name, sizeBytes) => {
      await checkNewTarget(target);
      return openPartialProgram({ target, name, sizeBytes, old: undefined });
    },
  };
}

/**
 * Prepares to replace the file behind `path`.
 *
 * @throws PeerpatchError PROGRAM_UNREADABLE, INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED
 */
export async function stageReplacement(path: string, sizeBytes: number): Promise<StagedFile> {
  try {
    const target = await realpath(path);
    return await stageFile({ target, sizeBytes, old: await stat(target) });
  } catch (cause) {
    throw installError(path, cause);
  }
}

interface ResumeOptions {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
}

async function resumeReplacement({ path, name, sizeBytes }: ResumeOptions): Promise<PartialProgram> {
  try {
    const target = await realpath(path);
    return await openPartialProgram({ target, name, sizeBytes, old: await stat(target) });
  } catch (cause) {
    throw installError(path, cause);
  }
}

function stagedProgram(staged: StagedFile): StagedProgram {
  return {
    write: (bytes) => staged.write(bytes),
    // The release is what makes the file fit to be a program: nothing but the gate makes one.
    install: () => staged.publish(),
    discard: () => staged.discard(),
  };
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
