/**
 * Which sources gave nothing of what they were asked for while others did: their requests are given up when another source was
 * faster, so that no time limit of their own ever ends. Spec: docs/spec/14-exchange.md.
 *
 * Stamps and objects are watched, each for itself: who gives a stamp and then no chunk has stalled the download all the same.
 *
 * @module
 */
import { COLLECT_LIMITS } from '../../core/base/limits.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Source } from '../../ports/source.ts';

/** What a request is aborted with when its answer came from elsewhere. No failure of anybody. */
export const OVERTAKEN: PeerpatchError = new PeerpatchError('CANCELLED', 'another source was faster');

export interface SilenceWatch {
  /** The same source, watched. */
  watch(source: Source): Source;
  /** Of those that answered nothing of one kind, and were waited for longer than sources are without asking others. */
  readonly silent: readonly string[];
}

interface Doings {
  /** It answered, also that it has nothing; or it was told to end for a reason of ours. */
  isExcused: boolean;
  /** The longest time it was waited for until another source was faster. */
  waitedMs: number;
}

export function createSilenceWatch(clock: Clock): SilenceWatch {
  const doings: (Doings & { readonly name: string })[] = [];

  const watcher = ({ name }: Source) => {
    const did = { name, isExcused: false, waitedMs: 0 };
    doings.push(did);
    return async <T>(asked: Promise<T>, signal: AbortSignal): Promise<T> => {
      const beganMs = clock.monotonic();
      const giveUp = (): void => {
        if (signal.reason === OVERTAKEN) did.waitedMs = Math.max(did.waitedMs, clock.monotonic() - beganMs);
        else did.isExcused = true;
      };
      // Not when the promise ends: a source may take its time to notice that it is told to.
      signal.addEventListener('abort', giveUp, { once: true });
      try {
        const answer = await asked;
        did.isExcused = true;
        return answer;
      } catch (error) {
        if (!signal.aborted) did.isExcused = true; // a failure is told by whoever asked
        throw error;
      } finally {
        signal.removeEventListener('abort', giveUp);
      }
    };
  };
  return {
    watch(source) {
      const [stamps, objects] = [watcher(source), watcher(source)];
      return {
        name: source.name,
        lanes: source.lanes,
        statement: (nameHash, signal) => source.statement(nameHash, signal),
        stamp: (id, signal) => stamps(source.stamp(id, signal), signal),
        object: (kind, hash, maxBytes, signal) => objects(source.object(kind, hash, maxBytes, signal), signal),
        get receivedBytes() {
          return source.receivedBytes;
        },
        close: () => source.close(),
      };
    },
    get silent() {
      const silent = doings.filter(({ isExcused, waitedMs }) => !isExcused && waitedMs >= COLLECT_LIMITS.patienceMs);
      return [...new Set(silent.map(({ name }) => name))];
    },
  };
}
