/**
 * Sources that do what a test says: honest ones, and every kind of liar.
 *
 * @module
 */
import { encodeObject } from '../../src/core/content/object.ts';
import type { ObjectKind, Source } from '../../src/ports/source.ts';
import type { ContentSample } from './content-samples.ts';

export interface Ask {
  readonly kind: ObjectKind;
  readonly hash: Uint8Array;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** What a source answers. */
export type Answering = (ask: Ask) => Promise<Uint8Array | undefined> | Uint8Array | undefined;

export interface ScriptedSource extends Source {
  /** Every request so far. */
  readonly asked: Ask[];
  /** Requests under way, and the most there were at once. */
  readonly running: number;
  readonly mostRunning: number;
}

export function scriptedSource(name: string, answer: Answering, lanes = 8): ScriptedSource {
  const asked: Ask[] = [];
  let running = 0;
  let mostRunning = 0;
  return {
    name,
    lanes,
    asked,
    receivedBytes: 0,
    get running() {
      return running;
    },
    get mostRunning() {
      return mostRunning;
    },
    statement: () => Promise.resolve(undefined),
    stamp: () => Promise.resolve(undefined),
    object: async (kind, hash, maxBytes, signal) => {
      const ask = { kind, hash, maxBytes, signal };
      asked.push(ask);
      mostRunning = Math.max(mostRunning, ++running);
      try {
        await new Promise((resolve) => setImmediate(resolve));
        signal.throwIfAborted();
        return await answer(ask);
      } finally {
        running--;
      }
    },
    close: () => Promise.resolve(),
  };
}

/** Has all of the content. */
export const honest =
  (content: ContentSample): Answering =>
  ({ kind, hash }) => {
    const bytes = content.object(kind, hash);
    return bytes && encodeObject(bytes);
  };

/** Never answers; gives up when it is told to. */
export const silent: Answering = ({ signal }) =>
  new Promise((_resolve, reject) => {
    const fail = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
