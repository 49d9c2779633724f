/**
 * Sends one program over one stream: head, then the file from disk. Spec: docs/spec/09-transfer.md.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { TRANSFER_CHUNK_BYTES, type PaceLimits } from '../../core/base/limits.ts';
import type { SignedRelease } from '../../core/release/release.ts';
import { encodeFrameHead } from '../../core/transfer/frame.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Stream } from '../../ports/network.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { createPace } from '../pace.ts';

/** What is served now. */
export interface Offer {
  readonly release: SignedRelease;
  /** The file of this release, lent for one upload: closed when that has ended. */
  readonly program: OpenProgram;
}

export interface UploadOptions {
  readonly stream: Stream;
  readonly offer: Offer;
  readonly clock: Clock;
  readonly limits: PaceLimits;
  readonly signal: AbortSignal;
}

/**
 * Resolves when the last byte is handed to the transport, which is not yet its arrival. Reads on only as the client takes.
 *
 * @throws PeerpatchError PEER_UNREACHABLE, PEER_TIMEOUT, PEER_TOO_SLOW, PROGRAM_UNREADABLE
 */
export async function upload({ stream, offer, clock, limits, signal }: UploadOptions): Promise<void> {
  const { release, program } = offer;
  const pace = createPace(clock, limits, signal);
  const send = (bytes: Uint8Array): Promise<void> =>
    pace.wait(
      (inTime) => stream.write(bytes, inTime),
      () => bytes.length,
    );

  await send(encodeFrameHead(release, program.sizeBytes));
  let missingBytes = program.sizeBytes;
  for await (const piece of program.read()) {
    missingBytes -= piece.length;
    if (missingBytes < 0) break;
    for (let at = 0; at < piece.length; at += TRANSFER_CHUNK_BYTES) {
      await send(piece.subarray(at, at + TRANSFER_CHUNK_BYTES));
    }
  }
  if (missingBytes !== 0) {
    throw new PeerpatchError(
      'PROGRAM_UNREADABLE',
      `${program.path} changed its length while it was served: replace programs, do not write into them`,
    );
  }
  // A client that counts its bytes may have them all and be gone: the end of the stream is a courtesy.
  await stream.finish().catch((error: unknown) => {
    if (!isPeerpatchError(error, 'PEER_UNREACHABLE')) throw error;
  });
}
