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
import type { Source } from '../ports/source.ts';
import type { Find } from './candidate.ts';
import { discover } from './find/discover.ts';
import { errorEvent } from './events.ts';
import { findAnnounced } from './find/find-announced.ts';
import { findStated } from './find/find-stated.ts';
import { isStated, versionOf, type KnownRelease, type StatedRelease } from './known-release.ts';
import { createLibrary, type Library } from './offer/library.ts';
import { startOffering, type OfferingParts } from './offer/offering.ts';
import { poll } from './poll.ts';
import { watchReplacement, type Offered } from './replacement.ts';
import { Update, type CheckOptions, type CheckResult } from './update.ts';

export interface AgentParts extends Omit<OfferingParts, 'library'> {
  readonly mode: UpdateMode;
  readonly zone: LocalTime;
  readonly store: ProgramStore;
  readonly memory: NodeMemory;
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
  const look = createLook({ ...parts, library, signal });
  const update = new Update({
    ...parts,
    installed: versionOf(parts.installed),
    path: parts.installed.program.path,
    find: look.find,
    findReplacement: watchReplacement(store, owner, parts.installed.program.identity),
    offer: (offered) => {
      look.replace(offered);
      return offering.replace(offered);
    },
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

interface LookParts extends AgentParts {
  readonly library: Library;
  readonly signal: AbortSignal;
}

/** By statements where the program has one, else as rustpatcher does. */
function createLook(parts: LookParts): { readonly find: Find; readonly replace: (offered: KnownRelease) => void } {
  const { owner, dht, clock, network, signal } = parts;
  const { installed } = parts;
  const discoverIn = (topic: Topic) => () => discover({ dht, owner, clock, topic, nodeId: network.nodeId, signal });
  if (!isStated(installed)) {
    return { find: findAnnounced({ ...parts, discover: discoverIn(v0Topic(owner)) }), replace: () => undefined };
  }
  let current: StatedRelease = installed;
  return {
    find: findStated({
      ...parts,
      installed: () => current,
      discover: discoverIn(statementTopic(owner, installed.statement)),
    }),
    replace: (offered) => {
      if (isStated(offered)) current = offered;
    },
  };
}
