/**
 * One round of getting objects from several sources: who is asked for what, and when again. Spec: docs/spec/14-exchange.md.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import type { CollectLimits } from '../../core/base/limits.ts';
import { maxEncodedBytes, openObject } from '../../core/content/object.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Compression } from '../../ports/compression.ts';
import type { Source } from '../../ports/source.ts';
import { createTasks, type AskedSource, type Task } from './collect-tasks.ts';
import { OVERTAKEN } from './silence-watch.ts';
import { checkLength, type OnBlame, type WantedObject } from './wanted-object.ts';

export interface RoundOptions<T extends WantedObject> {
  readonly asked: readonly AskedSource[];
  readonly wanted: Iterable<T>;
  readonly receive: (object: T, bytes: Uint8Array) => Promise<void>;
  readonly compression: Compression;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onBlame: OnBlame;
  readonly onGiven?: ((source: Source) => void) | undefined;
  readonly limits: CollectLimits;
}

/** See CollectSources.get. */
export async function collectRound<T extends WantedObject>(options: RoundOptions<T>): Promise<void> {
  const { asked, clock, signal, limits } = options;
  const tasks = createTasks(options);
  const running = new Set<Promise<void>>();
  let failure: { readonly error: unknown } | undefined;
  let lastError: PeerpatchError | undefined;
  let wake: () => void = () => undefined;

  const drop = (from: AskedSource, error: PeerpatchError): void => {
    if (from.isOut) return;
    from.isOut = true;
    lastError = error;
    for (const task of tasks.active) task.attempts.get(from)?.abort(error);
    tasks.sourceOut();
    options.onBlame(from.source, error);
  };
  const begin = (from: AskedSource, task: Task<T>): void => {
    const stop = new AbortController();
    from.running++;
    task.attempts.set(from, stop);
    task.askedMs = clock.monotonic();
    const attempt = ask({ ...options, from, task, signal: stop.signal, drop })
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .finally(() => {
        from.running--;
        task.attempts.delete(from);
        tasks.settle(task);
        if (from.isOut) tasks.sourceOut(); // it had nothing too often
        running.delete(attempt);
        wake();
      });
    running.add(attempt);
  };
  /** Gives every source what it has room for, one each in turn, those that keep up first. */
  const beginAll = (): void => {
    const inTurn = asked.filter(({ isOut }) => !isOut).sort((a, b) => Number(b.isKeepingUp) - Number(a.isKeepingUp));
    const isAnyKeepingUp = inTurn[0]?.isKeepingUp === true;
    for (let isMore = true; isMore;) {
      isMore = false;
      for (const from of inTurn) {
        if (from.running >= from.requests) continue;
        // What one source does not give is not asked of others that nobody knows, while one is known to be better.
        const mayHelp = from.isKeepingUp || !isAnyKeepingUp;
        const task = tasks.next(from) ?? (mayHelp ? tasks.overdue(from, clock.monotonic()) : undefined);
        if (task === undefined) continue;
        begin(from, task);
        isMore = true;
      }
    }
  };
  const nextChange = async (): Promise<void> => {
    const done = new AbortController();
    const changed = new Promise<void>((resolve) => (wake = resolve));
    // Somebody has room and nothing to do: what others are asked for may become overdue.
    if (asked.some((from) => !from.isOut && from.running < from.requests)) {
      clock.sleep(limits.patienceMs / 4, done.signal).then(wake, wake);
    }
    try {
      await orAbort(changed, signal);
    } finally {
      done.abort();
    }
  };

  try {
    signal.throwIfAborted();
    for (;;) {
      beginAll();
      if (running.size === 0) break;
      await nextChange();
      if (failure !== undefined) throw failure.error;
    }
    const missing = tasks.first();
    if (missing !== undefined) throw notFound(missing, lastError);
  } finally {
    for (const task of tasks.active) for (const stop of task.attempts.values()) stop.abort(signal.reason);
    await Promise.all(running);
  }
}

interface AskOptions<T extends WantedObject> extends RoundOptions<T> {
  readonly from: AskedSource;
  readonly task: Task<T>;
  /** Aborts when another source was faster, when this one is dropped, or at the end. */
  readonly signal: AbortSignal;
  readonly drop: (from: AskedSource, error: PeerpatchError) => void;
}

/** One attempt: asks, verifies, hands over. Rejects when the round has failed, not when the source has. */
async function ask<T extends WantedObject>(options: AskOptions<T>): Promise<void> {
  const { from, task, signal, drop, limits, receive, onGiven } = options;
  let bytes: Uint8Array | undefined;
  try {
    bytes = await fetchPatiently(options);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof PeerpatchError)) throw error;
    drop(from, asBlame(error));
    return;
  }
  if (signal.aborted || task.isDone) return;
  if (bytes === undefined) {
    task.lacking.add(from);
    from.misses++;
    if (from.misses >= limits.maxMisses) from.isOut = true;
    return;
  }
  from.misses = 0;
  from.isKeepingUp = true;
  from.hasGiven = true;
  onGiven?.(from.source);
  from.requests = Math.min(from.source.lanes, from.requests + 1);
  task.isDone = true;
  for (const [other, stop] of task.attempts) {
    if (other === from) continue;
    // It is asked for less until it keeps up again.
    other.isKeepingUp = false;
    other.requests = Math.max(1, Math.floor(other.requests / 2));
    stop.abort(OVERTAKEN);
  }
  checkLength(task.object, bytes);
  await receive(task.object, bytes);
}

/** A server that is busy for a moment or a line that drops must not cost a source that was right a hundred times before. */
async function fetchPatiently<T extends WantedObject>(options: AskOptions<T>): Promise<Uint8Array | undefined> {
  const { from, clock, signal, limits } = options;
  for (let failures = 0; ; failures++) {
    try {
      return await fetchVerified(options);
    } catch (error) {
      const isPassing = isPeerpatchError(error, 'PEER_UNREACHABLE', 'PEER_TIMEOUT');
      if (signal.aborted || !isPassing || !from.hasGiven || failures >= limits.retries) throw error;
    }
    from.requests = Math.max(1, Math.floor(from.requests / 2)); // too many at once may be what it failed of
    await clock.sleep(limits.retryMs, signal);
  }
}

async function fetchVerified<T extends WantedObject>(options: AskOptions<T>): Promise<Uint8Array | undefined> {
  const { from, task, compression, signal } = options;
  const { kind, hash, maxBytes } = task.object;
  const encoded = await from.source.object(kind, hash, maxEncodedBytes(maxBytes), signal);
  if (encoded === undefined) return undefined;
  const decompress = (bytes: Uint8Array, limit: number): Promise<Uint8Array> => compression.decompress(bytes, limit);
  return openObject({ hash, encoded, maxBytes, decompress });
}

function asBlame(error: PeerpatchError): PeerpatchError {
  if (!isPeerpatchError(error, 'CONTENT_MALFORMED')) return error;
  return new PeerpatchError(
    'PEER_MISBEHAVED',
    `the source sent something else than it was asked for: ${error.message}`,
    {
      cause: error,
    },
  );
}

function notFound({ kind, hash }: WantedObject, cause: PeerpatchError | undefined): PeerpatchError {
  return new PeerpatchError(
    'CONTENT_NOT_FOUND',
    `no source that is left has the ${kind} ${toHex(hash)}: ${cause?.message ?? 'each says that it has not got it'}`,
    { cause },
  );
}
