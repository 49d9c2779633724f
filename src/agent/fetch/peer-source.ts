/**
 * A peer as a source of statements, pages and chunks. Spec: docs/spec/14-exchange.md.
 *
 * Connects when first asked. One stream: requests go out as they come, answers are matched by their order. Verifies lengths and
 * pace, nothing else. A failure ends it for good; a connection that is lost after something came over it is made anew a few times,
 * when it is asked again.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { SOURCE_LIMITS, type SourceLimits } from '../../core/base/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/base/units.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { STAMP_BYTES } from '../../core/stamp/block.ts';
import { MAX_SIGNED_ITEM_BYTES, MIN_SIGNED_ITEM_BYTES } from '../../core/statement/signed-bytes.ts';
import { v1Alpn } from '../../core/transfer/alpn.ts';
import { transferAuth } from '../../core/transfer/auth.ts';
import { encodeRequest, type AnswerBounds, type ExchangeRequest } from '../../core/transfer/exchange.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Connection, Network, PeerAddress } from '../../ports/network.ts';
import type { Source } from '../../ports/source.ts';
import { within } from '../deadline.ts';
import { startAnswers, type Answers } from './peer-answers.ts';

export interface PeerSourceOptions {
  readonly network: Pick<Network, 'connect'>;
  readonly owner: PublicKey;
  readonly peer: PeerAddress;
  readonly clock: Clock;
  /** Default {@link SOURCE_LIMITS}. */
  readonly limits?: SourceLimits | undefined;
}

const STATEMENT_BOUNDS: AnswerBounds = { minBytes: MIN_SIGNED_ITEM_BYTES, maxBytes: MAX_SIGNED_ITEM_BYTES };
const STAMP_BOUNDS: AnswerBounds = { minBytes: STAMP_BYTES, maxBytes: STAMP_BYTES };

/** What events call a peer. */
export function peerName({ nodeId }: PeerAddress): string {
  return `peer ${toHex(nodeId).slice(0, 16)}`;
}

/** Does not connect yet. */
export function createPeerSource(options: PeerSourceOptions): Source {
  const { limits = SOURCE_LIMITS, peer } = options;
  const stop = new AbortController();
  let opening: Promise<Answers> | undefined;
  let receivedBytes = 0;
  let receivedBefore = 0; // over earlier connections
  let reconnects = 0;
  let earlierEnded: Promise<unknown> = Promise.resolve();

  const open = (): Promise<Answers> => {
    opening ??= openAnswers(options, stop.signal, (bytes) => (receivedBytes += bytes));
    opening.catch(() => undefined); // each request finds it
    return opening;
  };
  /** All requests that were under way find the same failure: the first of them makes room for the next connection. */
  const noteFailure = (failed: Promise<Answers>, error: unknown): void => {
    if (opening !== failed || stop.signal.aborted || !isPeerpatchError(error, 'PEER_UNREACHABLE')) return;
    // A peer that answers nothing, or cuts each answer short, would keep us connecting.
    if (receivedBytes === receivedBefore || reconnects >= limits.reconnects) return;
    reconnects++;
    receivedBefore = receivedBytes;
    opening = undefined;
    const ending = failed.then(({ ended }) => ended).catch(() => undefined); // it did connect
    earlierEnded = Promise.all([earlierEnded, ending]);
  };
  const ask = async (request: ExchangeRequest, bounds: AnswerBounds, signal: AbortSignal) => {
    signal.throwIfAborted();
    const encoded = encodeRequest(request);
    const current = open();
    const answers = await orAbort(current, signal);
    const answer = answers.ask(encoded, bounds);
    answer.catch((error: unknown) => {
      noteFailure(current, error);
    });
    return orAbort(answer, signal);
  };

  return {
    name: peerName(peer),
    lanes: limits.lanes,
    statement: (key, signal) => ask({ kind: 'statement', key }, STATEMENT_BOUNDS, signal),
    stamp: (statementId, signal) => ask({ kind: 'stamp', key: statementId }, STAMP_BOUNDS, signal),
    object: (kind, hash, maxBytes, signal) => ask({ kind, key: hash }, { minBytes: 1, maxBytes }, signal),
    get receivedBytes() {
      return receivedBytes;
    },
    async close() {
      stop.abort(new PeerpatchError('PEER_UNREACHABLE', 'the connection to the peer was closed here'));
      const answers = await opening?.catch(() => undefined); // never connected: nothing to close
      await answers?.ended;
      await earlierEnded;
    },
  };
}

async function openAnswers(
  { network, owner, peer, clock, limits = SOURCE_LIMITS }: PeerSourceOptions,
  signal: AbortSignal,
  onReceived: (bytes: number) => void,
): Promise<Answers> {
  const ms = limits.connectMs;
  const late = (): PeerpatchError =>
    new PeerpatchError('PEER_UNREACHABLE', `no connection to the peer within ${ms / SECOND_MS} s`);
  let connection: Connection | undefined;
  try {
    return await within({ clock, ms, signal, late }, async (inTime) => {
      connection = await network.connect(peer, v1Alpn(owner), inTime);
      const stream = await connection.openStream(inTime);
      const auth = transferAuth(owner, Math.floor(clock.now() / MINUTE_MS));
      return startAnswers({ connection, stream, opening: auth, clock, limits, signal, onReceived });
    });
  } catch (error) {
    connection?.close(0, 'failed');
    throw error;
  }
}
