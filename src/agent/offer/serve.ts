/**
 * Serves the running program to peers of the same owner. Spec: docs/spec/09-transfer.md.
 *
 * One request a connection; everything a stranger can hold open is counted and timed. Failures of clients are theirs and are
 * not reported; failures of this side are events.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { SERVE_LIMITS, type ServeLimits } from '../../core/base/limits.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { formatVersion } from '../../core/release/version.ts';
import { v0Alpn } from '../../core/transfer/alpn.ts';
import { isTransferAuth } from '../../core/transfer/auth.ts';
import { STATUS_REFUSED } from '../../core/transfer/frame.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Connection, Network, Stream } from '../../ports/network.ts';
import { readAuth, refuse, untilClosed } from './client-request.ts';
import { within } from '../deadline.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { createPlaces, type Places } from './places.ts';
import { upload, type Offer } from './upload.ts';

export type { Offer } from './upload.ts';

export interface ServeOptions {
  readonly network: Network;
  readonly owner: PublicKey;
  readonly clock: Clock;
  /** Asked for each client whose turn has come. Undefined: there is nothing to serve, the client is refused. */
  readonly offer: () => Promise<Offer | undefined> | Offer | undefined;
  readonly emit: EmitEvent;
  /** Default {@link SERVE_LIMITS}. */
  readonly limits?: ServeLimits | undefined;
}

export interface Server {
  /** Programs being sent now. */
  readonly uploads: number;
  /** Ends every upload and takes no new client; resolves when every offer has been given back. Idempotent. */
  close(): Promise<void>;
}

interface Serving extends ServeOptions {
  readonly limits: ServeLimits;
  readonly places: Places;
  readonly signal: AbortSignal;
}

/** Serves until `close`, or until the network is closed. Once for each network and owner. */
export function serve(options: ServeOptions): Server {
  const limits = options.limits ?? SERVE_LIMITS;
  const places = createPlaces(limits.maxUploads);
  // A signal for each: one for all would have so many listeners that the runtime warns of a leak.
  const clients = new Map<Promise<void>, AbortController>();
  let stopped = false;

  options.network.listen(v0Alpn(options.owner), (connection) => {
    if (stopped || clients.size >= limits.maxConnections) {
      connection.close(0, 'busy');
      return;
    }
    const stopping = new AbortController();
    const serving: Serving = { ...options, limits, places, signal: stopping.signal };
    const client = serveClient(connection, serving).finally(() => clients.delete(client));
    clients.set(client, stopping);
  });

  return {
    get uploads() {
      return places.taken;
    },
    async close() {
      stopped = true;
      for (const stopping of clients.values()) {
        stopping.abort(new PeerpatchError('CANCELLED', 'this peer stops serving'));
      }
      await Promise.all(clients.keys());
    },
  };
}

/** One client from its connection to its end. Rejects with bugs only. */
async function serveClient(connection: Connection, serving: Serving): Promise<void> {
  let reason = 'failed';
  try {
    reason = await answer(connection, serving);
  } catch (error) {
    // A client that leaves, stalls or is too slow is no event of ours: strangers could flood the host with them.
    if (isPeerpatchError(error, 'PEER_UNREACHABLE', 'PEER_TIMEOUT', 'PEER_TOO_SLOW', 'CANCELLED')) return;
    serving.emit(errorEvent('serve', error));
  } finally {
    connection.close(0, reason);
  }
}

/** @returns the reason to close with */
async function answer(connection: Connection, serving: Serving): Promise<string> {
  const { clock, owner, offer: nextOffer, emit, limits, places, signal } = serving;
  const { stream, auth } = await readAuth(connection, serving);
  if (!isTransferAuth(owner, Math.floor(clock.now() / MINUTE_MS), auth)) {
    await refuse({ connection, stream, status: STATUS_REFUSED }, serving);
    return 'auth failed';
  }
  const leave = await places.take(clock, limits.placeMs, signal);
  let offer: Offer | undefined;
  try {
    offer = leave && (await nextOffer());
    if (offer !== undefined) await upload({ stream, offer, clock, limits, signal });
  } finally {
    leave?.();
    await offer?.program.close();
  }
  if (offer === undefined) {
    await refuse({ connection, stream, status: STATUS_REFUSED }, serving);
    return 'busy';
  }
  await untilReceived(connection, stream, serving);
  const version = formatVersion(offer.release.version);
  emit({ type: 'served', version, peer: toHex(connection.remoteId), sentBytes: offer.program.sizeBytes });
  await untilClosed(connection, serving);
  return 'done';
}

/** Until the last byte has arrived. A client that closes first has them, too: it counts them. */
function untilReceived(connection: Connection, stream: Stream, { clock, limits, signal }: Serving): Promise<void> {
  const late = (): PeerpatchError => new PeerpatchError('PEER_TIMEOUT', 'the client did not take the last bytes');
  return within({ clock, ms: limits.lingerMs, signal, late }, async (inTime) => {
    const delivered = stream.delivered(inTime).catch((error: unknown) => {
      if (!isPeerpatchError(error, 'PEER_UNREACHABLE')) throw error;
    });
    await orAbort(Promise.race([delivered, connection.closed]), inTime);
  });
}
