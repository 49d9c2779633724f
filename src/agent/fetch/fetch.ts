/**
 * Fetches one release from one peer: connects, asks, streams the program to disk while checking it. Spec:
 * docs/spec/09-transfer.md.
 *
 * Everything the peer sends is compared with the release whose signature was verified before: its length before anything is
 * staged, the region as soon as it went by, hash and size at the end. Neither chooses the peer nor installs.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { FETCH_LIMITS, TRANSFER_CHUNK_BYTES, type FetchLimits } from '../../core/base/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/base/units.ts';
import { createCanonicalizer } from '../../core/codesign/image.ts';
import { checkPages, createSignatureWatch } from '../../core/codesign/watch.ts';
import { createContentMeasure } from '../../core/content/measure-content.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { acceptRelease, checkFormat, type AcceptedRelease } from '../../core/release/accept.ts';
import { isReleaseRegion } from '../../core/release/region.ts';
import type { SignedRelease } from '../../core/release/release.ts';
import { compareVersions, formatVersion, type Version } from '../../core/release/version.ts';
import type { ProgramFormat } from '../../core/stamp/format.ts';
import { createMeasure, type Measure, type StampedDigest } from '../../core/stamp/measure.ts';
import { v0Alpn } from '../../core/transfer/alpn.ts';
import { transferAuth } from '../../core/transfer/auth.ts';
import { createFrameDecoder } from '../../core/transfer/frame.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Connection, Network, PeerAddress, Stream } from '../../ports/network.ts';
import type { PartialProgram, ProgramStore, StagedProgram, UpdateNames } from '../../ports/program.ts';
import type { FetchedProgram } from '../candidate.ts';
import { within } from '../deadline.ts';
import { createPace } from '../pace.ts';

export interface FetchOptions {
  readonly network: Pick<Network, 'connect'>;
  /** Where the program is staged. */
  readonly store: ProgramStore;
  readonly clock: Clock;
  readonly owner: PublicKey;
  /** What the peer announced. */
  readonly release: SignedRelease;
  /** The highest version seen so far, the running one included. Without it this is a first install. */
  readonly above?: Version | undefined;
  /** Format and processor of the program to replace; undefined accepts any. */
  readonly format?: ProgramFormat;
  readonly peer: PeerAddress;
  /** Where the statement says that the stamp is. Undefined for a release without one. */
  readonly stampOffset?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after each piece that was written: bytes of the program so far, and all of them. */
  readonly onProgress?: ((receivedBytes: number, totalBytes: number) => void) | undefined;
  /** Default {@link FETCH_LIMITS}. */
  readonly limits?: FetchLimits | undefined;
}

export interface FetchedRelease {
  /** The caller installs or discards it. */
  readonly staged: StagedProgram;
  readonly release: AcceptedRelease;
  /** What was found in it: for those who know more about the release than its region says. */
  readonly measured: StampedDigest;
  /**
   * Manifest root of its canonical image, if a stamp offset was given and it has a code signature, which the release's hash leaves
   * out. The hash of all other programs covers what their root does.
   */
  readonly root: Uint8Array | undefined;
  /** Bytes that crossed the wire for it. */
  readonly receivedBytes: number;
}

/**
 * Nothing stays staged when it fails, and the connection is closed either way.
 *
 * @throws PeerpatchError RELEASE_NOT_NEWER, PEER_UNREACHABLE, PEER_REFUSED, PEER_TIMEOUT, PEER_TOO_SLOW, PEER_MISBEHAVED,
 *   STAMP_MISSING, STAMP_MALFORMED, CODE_SIGNATURE_INVALID, RELEASE_MISMATCH, RELEASE_WRONG_TARGET, CANCELLED, and what `store`
 *   throws
 */
export async function fetchRelease(options: FetchOptions): Promise<FetchedRelease> {
  const { release, above, signal } = options;
  if (above !== undefined && compareVersions(release.version, above) <= 0) {
    const [version, newest] = [release.version, above].map(formatVersion);
    throw new PeerpatchError('RELEASE_NOT_NEWER', `release ${version} is not above ${newest}: nothing was fetched`);
  }
  let connection: Connection | undefined;
  try {
    connection = await connect(options);
    return await receive(connection, options);
  } catch (error) {
    if (signal?.aborted !== true || isPeerpatchError(error, 'CANCELLED')) throw error;
    throw new PeerpatchError('CANCELLED', 'the download was stopped; nothing of it was kept', { cause: error });
  } finally {
    // The peer waits for this: it cannot know otherwise that its last bytes have arrived.
    connection?.close(0, 'done');
  }
}

/** What was fetched, and how to keep it where a later attempt can go on with it. */
export interface Installable extends Pick<FetchedProgram, 'release'> {
  readonly staged: FetchedProgram['staged'] & Partial<Pick<PartialProgram, 'close'>>;
}

/**
 * Installs what was fetched, or leaves nothing of it. A partial program stays when the host ended meanwhile: nothing is wrong
 * with it, and a program that only ever runs for seconds would fetch it at each start.
 *
 * @param update for the next start; undefined where the program is made anew
 * @throws PeerpatchError as `StagedProgram.install`
 */
export async function installFetched({ staged, release }: Installable, update?: UpdateNames): Promise<void> {
  try {
    await staged.install(release, update);
  } catch (error) {
    if (staged.close !== undefined && isPeerpatchError(error, 'CANCELLED')) await staged.close();
    else await staged.discard();
    throw error;
  }
}

function connect({ network, owner, peer, clock, signal, limits = FETCH_LIMITS }: FetchOptions): Promise<Connection> {
  const ms = limits.connectMs;
  const late = (): PeerpatchError =>
    new PeerpatchError('PEER_UNREACHABLE', `no connection to the peer within ${ms / SECOND_MS} s`);
  return within({ clock, ms, signal, late }, (inTime) => network.connect(peer, v0Alpn(owner), inTime));
}

/** From the request to the last byte. */
async function receive(connection: Connection, options: FetchOptions): Promise<FetchedRelease> {
  const { store, clock, release, above, format, signal, onProgress, stampOffset, limits = FETCH_LIMITS } = options;
  const decoder = createFrameDecoder(release);
  const measure = createMeasure();
  const signature = createSignatureWatch();
  const canonicalizer = createCanonicalizer(stampOffset);
  const content = createContentMeasure('image');
  const isImage = (): boolean => stampOffset !== undefined && signature.isWatching;
  const pace = createPace(clock, limits, signal);
  let receivedBytes = 0;
  let writtenBytes = 0;
  let staged: StagedProgram | undefined;
  let next: Promise<Uint8Array | undefined> | undefined;

  try {
    const stream = await ask(connection, options);
    const readNext = (): Promise<Uint8Array | undefined> | undefined => {
      // Never more than the frame has: what a peer sends behind its end is not looked at.
      const maxBytes = Math.min(decoder.wantedBytes, TRANSFER_CHUNK_BYTES);
      if (maxBytes === 0) return undefined;
      const reading = pace.wait(
        (inTime) => stream.read(maxBytes, inTime),
        (bytes) => bytes?.length ?? 0,
      );
      reading.catch(() => undefined); // looked at one round later; a failure in between is still found there
      return reading;
    };

    next = firstRead(stream, options);
    while (next !== undefined) {
      const bytes = await next;
      if (bytes === undefined) {
        decoder.end();
        break;
      }
      receivedBytes += bytes.length;
      const piece = decoder.update(bytes);
      next = readNext(); // the next piece travels while this one is hashed and written
      if (decoder.fileBytes === undefined || piece.length === 0) continue;
      staged ??= await store.stage(decoder.fileBytes);
      measure.update(piece);
      signature.update(piece);
      if (isImage()) content.update(canonicalizer.update(piece));
      // A foreign program or region cannot become right again: the rest is not worth its bytes.
      if (measure.format !== undefined) checkFormat(release, measure.format, format);
      checkRegion(measure, release);
      await staged.write(piece);
      writtenBytes += piece.length;
      onProgress?.(writtenBytes, decoder.fileBytes);
      signal?.throwIfAborted();
    }
    if (staged === undefined) throw new Error('a complete frame holds a program');
    const measured = measure.finish();
    const accepted = acceptRelease(release, measured, { above, format });
    // Neither hash nor root cover the page hashes: with wrong ones a Mac would not start the program.
    checkPages(signature.finish());
    return { staged, release: accepted, measured, root: isImage() ? content.finish().root : undefined, receivedBytes };
  } catch (error) {
    // What went wrong counts, not a leftover file: the next staging sweeps it.
    await staged?.discard().catch(() => undefined);
    throw error;
  }
}

/** Opens the stream and sends the request. */
function ask(connection: Connection, { owner, clock, signal, limits = FETCH_LIMITS }: FetchOptions): Promise<Stream> {
  return within({ clock, ms: limits.answerMs, signal, late: silent(limits) }, async (inTime) => {
    const stream = await connection.openStream(inTime);
    await stream.write(transferAuth(owner, Math.floor(clock.now() / MINUTE_MS)), inTime);
    return stream;
  });
}

/** The first byte says yes or no; a busy peer may take its time for it. */
function firstRead(
  stream: Stream,
  { clock, signal, limits = FETCH_LIMITS }: FetchOptions,
): Promise<Uint8Array | undefined> {
  return within({ clock, ms: limits.answerMs, signal, late: silent(limits) }, (inTime) => stream.read(1, inTime));
}

function silent({ answerMs }: FetchLimits): () => PeerpatchError {
  return () => new PeerpatchError('PEER_TIMEOUT', `the peer did not answer within ${answerMs / SECOND_MS} s`);
}

function checkRegion({ region }: Measure, release: SignedRelease): void {
  if (region === undefined || isReleaseRegion(region, release)) return;
  const name = `release ${formatVersion(release.version)}`;
  throw new PeerpatchError('RELEASE_MISMATCH', `${name}: the region inside the program describes another release`);
}
