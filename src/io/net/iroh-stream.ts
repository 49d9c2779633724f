/**
 * One iroh stream as the port has it.
 *
 * The addon cannot cancel a read: an aborted one goes on, and its bytes are kept for the next. All pieces are bounded, because
 * the addon turns each byte into a JavaScript number on this thread.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import type { Stream } from '../../ports/network.ts';
import type { IrohBiStream, IrohRecvStream, IrohSendStream } from './iroh-addon.ts';
import type { AddonCalls } from './addon-calls.ts';
import { fromIroh, type ToIroh } from './iroh-bytes.ts';
import { irohError } from './iroh-error.ts';

/**
 * Of one call. The numbers of a piece take eight times its bytes: below 128 KiB the collector frees them all at once, larger ones it
 * keeps for long when it finds them in use. Larger pieces are not faster.
 */
const PIECE_BYTES = 16_000;

/** What all streams of one connection share. */
export interface SharedParts {
  readonly toIroh: ToIroh;
  readonly calls: AddonCalls;
  /** Told of every piece that was taken from the addon. */
  readonly onRead: (bytes: number) => void;
}

export class IrohStream implements Stream {
  readonly #send: IrohSendStream;
  readonly #recv: IrohRecvStream;
  readonly #shared: SharedParts;
  #pending: Promise<Uint8Array> | undefined;
  #rest: Uint8Array = new Uint8Array();
  #ended = false;

  constructor({ send, recv }: IrohBiStream, shared: SharedParts) {
    this.#send = send;
    this.#recv = recv;
    this.#shared = shared;
  }

  async read(maxBytes: number, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    if (this.#rest.length === 0 && !this.#ended) {
      this.#pending ??= this.#readNext(Math.min(maxBytes, PIECE_BYTES));
      this.#rest = await orAbort(this.#pending, signal);
      this.#pending = undefined;
      this.#ended = this.#rest.length === 0;
    }
    if (this.#ended) return undefined;
    const bytes = this.#rest.subarray(0, maxBytes);
    this.#rest = this.#rest.subarray(bytes.length);
    return bytes;
  }

  async write(bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      signal?.throwIfAborted();
      const piece = this.#shared.toIroh(bytes.subarray(at, at + PIECE_BYTES));
      await orAbort(
        this.#shared.calls.track(this.#send.writeAll(piece)).catch((error: unknown) => {
          throw irohError('could not write to the peer', error);
        }),
        signal,
      );
    }
  }

  async finish(): Promise<void> {
    try {
      await this.#shared.calls.track(this.#send.finish());
    } catch (error) {
      throw irohError('could not end the stream', error);
    }
  }

  async delivered(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const stopped = this.#shared.calls.track(this.#send.stopped()).catch((error: unknown) => {
      throw irohError('the peer left before it had everything', error);
    });
    await orAbort(stopped, signal);
  }

  /** Only fails once: after a failure the addon reports an end where there was none, so the failed promise stays. */
  async #readNext(maxBytes: number): Promise<Uint8Array> {
    try {
      const bytes = fromIroh(await this.#shared.calls.track(this.#recv.read(maxBytes)));
      this.#shared.onRead(bytes.length);
      return bytes;
    } catch (error) {
      throw irohError('could not read from the peer', error);
    }
  }
}
