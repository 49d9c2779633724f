/**
 * Gets objects from several sources at once, each verified on arrival. Spec: docs/spec/14-exchange.md.
 *
 * Every source has as many requests under way as it keeps up with. What one has not got, or fails to give, is asked of the
 * others; when nothing else is left to ask for, also what one takes too long for. A source that sends something wrong or fails
 * is dropped for good; one that was right before is asked again first for what it failed to give in passing. Where the objects go
 * is the caller's.
 *
 * @module
 */
import { COLLECT_LIMITS, type CollectLimits } from '../../core/base/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Compression } from '../../ports/compression.ts';
import type { Source } from '../../ports/source.ts';
import { collectRound } from './collect-round.ts';
import type { AskedSource } from './collect-tasks.ts';
import type { OnBlame, WantedObject } from './wanted-object.ts';

export interface CollectSourcesOptions {
  /** Not closed here. */
  readonly sources: readonly Source[];
  readonly compression: Compression;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onBlame: OnBlame;
  /** A source gave something that was right: called each time. */
  readonly onGiven?: ((source: Source) => void) | undefined;
  readonly limits?: CollectLimits | undefined;
}

export interface CollectSources {
  /**
   * Gets them all, beginning with the first. Taken from the iterable as their turn comes. One call at a time.
   *
   * @param receive writes one away; no two calls for one object, but several at once for different ones
   * @throws PeerpatchError CONTENT_NOT_FOUND when the sources that are left have not got the rest; what `receive` throws; the
   *   signal's reason
   */
  get<T extends WantedObject>(
    wanted: Iterable<T>,
    receive: (object: T, bytes: Uint8Array) => Promise<void>,
  ): Promise<void>;
}

export function createCollectSources(options: CollectSourcesOptions): CollectSources {
  const { sources, limits = COLLECT_LIMITS, onBlame } = options;
  const asked = sources.map((source): AskedSource => {
    const requests = Math.min(source.lanes, limits.firstRequests);
    return { source, requests, running: 0, misses: 0, isKeepingUp: false, hasGiven: false, isOut: false };
  });
  return {
    get: (wanted, receive) => collectRound({ ...options, limits, asked, wanted, receive, onBlame }),
  };
}
