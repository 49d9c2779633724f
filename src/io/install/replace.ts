/**
 * Carries out the steps of core/install/steps.ts on real files: a staged file becomes the program, whole or not at all.
 * Spec: docs/spec/07-install.md.
 *
 * @module
 */
import { installSteps, type InstallStep } from '../../core/install/steps.ts';
import { installError } from '../files/file-error.ts';
import { THIS_INSTALL_SYSTEM } from './file-calls.ts';
import { checkLength, checkStaged, checkTarget, closeStaged, keepOldAttributes } from './replace-prepare.ts';
import type { Replacement, ReplaceOptions } from './replace-parts.ts';
import {
  keepPrevious,
  moveAside,
  moveIn,
  publish,
  runPreflight,
  syncFolder,
  writeInstallJournal,
} from './replace-publish.ts';

/** @throws PeerpatchError INSTALL_FAILED, PREFLIGHT_FAILED, CANCELLED, and the system's errors: nothing was replaced */
export async function replaceFile(options: ReplaceOptions): Promise<void> {
  const { system = THIS_INSTALL_SYSTEM, onWarning = () => undefined } = options;
  const replacement: Replacement = { ...options, system, onWarning };
  try {
    for (const step of installSteps({ isWindows: system.isWindows, isUpdate: options.update !== undefined })) {
      await CARRY_OUT[step](replacement);
    }
  } catch (error) {
    // What went wrong counts. A journal that stays is cleared by the next start: it finds the old program in place.
    await replacement.undo?.().catch((cause: unknown) => {
      onWarning(installError(options.target, cause));
    });
    throw error;
  }
}

const CARRY_OUT: Readonly<Record<InstallStep, (replacement: Replacement) => Promise<void>>> = {
  'check-length': checkLength,
  'check-target': checkTarget,
  'keep-attributes': keepOldAttributes,
  'sync-file': ({ staged }) => staged.sync(),
  'close-file': closeStaged,
  preflight: runPreflight,
  'check-staged': checkStaged,
  'keep-previous': keepPrevious,
  'write-journal': writeInstallJournal,
  publish,
  'move-aside': moveAside,
  'move-in': moveIn,
  'sync-folder': syncFolder,
};
