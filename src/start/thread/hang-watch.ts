/**
 * What the agent's thread does when the host's event loop stands still in the probation: the previous program is put back, unless
 * a newer one is there already, and this process ends, so that whoever watches it starts that one. Spec: docs/spec/17-probation.md.
 *
 * @module
 */
import { SECOND_MS } from '../../core/base/units.ts';
import type { ReleaseName } from '../../core/install/release-id.ts';
import { rollBack } from '../../io/install/roll-back.ts';
import { killThisProcess } from '../../io/process/own-end.ts';
import { watchHeartbeat, type Heartbeat } from '../heartbeat.ts';

export interface HangWatchOptions {
  readonly programPath: string;
  /** What hangs: the program file may hold a newer release by then. */
  readonly running: ReleaseName;
  readonly heartbeat: Heartbeat;
  readonly hangMs: number;
  /** Whether the program file still holds it. */
  readonly isBadInPlace: (programPath: string) => boolean;
  /** There is nothing to go back to: the process is left as it is. */
  readonly onError: (error: unknown) => void;
}

export function startHangWatch(options: HangWatchOptions): void {
  const { programPath, running, heartbeat, hangMs, isBadInPlace, onError } = options;
  watchHeartbeat({
    heartbeat,
    hangMs,
    onHang: () => {
      const reason = `its event loop stood still for ${Math.round(hangMs / SECOND_MS)} s`;
      rollBack({ programPath, reason, bad: running, isBadInPlace, nowMs: Date.now() }).then(killThisProcess, onError);
    },
  });
}
