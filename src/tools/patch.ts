/**
 * The running program as a release, under the name rustpatcher gives it.
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import { executable } from '../io/executable/executable.ts';
import { verifyProgram, type VerifiedProgram } from './verify-program.ts';

export interface PatchFunctions {
  /**
   * Verifies the running program's file.
   *
   * @param publicKey the owner's, z-base-32
   * @throws PeerpatchError as `verifyProgram`; STAMP_MISSING when this is no executable
   */
  readonly fromSelf: (publicKey: string) => Promise<VerifiedProgram>;
}

export const Patch: PatchFunctions = {
  fromSelf: async (publicKey) => {
    const { kind, path } = executable();
    if (kind === 'source') {
      throw new PeerpatchError('STAMP_MISSING', 'running from source: make an executable with "peerpatch build" first');
    }
    return verifyProgram({ program: path, publicKey });
  },
};
