/**
 * Offers one release to other nodes: announces it and serves its program, until told otherwise.
 *
 * The offer can change while uploads of the old program run; its file is closed when the last of them has ended.
 *
 * @module
 */
import type { Ed25519Signer } from '../core/crypto/ed25519.ts';
import type { PublicKey } from '../core/keys/public-key.ts';
import { v0Topic } from '../core/record/topic.ts';
import type { SignedRelease } from '../core/release/release.ts';
import { formatVersion } from '../core/release/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { Dht } from '../ports/dht.ts';
import type { Network } from '../ports/network.ts';
import type { OpenProgram } from '../ports/program.ts';
import type { Random } from '../ports/random.ts';
import { announceOnce } from './announce.ts';
import { errorEvent, type EmitEvent } from './events.ts';
import { poll } from './poll.ts';
import { serve, type Offer } from './serve.ts';
import { shareProgram, type SharedProgram } from './shared-program.ts';

export interface OfferingParts {
  readonly owner: PublicKey;
  /** The key of `network`: records are signed with it. */
  readonly nodeKey: Ed25519Signer;
  readonly dht: Dht;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly intervalMs: number;
  readonly emit: EmitEvent;
}

/** A release and the verified file that holds it. */
export interface Offered {
  readonly release: SignedRelease;
  readonly program: OpenProgram;
}

export interface Offering {
  /** Offers another release from now on. Takes over the file. */
  replace(offered: Offered): Promise<void>;
  /** Ends announcing and serving, and closes the file. */
  close(): Promise<void>;
}

/** Takes over the file of `first`. */
export function startOffering(first: Offered, parts: OfferingParts): Offering {
  const { owner, nodeKey, dht, network, clock, random, intervalMs, emit } = parts;
  const stop = new AbortController();
  let release = first.release;
  let shared: SharedProgram = shareProgram(first.program);

  const server = serve({
    owner,
    network,
    clock,
    emit,
    offer: (): Offer => ({ release, program: shared.lend() }),
  });
  const announcing = poll({
    intervalMs,
    clock,
    random,
    signal: stop.signal,
    turn: async (signal) => {
      const { storedAt } = await announceOnce({
        dht,
        owner,
        topic: v0Topic(owner),
        clock,
        random,
        nodeKey,
        release: () => release,
        hints: () => network.address(),
        signal,
      });
      emit({ type: 'announced', version: formatVersion(release.version), storedAt });
    },
    onError: (error) => {
      emit(errorEvent('announce', error));
    },
  });

  return {
    replace: async (offered) => {
      const previous = shared;
      release = offered.release;
      shared = shareProgram(offered.program);
      await previous.retire();
    },
    close: async () => {
      stop.abort();
      await announcing;
      await server.close();
      await shared.retire();
    },
  };
}
