/**
 * Answers the requests of one client, in order, until it has no more. Spec: docs/spec/14-exchange.md.
 *
 * Requests are read ahead by a few, so that the next objects are made while one is sent. A client that does not take its answers
 * is read from no more: what it can make us hold is `maxQueued` objects.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { concatBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { TRANSFER_CHUNK_BYTES, type ExchangeLimits } from '../../core/base/limits.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import {
  createRequestReader,
  encodeAnswerHead,
  REQUEST_BYTES,
  type ExchangeRequest,
} from '../../core/transfer/exchange.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Stream } from '../../ports/network.ts';
import { createBoundedQueue, type BoundedQueue } from './bounded-queue.ts';
import { within } from '../deadline.ts';
import type { Library } from './library.ts';
import { createPace } from '../pace.ts';
import type { Places } from './places.ts';

/** What one client has had: who makes room for others is decided by it. */
export interface ClientUse {
  /** Bytes of its answers, and some for each request. */
  countedBytes: number;
  sentBytes: number;
  /** Since when it is not answered anything, by the clock's `monotonic`; undefined while it is. */
  silentSinceMs: number | undefined;
}

export interface AnswerOptions {
  readonly stream: Stream;
  readonly library: Library;
  readonly clock: Clock;
  readonly limits: ExchangeLimits;
  /** For reading and compressing. */
  readonly places: Places;
  readonly use: ClientUse;
  readonly signal: AbortSignal;
}

type Answer = Uint8Array | 'none' | 'busy';

interface Pending {
  readonly answer: Promise<Answer>;
}

/**
 * Resolves when the client has ended its side and every answer is handed to the transport, or when there was no place for one.
 *
 * @throws PeerpatchError PEER_UNREACHABLE, PEER_TIMEOUT, PEER_TOO_SLOW, PEER_MISBEHAVED, and the signal's reason
 */
export async function answerRequests(options: AnswerOptions): Promise<'done' | 'busy'> {
  const { limits, signal } = options;
  const stopReading = new AbortController();
  const abort = (): void => {
    stopReading.abort(signal.reason);
  };
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  const queue = createBoundedQueue<Pending>(limits.maxQueued);
  const reading = readRequests(options, queue, stopReading.signal);
  reading.catch(() => undefined); // found below: the queue ends with it
  try {
    const ended = await sendAnswers(options, queue);
    if (ended === 'done') await reading;
    return ended;
  } finally {
    signal.removeEventListener('abort', abort);
    stopReading.abort(new PeerpatchError('CANCELLED', 'the client is answered no more'));
    await reading.catch(() => undefined); // told above, or a consequence of the abort
  }
}

/** Reads requests and begins their answers while there is room in the queue. */
async function readRequests(options: AnswerOptions, queue: BoundedQueue<Pending>, signal: AbortSignal): Promise<void> {
  const { stream, use, limits } = options;
  const reader = createRequestReader();
  try {
    for (;;) {
      await orAbort(queue.room(), signal);
      const bytes = await stream.read(queue.free * REQUEST_BYTES, signal);
      if (bytes === undefined) {
        reader.end();
        return;
      }
      for (const request of reader.update(bytes)) {
        use.countedBytes += limits.requestBytes;
        const answer = findAnswer(options, request, signal);
        answer.catch(() => undefined); // looked at when it is its turn
        queue.push({ answer });
      }
    }
  } finally {
    queue.end();
  }
}

async function findAnswer(
  { library, places, clock, limits }: AnswerOptions,
  { kind, key }: ExchangeRequest,
  signal: AbortSignal,
): Promise<Answer> {
  if (kind === 'statement') return library.statement(key) ?? 'none';
  const leave = await places.take(clock, limits.placeMs, signal);
  if (leave === undefined) return 'busy';
  try {
    return (await (kind === 'stamp' ? library.stamp(key) : library.object(kind, key))) ?? 'none';
  } finally {
    leave();
  }
}

async function sendAnswers(options: AnswerOptions, queue: BoundedQueue<Pending>): Promise<'done' | 'busy'> {
  const { stream, clock, limits, use, signal } = options;
  const pace = createPace(clock, limits, signal);
  const send = async (bytes: Uint8Array): Promise<void> => {
    for (let at = 0; at < bytes.length; at += TRANSFER_CHUNK_BYTES) {
      const piece = bytes.subarray(at, at + TRANSFER_CHUNK_BYTES);
      await pace.wait(
        (inTime) => stream.write(piece, inTime),
        () => piece.length,
      );
      use.sentBytes += piece.length;
      use.countedBytes += piece.length;
    }
  };
  for (;;) {
    const next = await nextAnswer(queue, options);
    if (next === undefined) break;
    use.silentSinceMs = undefined;
    const answer = await orAbort(next.answer, signal);
    if (answer === 'busy') return 'busy';
    await send(answer === 'none' ? encodeAnswerHead(undefined) : concatBytes(encodeAnswerHead(answer), answer));
    queue.shift(); // its place is free now that it is held no more
  }
  // A client that has all its answers may be gone: the end of the stream is a courtesy.
  await stream.finish().catch((error: unknown) => {
    if (!isPeerpatchError(error, 'PEER_UNREACHABLE')) throw error;
  });
  return 'done';
}

/** The first answer of the queue; undefined: there will be none. Waits for a client that asks for nothing, but not forever. */
async function nextAnswer(
  queue: BoundedQueue<Pending>,
  { use, clock, limits, signal }: AnswerOptions,
): Promise<Pending | undefined> {
  if (queue.first !== undefined) return queue.first;
  use.silentSinceMs = clock.monotonic();
  const ms = limits.silenceMs;
  const late = (): PeerpatchError =>
    new PeerpatchError('PEER_TIMEOUT', `the client asked for nothing for ${ms / SECOND_MS} s`);
  await within({ clock, ms, signal, late }, (inTime) => orAbort(queue.filled(), inTime));
  return queue.first;
}
