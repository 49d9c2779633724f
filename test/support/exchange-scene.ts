/**
 * Both sides of the exchange in memory: a server whose clients a test plays, and a client whose server it plays.
 *
 * @module
 */
import { serveExchange } from '../../src/agent/offer/exchange-server.ts';
import { createLibrary, type Library } from '../../src/agent/offer/library.ts';
import { createPeerSource } from '../../src/agent/fetch/peer-source.ts';
import { EXCHANGE_LIMITS, SOURCE_LIMITS, type ExchangeLimits, type SourceLimits } from '../../src/core/base/limits.ts';
import { MINUTE_MS } from '../../src/core/base/units.ts';
import { v1Alpn } from '../../src/core/transfer/alpn.ts';
import { transferAuth } from '../../src/core/transfer/auth.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import type { Connection, Stream } from '../../src/ports/network.ts';
import type { Source } from '../../src/ports/source.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryNetwork } from '../../src/testing/memory-network.ts';
import { contentOf, noise } from './content-samples.ts';
import { openBytes } from './staging.ts';
import { OWNER } from './transfer-samples.ts';

export const CONTENT = contentOf(noise(400_000));
export const NAME_HASH = new Uint8Array(32).fill(7);
export const STATEMENT = noise(300, 3);
const MINUTE = 29_000_000;

/** A library of one content and one statement; `library` stands in for parts of it. */
export function exchangeServerScene(limits: Partial<ExchangeLimits> = {}, library: Partial<Library> = {}) {
  const hub = new MemoryNetwork();
  const network = hub.join(new Uint8Array(32).fill(1));
  const clock = new FakeClock(MINUTE * MINUTE_MS + 30_000);
  const errors: unknown[] = [];
  const served: number[] = [];
  const real = createLibrary({ compression: brotli, onError: (error) => errors.push(error) });
  real.add({ root: CONTENT.manifest.root, file: openBytes(CONTENT.bytes), manifest: CONTENT.manifest });
  real.setStatement(NAME_HASH, STATEMENT);
  const server = serveExchange({
    network,
    owner: OWNER.publicKey,
    clock,
    library: { ...real, ...library },
    onError: (error) => errors.push(error),
    onServed: (_nodeId, sentBytes) => served.push(sentBytes),
    limits: { ...EXCHANGE_LIMITS, ...limits },
  });
  let clients = 1;
  const connect = (node = ++clients): Promise<Connection> =>
    hub.join(new Uint8Array(32).fill(node)).connect(network.address(), v1Alpn(OWNER.publicKey));
  /** A client that has proven that it knows the owner. */
  const join = async (node?: number): Promise<{ connection: Connection; stream: Stream }> => {
    const connection = await connect(node);
    const stream = await connection.openStream();
    await stream.write(transferAuth(OWNER.publicKey, MINUTE));
    return { connection, stream };
  };
  return { server, clock, errors, served, connect, join };
}

/** What a server does with its one client after the auth. */
export type ServerScript = (stream: Stream, connection: Connection) => Promise<void>;

export function peerSourceScene(script: ServerScript, limits: Partial<SourceLimits> = {}) {
  const hub = new MemoryNetwork();
  const [server, client] = [hub.join(new Uint8Array(32).fill(1)), hub.join(new Uint8Array(32).fill(2))];
  const clock = new FakeClock(MINUTE * MINUTE_MS);
  const connections: Connection[] = [];
  server.listen(v1Alpn(OWNER.publicKey), (connection) => {
    connections.push(connection);
    const play = async (): Promise<void> => {
      const stream = await connection.acceptStream();
      await script(stream, connection);
    };
    play().catch(() => undefined); // a client that leaves causes errors: the test's own business
  });
  const source: Source = createPeerSource({
    network: client,
    owner: OWNER.publicKey,
    peer: server.address(),
    clock,
    limits: { ...SOURCE_LIMITS, ...limits },
  });
  return { source, clock, connections };
}
