/**
 * How a serving node lets a client in, or does not: the same for every protocol. Spec: docs/spec/09-transfer.md.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { AUTH_BYTES } from '../../core/transfer/auth.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Connection, Stream } from '../../ports/network.ts';
import { within } from '../deadline.ts';

/** What is known of one client while it is served. */
export interface Serving {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly limits: {
    /** From the open connection to the last byte of the request. */
    readonly requestMs: number;
    /** How long a refused client has to read the refusal. */
    readonly refusalMs: number;
    /** How long a client that has received everything has to close. */
    readonly closeMs: number;
  };
}

/** The first stream of a client, and the auth that opens it. @throws PeerpatchError PEER_TIMEOUT, PEER_UNREACHABLE */
export function readAuth(
  connection: Connection,
  { clock, limits, signal }: Serving,
): Promise<{ readonly stream: Stream; readonly auth: Uint8Array }> {
  const late = (): PeerpatchError => new PeerpatchError('PEER_TIMEOUT', 'the client sent no request');
  return within({ clock, ms: limits.requestMs, signal, late }, async (inTime) => {
    const stream = await connection.acceptStream(inTime);
    const auth = new Uint8Array(AUTH_BYTES);
    for (let filled = 0; filled < AUTH_BYTES;) {
      const bytes = await stream.read(AUTH_BYTES - filled, inTime);
      if (bytes === undefined) throw new PeerpatchError('PEER_UNREACHABLE', 'the client ended inside its request');
      auth.set(bytes, filled);
      filled += bytes.length;
    }
    return { stream, auth };
  });
}

export interface Refusal {
  readonly connection: Connection;
  readonly stream: Stream;
  /** The protocol's byte for no. */
  readonly status: number;
}

/** Says no, and leaves the client a moment to read it: closing at once would take the byte back. */
export async function refuse({ connection, stream, status }: Refusal, serving: Serving): Promise<void> {
  const { clock, limits, signal } = serving;
  const late = (): PeerpatchError => new PeerpatchError('PEER_TIMEOUT', 'the client did not read its refusal');
  await within({ clock, ms: limits.refusalMs, signal, late }, async (inTime) => {
    await stream.write(Uint8Array.of(status), inTime);
    await stream.finish();
    await orAbort(connection.closed, inTime);
  }).catch((error: unknown) => {
    if (!isPeerpatchError(error)) throw error;
  });
}

/** Clients of rustpatcher restart without closing: each would keep its place until the transport takes it for dead. */
export function untilClosed(connection: Connection, { clock, limits, signal }: Serving): Promise<void> {
  const late = (): PeerpatchError => new PeerpatchError('PEER_TIMEOUT', 'the client did not close');
  return within({ clock, ms: limits.closeMs, signal, late }, (inTime) => orAbort(connection.closed, inTime));
}
