/**
 * The client's side of one exchange stream: writes requests, reads answers, and ends with the first failure.
 * Spec: docs/spec/14-exchange.md.
 *
 * @module
 */
import { concatBytes } from '../../core/base/bytes.ts';
import { TRANSFER_CHUNK_BYTES, type PaceLimits } from '../../core/base/limits.ts';
import { createAnswerReader, type AnswerBounds } from '../../core/transfer/exchange.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Connection, Stream } from '../../ports/network.ts';
import { createPace } from '../pace.ts';

export interface AnswersOptions {
  /** Closed at the end. */
  readonly connection: Connection;
  readonly stream: Stream;
  /** Written in front of the first request. */
  readonly opening: Uint8Array;
  readonly clock: Clock;
  readonly limits: PaceLimits;
  /** Ends it, for good. */
  readonly signal: AbortSignal;
  readonly onReceived: (bytes: number) => void;
}

export interface Answers {
  /** Undefined: the peer has not got it. @throws PeerpatchError PEER_* */
  ask(request: Uint8Array, bounds: AnswerBounds): Promise<Uint8Array | undefined>;
  /** Resolves when the stream is used no more and the connection closed. */
  readonly ended: Promise<void>;
}

interface Asked {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A short answer took a round trip as well: an answer counts at least so much towards the least rate. */
const ANSWER_CREDIT_BYTES: number = 8 * 1024;

export function startAnswers(options: AnswersOptions): Answers {
  const { connection, stream, clock, limits, signal, onReceived } = options;
  const asked: Asked[] = [];
  const reader = createAnswerReader((bytes) => asked.shift()?.resolve(bytes));
  const broken = new AbortController();
  const pace = createPace(clock, limits, broken.signal);
  let unsent = options.opening;
  let failure: { readonly error: unknown } | undefined;
  let tellEnded: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => (tellEnded = resolve));

  const fail = (error: unknown): void => {
    if (failure !== undefined) return;
    failure = { error };
    signal.removeEventListener('abort', abort);
    broken.abort(error);
    connection.close(0, 'done');
    for (const { reject } of asked.splice(0)) reject(error);
    void Promise.all([writing.ended(), reading.ended()]).then(tellEnded);
  };
  const abort = (): void => {
    fail(signal.reason);
  };
  /** All that was asked until now goes out in one piece; what is asked meanwhile in the next. */
  const writing = createWorker({
    hasWork: () => unsent.length > 0 && failure === undefined,
    step: async () => {
      const bytes = unsent;
      unsent = new Uint8Array();
      await stream.write(bytes, broken.signal);
    },
    onFailure: fail,
  });
  /** A peer that takes no requests gives no answers: the time for those bounds both. */
  const readOnce = async (inTime: AbortSignal): Promise<number> => {
    const bytes = await stream.read(TRANSFER_CHUNK_BYTES, inTime);
    if (bytes === undefined) {
      reader.end();
      return 0;
    }
    onReceived(bytes.length);
    const expected = reader.expected;
    reader.update(bytes);
    return bytes.length + (expected - reader.expected) * ANSWER_CREDIT_BYTES;
  };
  const reading = createWorker({
    hasWork: () => asked.length > 0,
    step: async () => {
      await pace.wait(readOnce, (bytes) => bytes);
    },
    onFailure: fail,
  });

  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return {
    ended,
    async ask(request, bounds) {
      if (failure !== undefined) throw failure.error;
      const answer = new Promise<Uint8Array | undefined>((resolve, reject) => asked.push({ resolve, reject }));
      reader.expect(bounds);
      unsent = concatBytes(unsent, request);
      writing.start();
      reading.start();
      return answer;
    },
  };
}

interface Worker {
  /** Runs until there is nothing to do. While it runs, does nothing. */
  start(): void;
  /** Resolves when it does not run. */
  ended(): Promise<void>;
}

interface WorkerOptions {
  readonly hasWork: () => boolean;
  readonly step: () => Promise<void>;
  /** The first failure ends it. */
  readonly onFailure: (error: unknown) => void;
}

/** Takes one step after the other while there is something to do. */
function createWorker({ hasWork, step, onFailure }: WorkerOptions): Worker {
  let isRunning = false;
  let run = Promise.resolve();
  const work = async (): Promise<void> => {
    try {
      while (hasWork()) await step();
    } catch (error) {
      onFailure(error);
    }
    // In the same turn as the last look for work: who brings some afterwards starts it again.
    isRunning = false;
  };
  return {
    start() {
      if (isRunning) return;
      isRunning = true;
      run = work();
    },
    ended: () => run,
  };
}
