/**
 * The engine inside a running program: offers what is installed, looks for what is newer, installs it, asks to restart.
 *
 * Knows ports only, so a whole update runs in one process in milliseconds under test. Where it really runs: start/.
 *
 * @module
 */
import { SECOND_MS } from '../core/base/units.ts';
import { statementTopic, v0Topic, type Topic } from '../core/record/topic.ts';
import type { ProgramFormat } from '../core/stamp/format.ts';
import type { LocalTime } from '../core/schedule/due.ts';
import type { UpdateMode } from '../core/schedule/mode.ts';
import type { Compression } from '../ports/compression.ts';
import type { NodeMemory } from '../ports/memory.ts';
import type { ProgramStore } from '../ports/program.ts';
import type { Restraint } from '../ports/restraint.ts';
import type { Source } from '../ports/source.ts';
import type { Find } from './candidate.ts';
import { discover } from './find/discover.ts';
import { errorEvent } from './events.ts';
import { findAnnounced } from './find/find-announced.ts';
import { findStated } from './find/find-stated.ts';
import { isStated, versionOf } from './known-release.ts';
import { createLibrary, type Library } from './offer/library.ts';
import { startOffering, type Offering, type OfferingParts } from './offer/offering.ts';
import { poll } from './poll.ts';
import { releaseName } from './release-name.ts';
import { watchReplacement, type Offered } from './replacement.ts';
import { Update, type CheckOptions, type CheckResult } from './update.ts';

export interface AgentParts extends Omit<OfferingParts, 'library'> {
  readonly mode: UpdateMode;
  readonly zone: LocalTime;
  readonly store: ProgramStore;
  readonly memory: NodeMemory;
  /** What this machine rules out. */
  readonly restraint: Restraint;
  readonly compression: Compression;
  /** URLs the host gave. */
  readonly mirrors: readonly string[];
  readonly openMirror: (url: string) => Source;
  /** Format and processor of the running program. */
  readonly format: ProgramFormat;
  /** The version this process runs. */
  readonly running: string;
  /** The release in the program file, verified. Newer than `running` when it was replaced behind this process. */
  readonly installed: Offered;
  /** Asks the host to replace the process. The answer is `restartFailed`, or the end of this process. */
  readonly requestRestart: (version: string) => void;
}

export interface Agent {
  /** Looks at the network now. */
  check(options?: CheckOptions): Promise<CheckResult>;
  /** The host could not replace the process. */
  restartFailed(): void;
  /** Ends the loops and uploads, closes network and DHT. */
  stop(): Promise<void>;
}

/** How often a waiting update looks at the clock: sleep and clock changes are noticed this soon. */
const SCHEDULE_INTERVAL_MS: number = 5 * SECOND_MS;

export function startAgent(parts: AgentParts): Agent {
  const { owner, network, dht, clock, random, intervalMs, emit, store, compression } = parts;
  const stop = new AbortController();
  const { signal } = stop;
  const library = createLibrary({
    compression,
    onError: (error) => {
      emit(errorEvent('serve', error));
    },
  });
  const offering = startOffering(parts.installed, { ...parts, library });
  const find = createFind({ ...parts, library, offering, signal });
  const update = new Update({
    ...parts,
    installed: versionOf(parts.installed),
    path: parts.installed.program.path,
    find,
    checkInstall: (plan) => store.checkInstall(plan),
    lock: () => store.lock(signal),
    inPlace: () => releaseName(offering.offered),
    findReplacement: watchReplacement(store, owner, { known: parts.installed.program.identity, signal }),
    rollBackTo: (release) => store.rollBackTo(release),
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
    check: (options) => update.check(options),
    restartFailed: () => {
      update.restartFailed();
    },
    stop: async () => {
      stop.abort();
      await Promise.all([looking, scheduling, offering.close()]);
      await library.close();
      await Promise.all([network.close(), dht.close()]);
    },
  };
}

interface FindParts extends AgentParts {
  readonly library: Library;
  readonly offering: Offering;
  readonly signal: AbortSignal;
}

/** By statements where the program has one, else as rustpatcher does. */
function createFind(parts: FindParts): Find {
  const { owner, dht, clock, network, installed, offering, signal } = parts;
  const discoverIn = (topic: Topic) => () => discover({ dht, owner, clock, topic, nodeId: network.nodeId, signal });
  if (!isStated(installed)) return findAnnounced({ ...parts, discover: discoverIn(v0Topic(owner)) });
  return findStated({
    ...parts,
    // A program without a statement that somebody put there tells nothing about the name that is looked for.
    installed: () => (isStated(offering.offered) ? offering.offered : installed),
    discover: discoverIn(statementTopic(owner, installed.statement)),
  });
}
