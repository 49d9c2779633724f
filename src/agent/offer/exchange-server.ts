/**
 * Serves a library to peers of the same owner. Spec: docs/spec/14-exchange.md.
 *
 * A client stays connected while it asks. Objects are read and compressed for all clients in turn, so that none holds the
 * others up; where more want to connect than may, those who ask for nothing or had much make room. Failures of clients are theirs
 * and are not reported; failures of this side are.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { EXCHANGE_LIMITS, type ExchangeLimits } from '../../core/base/limits.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { v1Alpn } from '../../core/transfer/alpn.ts';
import { isTransferAuth } from '../../core/transfer/auth.ts';
import { STATUS_NO_ANSWER } from '../../core/transfer/exchange.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Connection, Network } from '../../ports/network.ts';
import { readAuth, refuse, untilClosed } from './client-request.ts';
import { answerRequests, type ClientUse } from './exchange-answers.ts';
import type { Library } from './library.ts';
import { createPlaces, type Places } from './places.ts';

export interface ExchangeServerOptions {
  readonly network: Network;
  readonly owner: PublicKey;
  readonly clock: Clock;
  readonly library: Library;
  /** A failure of this side. */
  readonly onError: (error: unknown) => void;
  /** A client has ended that was sent something. @param nodeId 32 bytes, the client's @param sentBytes all of it */
  readonly onServed?: ((nodeId: Uint8Array, sentBytes: number) => void) | undefined;
  /** Default {@link EXCHANGE_LIMITS}. */
  readonly limits?: ExchangeLimits | undefined;
}

export interface ExchangeServer {
  /** Connected now. */
  readonly clients: number;
  /** Ends every connection and takes no new one; resolves when all have ended. Idempotent. */
  close(): Promise<void>;
}

interface Client {
  readonly connection: Connection;
  readonly use: ClientUse;
  readonly stopping: AbortController;
}

interface Parts extends ExchangeServerOptions {
  readonly limits: ExchangeLimits;
  readonly places: Places;
}

/** Serves until `close`, or until the network is closed. Once for each network and owner. */
export function serveExchange(options: ExchangeServerOptions): ExchangeServer {
  const limits = options.limits ?? EXCHANGE_LIMITS;
  const parts: Parts = { ...options, limits, places: createPlaces(limits.maxEncodings) };
  const clients = new Map<Client, Promise<void>>();
  let stopped = false;

  const isWelcome = ({ remoteId }: Connection): boolean => {
    if (stopped) return false;
    const ofNode = [...clients.keys()].filter(({ connection }) => equalBytes(connection.remoteId, remoteId));
    if (ofNode.length >= limits.maxConnectionsPerNode) return false;
    if (clients.size < limits.maxConnections) return true;
    const leaving = whoMakesRoom([...clients.keys()], options.clock.monotonic(), limits);
    if (leaving === undefined) return false;
    clients.delete(leaving);
    leaving.stopping.abort(new PeerpatchError('CANCELLED', 'others wait'));
    return true;
  };

  options.network.listen(v1Alpn(options.owner), (connection) => {
    if (!isWelcome(connection)) {
      connection.close(0, 'busy');
      return;
    }
    const use: ClientUse = { countedBytes: 0, sentBytes: 0, silentSinceMs: options.clock.monotonic() };
    const client: Client = { connection, use, stopping: new AbortController() };
    const ended = serveClient(client, parts).finally(() => clients.delete(client));
    clients.set(client, ended);
  });

  return {
    get clients() {
      return clients.size;
    },
    async close() {
      stopped = true;
      for (const { stopping } of clients.keys()) {
        stopping.abort(new PeerpatchError('CANCELLED', 'this peer stops serving'));
      }
      await Promise.all(clients.values());
    },
  };
}

/** The one who asked for nothing the longest, else the one who was sent the most, if that is enough. */
export function whoMakesRoom<T extends { readonly use: ClientUse }>(
  clients: readonly T[],
  nowMs: number,
  { graceMs, turnBytes }: Pick<ExchangeLimits, 'graceMs' | 'turnBytes'>,
): T | undefined {
  const silentMs = ({ use }: T): number => (use.silentSinceMs === undefined ? 0 : nowMs - use.silentSinceMs);
  const silent = [...clients].sort((a, b) => silentMs(b) - silentMs(a))[0];
  if (silent !== undefined && silentMs(silent) > graceMs) return silent;
  const greedy = [...clients].sort((a, b) => b.use.countedBytes - a.use.countedBytes)[0];
  return greedy !== undefined && greedy.use.countedBytes > turnBytes ? greedy : undefined;
}

/** One client from its connection to its end. Rejects with bugs only. */
async function serveClient({ connection, use, stopping }: Client, parts: Parts): Promise<void> {
  const { clock, owner, limits, onError, onServed } = parts;
  const serving = { clock, limits, signal: stopping.signal };
  let reason = 'failed';
  try {
    const { stream, auth } = await readAuth(connection, serving);
    if (!isTransferAuth(owner, Math.floor(clock.now() / MINUTE_MS), auth)) {
      await refuse({ connection, stream, status: STATUS_NO_ANSWER }, serving);
      reason = 'auth failed';
      return;
    }
    const ended = await answerRequests({ ...parts, ...serving, stream, use });
    if (ended === 'busy') {
      await refuse({ connection, stream, status: STATUS_NO_ANSWER }, serving);
      reason = 'busy';
      return;
    }
    await untilClosed(connection, serving);
    reason = 'done';
  } catch (error) {
    // As with uploads: what clients do is no event of ours.
    const theirs = ['PEER_UNREACHABLE', 'PEER_TIMEOUT', 'PEER_TOO_SLOW', 'PEER_MISBEHAVED', 'CANCELLED'] as const;
    if (isPeerpatchError(error, 'CANCELLED')) reason = 'busy';
    if (!isPeerpatchError(error, ...theirs)) onError(error);
  } finally {
    connection.close(0, reason);
    if (use.sentBytes > 0) onServed?.(connection.remoteId, use.sentBytes);
  }
}
