/**
 * Announces and serves a signed program without running it. Works for any program that carries a region.
 *
 * @module
 */
import { once } from 'node:events';
import { errorEvent, type AgentEvent } from '../../agent/events.ts';
import { startOffering } from '../../agent/offer/offering.ts';
import { keepPublished } from '../../agent/find/keep-published.ts';
import { versionOf } from '../../agent/known-release.ts';
import { createLibrary } from '../../agent/offer/library.ts';
import { readRelease } from '../../agent/read-release.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import { parsePublicKey } from '../../core/keys/public-key.ts';
import type { PeerpatchError } from '../../core/base/errors.ts';
import { programStore } from '../../io/install/program-file.ts';
import { brotli } from '../../io/system/brotli.ts';
import { systemClock } from '../../io/system/clock.ts';
import { systemRandom } from '../../io/system/random.ts';
import { openNode } from '../../start/thread/node.ts';
import { openState } from '../../start/thread/state.ts';
import type { PeerOptions } from './peer-options.ts';

export interface SeedProgramOptions extends PeerOptions {
  /** Path of the signed program. */
  readonly program: string;
  /** Ends the seeding. Without it, it never ends. */
  readonly signal?: AbortSignal;
  /** Pause between two announcements. Default: one minute, with jitter. */
  readonly intervalMs?: number;
  readonly onEvent?: (event: AgentEvent) => void;
}

export interface SeededProgram {
  readonly version: string;
  /** Peers that were given the program, whole or in part. */
  readonly uploads: number;
  readonly sentBytes: number;
}

/**
 * Resolves when `signal` aborts.
 *
 * @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID, PROGRAM_UNREADABLE, STAMP_*, RELEASE_*, DHT_BIND_FAILED,
 *   TRANSPORT_UNAVAILABLE
 */
export async function seedProgram(options: SeedProgramOptions): Promise<SeededProgram> {
  const { signal = new AbortController().signal, intervalMs = MINUTE_MS, onEvent } = options;
  const owner = parsePublicKey(options.publicKey);
  const program = await programStore(options.program).open();
  let uploads = 0;
  let sentBytes = 0;
  const emit = (event: AgentEvent): void => {
    if (event.type === 'served') {
      uploads++;
      sentBytes += event.sentBytes;
    }
    onEvent?.(event);
  };

  let version: string;
  let closeProgram = (): Promise<void> => program.close();
  try {
    const { release, statement } = await readRelease(program, owner);
    version = versionOf({ release, statement });
    const onError = (error: PeerpatchError): void => {
      emit(errorEvent('announce', error));
    };
    const node = await openNode({ ...options, onError });
    const { deltas, memory } = await openState({ owner, programPath: program.path, onError });
    const library = createLibrary({ compression: brotli, onError });
    const parts = {
      ...node,
      owner,
      library,
      deltas,
      memory,
      clock: systemClock,
      random: systemRandom,
      intervalMs,
      emit,
    };
    const offering = startOffering({ release, statement, program }, parts);
    const stop = new AbortController();
    const publishing =
      statement === undefined ? undefined : keepPublished(statement, { ...parts, signal: stop.signal });
    closeProgram = async () => {
      stop.abort();
      await Promise.all([offering.close(), publishing]);
      await library.close();
      await Promise.all([node.network.close(), node.dht.close()]);
    };
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await closeProgram();
  }
  // What ended with it is counted too.
  return { version, uploads, sentBytes };
}
