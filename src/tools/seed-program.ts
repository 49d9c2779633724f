/**
 * Announces and serves a signed program without running it. Works for any program that carries a region.
 *
 * @module
 */
import { once } from 'node:events';
import { errorEvent, type AgentEvent } from '../agent/events.ts';
import { startOffering } from '../agent/offering.ts';
import { readRelease } from '../agent/read-release.ts';
import { MINUTE_MS } from '../core/base/units.ts';
import { parsePublicKey } from '../core/keys/public-key.ts';
import { formatVersion } from '../core/release/version.ts';
import { programStore } from '../io/files/program-file.ts';
import { systemClock } from '../io/system/clock.ts';
import { systemRandom } from '../io/system/random.ts';
import { openNode } from '../start/node.ts';
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
  /** Programs given to peers whole. */
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

  let closeProgram = (): Promise<void> => program.close();
  try {
    const { release } = await readRelease(program, owner);
    const node = await openNode({
      ...options,
      onError: (error) => {
        emit(errorEvent('announce', error));
      },
    });
    const offering = startOffering(
      { release, program },
      { ...node, owner, clock: systemClock, random: systemRandom, intervalMs, emit },
    );
    closeProgram = async () => {
      await offering.close();
      await Promise.all([node.network.close(), node.dht.close()]);
    };
    if (!signal.aborted) await once(signal, 'abort');
    return { version: formatVersion(release.version), uploads, sentBytes };
  } finally {
    await closeProgram();
  }
}
