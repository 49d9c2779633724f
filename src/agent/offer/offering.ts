/**
 * Offers one release to other nodes: announces it and serves its program, until told otherwise.
 *
 * A stated release is announced under its app, target and channel, and served in parts; in the v0 profile only when its owner
 * wants that. The whole file is served to whoever knows it. The offer can change while uploads of the old program run; its file
 * is closed when the last of them has ended.
 *
 * @module
 */
import { toHex } from '../../core/base/hex.ts';
import type { Ed25519Signer } from '../../core/crypto/ed25519.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { statementTopic, v0Topic, type Topic } from '../../core/record/topic.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { Dht } from '../../ports/dht.ts';
import type { Network } from '../../ports/network.ts';
import type { Random } from '../../ports/random.ts';
import { announceOnce, type AnnounceOptions } from './announce.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { serveExchange } from './exchange-server.ts';
import { isStated, versionOf, type KnownRelease } from '../known-release.ts';
import type { Library } from './library.ts';
import { poll } from '../poll.ts';
import type { Offered } from '../replacement.ts';
import { yieldsToNewest } from './precedence.ts';
import { serve, type Offer } from './serve.ts';
import { shareProgram, type SharedProgram } from './shared-program.ts';
import { shelve } from './shelving.ts';

export interface OfferingParts {
  readonly owner: PublicKey;
  /** The key of `network`: records are signed with it. */
  readonly nodeKey: Ed25519Signer;
  readonly dht: Dht;
  readonly network: Network;
  /** What is handed out in parts. Not closed here. */
  readonly library: Library;
  /** Deltas to the offered release are taken from here. */
  readonly deltas: DeltaStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly intervalMs: number;
  readonly emit: EmitEvent;
}

export interface Offering {
  /** What is offered now. */
  readonly offered: KnownRelease;
  /** Offers another release from now on. Takes over the file. */
  replace(offered: Offered): Promise<void>;
  /** Ends announcing and serving, and closes the file. */
  close(): Promise<void>;
}

/** Takes over the file of `first`. */
export function startOffering(first: Offered, parts: OfferingParts): Offering {
  const { owner, nodeKey, dht, network, library, deltas, clock, random, intervalMs, emit } = parts;
  const stop = new AbortController();
  let known: KnownRelease = first;
  let shared: SharedProgram = shareProgram(first.program);
  let shelved = shelveIfStated(first, shared);

  function shelveIfStated(release: KnownRelease, file: SharedProgram): Promise<() => Promise<void>> {
    if (!isStated(release)) return Promise.resolve(() => Promise.resolve());
    return shelve({ library, deltas, release, program: file.lend() });
  }
  const onServeError = (error: unknown): void => {
    emit(errorEvent('serve', error));
  };
  const server = serve({
    owner,
    network,
    clock,
    emit,
    offer: (): Offer => ({ release: known.release, program: shared.lend() }),
  });
  const exchange = serveExchange({
    owner,
    network,
    clock,
    library,
    onError: onServeError,
    onServed: (nodeId, sentBytes) => {
      emit({ type: 'served', version: versionOf(known), peer: toHex(nodeId), sentBytes });
    },
  });
  const announce = async (signal: AbortSignal): Promise<void> => {
    if (!network.hasTransport) return; // whoever cannot be reached has nothing to announce
    const announced = known;
    await shelved; // who reads the announcement finds everything there
    for (const { topic, yieldsTo } of topicsOf(owner, announced, library)) {
      const { storedAt } = await announceOnce({
        dht,
        owner,
        topic,
        clock,
        random,
        nodeKey,
        release: () => announced.release,
        yieldsTo,
        hints: () => network.address(),
        signal,
      });
      emit({ type: 'announced', version: versionOf(announced), storedAt });
    }
  };
  const onError = (error: unknown): void => {
    emit(errorEvent('announce', error));
  };
  const announcing = poll({ intervalMs, clock, random, signal: stop.signal, turn: announce, onError });

  return {
    get offered() {
      return known;
    },
    replace: async (offered) => {
      const previous = { shared, shelved };
      known = offered;
      shared = shareProgram(offered.program);
      shelved = shelveIfStated(offered, shared);
      await (
        await previous.shelved
      )();
      await previous.shared.retire();
      // Others should not learn of it a minute late.
      await announce(stop.signal).catch((error: unknown) => {
        if (!stop.signal.aborted) onError(error);
      });
    },
    close: async () => {
      stop.abort();
      await announcing;
      await Promise.all([server.close(), exchange.close()]);
      await (
        await shelved
      )();
      await shared.retire();
    },
  };
}

interface AnnouncedIn extends Pick<AnnounceOptions, 'yieldsTo'> {
  readonly topic: Topic;
}

function topicsOf(owner: PublicKey, known: KnownRelease, library: Library): readonly AnnouncedIn[] {
  const v0 = { topic: v0Topic(owner) };
  if (!isStated(known)) return [v0];
  const { statement } = known;
  const own = { topic: statementTopic(owner, statement), yieldsTo: yieldsToNewest(library, statement) };
  return statement.speaksV0 ? [own, v0] : [own];
}
