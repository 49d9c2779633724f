/**
 * Clients that ask our server for a program in every wrong way, over real connections; what each got is kept.
 *
 * @module
 */
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { transferAuth } from '../../../src/core/transfer/auth.ts';
import type { Connection, Stream } from '../../../src/ports/network.ts';
import { OWNER } from '../../support/transfer-samples.ts';
import { STRANGER } from '../../support/record-samples.ts';

/** What a client may get: nothing, the byte 0, the answer as far as it was read, or the whole answer. */
export type Due = 'nothing' | 'refusal' | 'begin' | 'all';

export interface HostileClient {
  readonly name: string;
  readonly due: Due;
  /** Returns what it got. */
  readonly run: (connection: Connection) => Promise<Uint8Array>;
}

/** @param minute the server's */
export function hostileClients(minute: number): readonly HostileClient[] {
  const auth = transferAuth(OWNER.publicKey, minute);
  const refused = [
    ['zeros', new Uint8Array(64)],
    ['one bit', auth.with(63, (auth[63] ?? 0) ^ 1)],
    ['two minutes ago', transferAuth(OWNER.publicKey, minute - 2)],
    ['in two minutes', transferAuth(OWNER.publicKey, minute + 2)],
    ['of another owner', transferAuth(STRANGER.publicKey, minute)],
    ['in front of a megabyte', concatBytes(new Uint8Array(64), new Uint8Array(1_000_000))],
  ] as const;
  const served = [
    ['a minute ago', [transferAuth(OWNER.publicKey, minute - 1)]],
    ['in a minute', [transferAuth(OWNER.publicKey, minute + 1)]],
    ['in 64 pieces', [...auth].map((byte) => Uint8Array.of(byte))],
    ['in front of a megabyte', [concatBytes(auth, new Uint8Array(1_000_000))]],
    ['twice', [auth, auth]],
  ] as const;
  const beginnings = [0, 1, 63].map((length): HostileClient => ({
    name: `${length} bytes and then silence`,
    due: 'nothing',
    run: async (connection) => {
      const stream = await connection.openStream();
      await write(stream, auth.subarray(0, length));
      return readAll(stream);
    },
  }));
  return [
    {
      name: 'no stream',
      due: 'nothing',
      run: async (connection) => {
        await connection.closed;
        return new Uint8Array();
      },
    },
    ...beginnings,
    {
      name: 'a stream that ends after 10 bytes',
      due: 'nothing',
      run: async (connection) => {
        const stream = await connection.openStream();
        await write(stream, auth.subarray(0, 10));
        await stream.finish();
        return readAll(stream);
      },
    },
    ...refused.map(([name, bytes]): HostileClient => ({
      name: `a wrong request: ${name}`,
      due: 'refusal',
      run: async (connection) => {
        const stream = await connection.openStream();
        await write(stream, bytes);
        return readAll(stream);
      },
    })),
    ...served.map(([name, pieces]): HostileClient => ({
      name: `a right request: ${name}`,
      due: 'all',
      run: async (connection) => {
        const stream = await connection.openStream();
        for (const piece of pieces) await write(stream, piece);
        return readAll(stream);
      },
    })),
    {
      name: 'a right request on each of ten streams',
      due: 'all',
      run: async (connection) => {
        const streams = await Promise.all(Array.from({ length: 10 }, () => connection.openStream()));
        for (const stream of streams) await write(stream, auth);
        return concatBytes(...(await Promise.all(streams.map((stream) => readAll(stream)))));
      },
    },
    {
      name: 'a right request and no reading',
      due: 'nothing',
      run: async (connection) => {
        const stream = await connection.openStream();
        await write(stream, auth);
        await connection.closed;
        return new Uint8Array();
      },
    },
    {
      name: 'a right request, ten bytes read, gone',
      due: 'begin',
      run: async (connection) => {
        const stream = await connection.openStream();
        await write(stream, auth);
        const bytes = await stream.read(10);
        connection.close(7, 'gone');
        return bytes ?? new Uint8Array();
      },
    },
  ];
}

/** A server that has enough of a client may close while it writes. */
async function write(stream: Stream, bytes: Uint8Array): Promise<void> {
  if (bytes.length > 0) await stream.write(bytes).catch(() => undefined);
}

/** To the end of the stream or of the connection. */
async function readAll(stream: Stream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const piece = await stream.read(65_536).catch(() => undefined);
    if (piece === undefined) return concatBytes(...pieces);
    pieces.push(piece);
  }
}
