/**
 * One iroh connection as the port has it.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { MAX_UNREAD_BYTES } from '../../core/base/limits.ts';
import type { Connection, Stream } from '../../ports/network.ts';
import type { AddonCalls } from './addon-calls.ts';
import type { IrohBiStream, IrohConnection as AddonConnection } from './iroh-addon.ts';
import { fromIroh, type ToIroh } from './iroh-bytes.ts';
import { irohError } from './iroh-error.ts';
import { IrohStream, type SharedParts } from './iroh-stream.ts';

export class IrohConnection implements Connection {
  readonly remoteId: Uint8Array;
  readonly closed: Promise<void>;
  readonly #connection: AddonConnection;
  readonly #shared: SharedParts;
  // Kept until the connection ends: the addon ends a stream that the garbage collector takes, with bytes still under way.
  readonly #streams = new Set<Stream>();
  #accepting: Promise<IrohBiStream> | undefined;
  #readBytes = 0;

  constructor(connection: AddonConnection, { toIroh, calls }: { toIroh: ToIroh; calls: AddonCalls }) {
    this.#connection = connection;
    const onRead = (bytes: number): void => {
      this.#readBytes += bytes;
    };
    this.#shared = { toIroh, calls, onRead };
    this.remoteId = fromIroh(connection.remoteId().toBytes());
    const ended = (): void => {
      this.#streams.clear();
    };
    this.closed = calls.track(connection.closed()).then(ended, ended);
  }

  async openStream(signal?: AbortSignal): Promise<Stream> {
    signal?.throwIfAborted();
    const opening = this.#shared.calls.track(this.#connection.openBi()).catch((error: unknown) => {
      throw irohError('could not open a stream to the peer', error);
    });
    // A stream without bytes is unknown to the peer, so one that comes too late can just be forgotten.
    return this.#keep(await orAbort(opening, signal));
  }

  async acceptStream(signal?: AbortSignal): Promise<Stream> {
    signal?.throwIfAborted();
    // The addon cannot cancel: a stream that arrives after an abort is for the next call.
    this.#accepting ??= this.#shared.calls.track(this.#connection.acceptBi()).catch((error: unknown) => {
      throw irohError('the peer opened no stream', error);
    });
    const stream = await orAbort(this.#accepting, signal);
    this.#accepting = undefined;
    return this.#keep(stream);
  }

  close(code: number, reason: string): void {
    this.#connection.close(BigInt(code), this.#shared.toIroh(new TextEncoder().encode(reason)));
  }

  /**
   * Closes the connection when the peer has sent far more than was read. The addon grants every peer 200 streams with a
   * megabyte of window each and takes none of it back, so a stranger could fill 250 MB with streams nobody opened.
   */
  closeWhenFlooded(): void {
    const { udpRxBytes, udpTxBytes } = this.#connection.stats();
    // Overhead of what was read, and acknowledgements of what was sent.
    const expected = this.#readBytes * 1.5 + udpTxBytes / 4;
    if (udpRxBytes > expected + MAX_UNREAD_BYTES) this.close(1, 'more sent than asked for');
  }

  #keep(stream: IrohBiStream): Stream {
    const kept = new IrohStream(stream, this.#shared);
    this.#streams.add(kept);
    return kept;
  }
}
