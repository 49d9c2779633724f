/**
 * The trial of each staged program: a preflight, and the quarantine of a release that fails it twice, in one process or in two.
 * The first failure may be the machine's: no memory, no processes left, a disk that is too slow.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import type { ReleaseName } from '../../core/install/release-id.ts';
import { checkExecutable } from '../../io/install/preconditions/machine.ts';
import { forgetFailedTrialsSync, hasFailedTrialSync, noteFailedTrialSync } from '../../io/install/failed-trials.ts';
import { isQuarantined, quarantine } from '../../io/install/quarantine.ts';
import { runPreflight } from '../../io/process/preflight.ts';

export interface Trial {
  /** A staged program that could be run. */
  readonly path: string;
  readonly to: ReleaseName;
  readonly signal?: AbortSignal | undefined;
}

export interface TrialOptions {
  readonly programPath: string;
  /** Undefined: the program is not started. */
  readonly timeoutMs: number | undefined;
}

/** The function throws ROLLED_BACK, INSTALL_WRONG_TARGET, PREFLIGHT_FAILED, CANCELLED. */
export function createTrial({ programPath, timeoutMs }: TrialOptions): (trial: Trial) => Promise<void> {
  /** The release that failed last, where that cannot be written down. */
  let failed: string | undefined;

  const hasFailed = (id: string): boolean =>
    failed === id || orIgnore(() => hasFailedTrialSync(programPath, id)) === true;
  const remember = (id: string): void => {
    failed = id;
    orIgnore(() => {
      noteFailedTrialSync(programPath, id);
    });
  };
  const forget = (): void => {
    failed = undefined;
    orIgnore(() => {
      forgetFailedTrialsSync(programPath);
    });
  };
  return async ({ path, to, signal }) => {
    const { version, id } = to;
    // Whoever chose it should have known. Installed again it would be rolled back again, and so on for ever.
    if (isQuarantined(programPath, id)) {
      const message = `${version} is in quarantine here and is not installed again: "peerpatch skip <program> ${version} --undo" lifts that`;
      throw new PeerpatchError('ROLLED_BACK', message);
    }
    try {
      await checkExecutable(path);
      if (timeoutMs !== undefined) await runPreflight({ path, release: to, timeoutMs, signal });
    } catch (error) {
      if (!isPeerpatchError(error, 'PREFLIGHT_FAILED', 'INSTALL_WRONG_TARGET')) throw error;
      if (hasFailed(id)) {
        await quarantine({ program: programPath, id, version, reason: error.message, nowMs: Date.now() });
        forget();
      } else remember(id);
      throw error;
    }
    forget();
  };
}

/** What is remembered on disk only spares a download: that it cannot be read or written is no reason for anything. */
function orIgnore<Value>(act: () => Value): Value | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
