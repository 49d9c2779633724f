/**
 * Apple's code signature of a Mach-O executable: removed before the file is changed, made anew afterwards.
 *
 * arm64 Macs end a program at once whose signature does not fit. Signing the release changes the file again, so
 * `peerpatch sign` has to be followed by `codesign` too: docs/guide/packaging.md. Elsewhere nothing happens.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import { runCommand } from '../process/command.ts';

/** @throws PeerpatchError BUILD_FAILED */
export async function removeCodeSignature(file: string, platform: string, signal?: AbortSignal): Promise<void> {
  if (platform === 'darwin') await codesign(['--remove-signature', file], signal);
}

/** An ad-hoc signature: enough to run, names nobody. @throws PeerpatchError BUILD_FAILED */
export async function addCodeSignature(file: string, platform: string, signal?: AbortSignal): Promise<void> {
  if (platform === 'darwin') await codesign(['--sign', '-', file], signal);
}

async function codesign(args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  try {
    await runCommand('codesign', args, { timeoutMs: MINUTE_MS, signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new PeerpatchError(
      'BUILD_FAILED',
      `codesign failed: ${(cause as Error).message}; install the Xcode command line tools`,
      {
        cause,
      },
    );
  }
}
