/**
 * A client that fetches from a peer which follows a script, in memory.
 *
 * @module
 */
import { fetchRelease, type FetchedRelease, type FetchOptions } from '../../src/agent/fetch/fetch.ts';
import { parseVersion } from '../../src/core/release/version.ts';
import { v0Alpn } from '../../src/core/transfer/alpn.ts';
import type { Connection, Stream } from '../../src/ports/network.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryNetwork } from '../../src/testing/memory-network.ts';
import { StagingStore } from './staging.ts';
import { frameOf, OWNER, sampleProgram } from './transfer-samples.ts';

export const SAMPLE = sampleProgram({ sizeBytes: 300_000 });
export const FRAME = frameOf(SAMPLE);
export const HEAD_BYTES = FRAME.length - SAMPLE.file.length;

/** What a serving peer does with one connection. Errors are the test's own business: a client that leaves causes some. */
export type Script = (stream: Stream, connection: Connection) => Promise<void>;

/** A client and a peer that follows a script. */
export function fetchScene(script: Script, clock = new FakeClock()) {
  const hub = new MemoryNetwork();
  const [server, network] = [hub.join(new Uint8Array(32).fill(1)), hub.join(new Uint8Array(32).fill(2))];
  const store = new StagingStore();
  const connections: Connection[] = [];
  server.listen(v0Alpn(OWNER.publicKey), (connection) => {
    connections.push(connection);
    void connection
      .acceptStream()
      .then((stream) => script(stream, connection))
      .catch(() => undefined);
  });
  const fetch = (options: Partial<FetchOptions> = {}): Promise<FetchedRelease> => {
    const fetching = fetchRelease({
      network,
      store,
      clock,
      owner: OWNER.publicKey,
      release: SAMPLE.release,
      above: parseVersion('1.0.0'),
      peer: server.address(),
      ...options,
    });
    fetching.catch(() => undefined); // looked at after the clock was moved
    return fetching;
  };
  return { fetch, store, clock, server, network, connections };
}

/** Sends these bytes and nothing else. */
export const send =
  (bytes: Uint8Array): Script =>
  async (stream) => {
    await stream.write(bytes);
  };
