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
import { formatVersion } from '../core/release/version.ts';
import type { Clock } from '../ports/clock.ts';
import type { Dht } from '../ports/dht.ts';
import type { Network } from '../ports/network.ts';
import type { Random } from '../ports/random.ts';
import { announceOnce } from './announce.ts';
import { errorEvent, type EmitEvent } from './events.ts';
import { poll } from './poll.ts';
import type { Offered } from './replacement.ts';
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
  const announce = async (signal: AbortSignal): Promise<void> => {
    const announced = release;
    const { storedAt } = await announceOnce({
      dht,
      owner,
      topic: v0Topic(owner),
      clock,
      random,
      nodeKey,
      release: () => announced,
      hints: () => network.address(),
      signal,
    });
    emit({ type: 'announced', version: formatVersion(announced.version), storedAt });
  };
  const onError = (error: unknown): void => {
    emit(errorEvent('announce', error));
  };
  const announcing = poll({ intervalMs, clock, random, signal: stop.signal, turn: announce, onError });

  return {
    replace: async (offered) => {
      const previous = shared;
      release = offered.release;
      shared = shareProgram(offered.program);
      await previous.retire();
      // Others should not learn of it a minute late.
      await announce(stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) onError(error);
      });
    },
    close: async () => {
      stop.abort();
      await announcing;
      await server.close();
      await shared.retire();
    },
  };
}
