/**
 * The engine inside a running program: offers what is installed, looks for what is newer, installs it, asks to restart.
 *
 * Knows ports only, so a whole update runs in one process in milliseconds under test. Where it really runs: start/.
 *
 * @module
 */
import { SECOND_MS } from '../core/base/units.ts';
import { v0Topic } from '../core/record/topic.ts';
import type { SignedRelease } from '../core/release/release.ts';
import type { ProgramFormat } from '../core/stamp/format.ts';
import type { LocalTime } from '../core/schedule/due.ts';
import type { UpdateMode } from '../core/schedule/mode.ts';
import type { ProgramStore } from '../ports/program.ts';
import { discover } from './discover.ts';
import { errorEvent } from './events.ts';
import { startOffering, type OfferingParts } from './offering.ts';
import { poll } from './poll.ts';
import { watchReplacement, type Offered } from './replacement.ts';
import { Update, type CheckResult } from './update.ts';

export interface AgentParts extends OfferingParts {
  readonly mode: UpdateMode;
  readonly zone: LocalTime;
  readonly store: ProgramStore;
  /** Format and processor of the running program. */
  readonly format: ProgramFormat;
  /** The release this process runs. */
  readonly running: SignedRelease;
  /** The release in the program file, verified. Newer than `running` when it was replaced behind this process. */
  readonly installed: Offered;
  /** Asks the host to replace the process. The answer is `restartFailed`, or the end of this process. */
  readonly requestRestart: (version: string) => void;
}

export interface Agent {
  /** Looks at the network now. */
  check(): Promise<CheckResult>;
  /** The host could not replace the process. */
  restartFailed(): void;
  /** Ends the loops and uploads, closes network and DHT. */
  stop(): Promise<void>;
}

/** How often a waiting update looks at the clock: sleep and clock changes are noticed this soon. */
const SCHEDULE_INTERVAL_MS: number = 5 * SECOND_MS;

export function startAgent(parts: AgentParts): Agent {
  const { owner, dht, network, clock, random, intervalMs, emit, store } = parts;
  const stop = new AbortController();
  const { signal } = stop;
  const offering = startOffering(parts.installed, parts);
  const update = new Update({
    ...parts,
    installed: parts.installed.release,
    path: parts.installed.program.path,
    discover: () => discover({ dht, owner, clock, topic: v0Topic(owner), nodeId: network.nodeId, signal }),
    findReplacement: watchReplacement(store, owner, parts.installed.program.identity),
    offer: (offered) => offering.replace(offered),
    signal,
  });

  const looking = poll({
    intervalMs,
    clock,
    random,
    signal,
    turn: () => update.check(),
    onError: (error) => {
      emit(errorEvent('check', error));
    },
  });
  const scheduling = poll({
    intervalMs: SCHEDULE_INTERVAL_MS,
    clock,
    random,
    signal,
    turn: () => {
      update.restartWhenDue();
      return Promise.resolve();
    },
    onError: (error) => {
      emit(errorEvent('restart', error));
    },
  });

  return {
    check: () => update.check(),
    restartFailed: () => {
      update.restartFailed();
    },
    stop: async () => {
      stop.abort();
      await Promise.all([looking, scheduling, offering.close()]);
      await Promise.all([network.close(), dht.close()]);
    },
  };
}
