/**
 * A serving peer and clients that do what a test says, in memory.
 *
 * @module
 */
import type { AgentEvent } from '../../src/agent/events.ts';
import { serve, type Offer } from '../../src/agent/offer/serve.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { SERVE_LIMITS, type ServeLimits } from '../../src/core/base/limits.ts';
import { MINUTE_MS } from '../../src/core/base/units.ts';
import { v0Alpn } from '../../src/core/transfer/alpn.ts';
import { transferAuth } from '../../src/core/transfer/auth.ts';
import type { Connection, Stream } from '../../src/ports/network.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryNetwork } from '../../src/testing/memory-network.ts';
import { openBytes } from './staging.ts';
import { OWNER, sampleProgram } from './transfer-samples.ts';

/** Far more than a connection holds: who serves it has to wait for the client. */
export const PROGRAM = sampleProgram({ sizeBytes: 400_000 });
export const MINUTE = 29_000_000;

export function serveScene(limits: Partial<ServeLimits> = {}, nextOffer?: () => Offer | undefined) {
  const hub = new MemoryNetwork();
  const network = hub.join(new Uint8Array(32).fill(1));
  const clock = new FakeClock(MINUTE * MINUTE_MS + 30_000);
  const events: AgentEvent[] = [];
  const lent: ReturnType<typeof openBytes>[] = [];
  const offer = (): Offer => {
    const program = openBytes(PROGRAM.file);
    lent.push(program);
    return { release: PROGRAM.release, program };
  };
  const server = serve({
    network,
    clock,
    owner: OWNER.publicKey,
    offer: nextOffer ?? offer,
    emit: (event) => events.push(event),
    limits: { ...SERVE_LIMITS, ...limits },
  });
  let clients = 1;
  const connect = (): Promise<Connection> =>
    hub.join(new Uint8Array(32).fill(++clients)).connect(network.address(), v0Alpn(OWNER.publicKey));
  /** A client that has sent its request. */
  const request = async (minute = MINUTE): Promise<{ connection: Connection; stream: Stream }> => {
    const connection = await connect();
    const stream = await connection.openStream();
    await stream.write(transferAuth(OWNER.publicKey, minute));
    return { connection, stream };
  };
  return { server, network, clock, events, lent, connect, request };
}

/** The next `length` bytes. */
export async function readBytes(stream: Stream, length: number): Promise<Uint8Array> {
  let bytes = new Uint8Array() as Uint8Array;
  while (bytes.length < length) {
    const piece = await stream.read(length - bytes.length);
    if (piece === undefined) break;
    bytes = concatBytes(bytes, piece);
  }
  return bytes;
}
