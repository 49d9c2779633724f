/**
 * What iroh does beyond the contract of the port: addresses, relays, floods, the garbage collector.
 */
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { openIroh, type IrohOptions } from '../../../src/io/net/iroh.ts';
import { loadIroh, type IrohConnection } from '../../../src/io/net/iroh-addon.ts';
import type { Connection, Network } from '../../../src/ports/network.ts';

const ALPN = '/test/iroh/v0';
const addon = loadIroh();
const networks: Network[] = [];

const joinForTest = async (options: Partial<IrohOptions> = {}): Promise<Network> => {
  const loopback = ['127.0.0.1:0', '[::1]:0'];
  const network = await openIroh({ addon, seed: randomBytes(32), relay: 'none', bind: loopback, ...options });
  networks.push(network);
  return network;
};

afterEach(async () => {
  await Promise.all(networks.splice(0).map((network) => network.close()));
});

describe('iroh network: addresses', () => {
  it('bound to loopback it says so, with real ports', async () => {
    const { addresses, relayUrl } = (await joinForTest()).address();
    expect(addresses.some((address) => /^127\.0\.0\.1:[1-9]\d*$/.test(address))).toBe(true);
    expect(relayUrl).toBeUndefined();
  });

  it('bound to all interfaces it names addresses that others can dial, never the wildcard', async () => {
    const { addresses } = (await joinForTest({ bind: [] })).address();
    expect(addresses.length).toBeGreaterThan(0);
    expect(addresses.filter((address) => /^(0\.0\.0\.0|\[::\])/.test(address))).toEqual([]);
  });

  it('connects over IPv6', async () => {
    const [client, server] = [await joinForTest(), await joinForTest()];
    server.listen(ALPN, () => undefined);
    const address = server.address();
    const addresses = address.addresses.filter((each) => each.startsWith('[::1]'));
    expect(addresses).toHaveLength(1);
    (await client.connect({ ...address, addresses }, ALPN)).close(0, '');
  });

  it('finds the right one among wrong hints', async () => {
    const [client, server] = [await joinForTest(), await joinForTest()];
    server.listen(ALPN, () => undefined);
    const { nodeId, addresses } = server.address();
    const wrong = ['127.0.0.1:1', 'nonsense', 'localhost:80', '0.0.0.0:0', '999.1.1.1:5', '[::1]:99999'];
    const connection = await client.connect(
      { nodeId, addresses: [...wrong, ...addresses], relayUrl: 'nonsense' },
      ALPN,
    );
    connection.close(0, '');
  });

  it('takes bytes that are no key for a peer that is not there', async () => {
    const client = await joinForTest();
    for (const nodeId of [new Uint8Array(32).fill(2), new Uint8Array(31), new Uint8Array()]) {
      const connecting = client.connect({ nodeId, addresses: ['127.0.0.1:1'] }, ALPN);
      await expect(connecting).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    }
  });

  it('says which option would find a peer whose record names no address', async () => {
    const client = await joinForTest();
    const nodeId = (await joinForTest()).nodeId;
    const connecting = client.connect({ nodeId, addresses: ['example.org:80'] }, ALPN);
    await expect(connecting).rejects.toMatchObject({ code: 'PEER_UNREACHABLE', message: /relays of n0/ });
  });
});

describe('iroh network: options', () => {
  const wrong: [name: string, options: Partial<IrohOptions>, code: string][] = [
    ['no relay in the list', { relay: [] }, 'OPTION_INVALID'],
    ['a relay that is no URL', { relay: ['nonsense'] }, 'OPTION_INVALID'],
    ['a relay that is a file', { relay: ['file:///etc/passwd'] }, 'OPTION_INVALID'],
    ['an address that is none', { bind: ['nonsense'] }, 'TRANSPORT_UNAVAILABLE'],
    ['an address of another machine', { bind: ['192.0.2.99:0'] }, 'TRANSPORT_UNAVAILABLE'],
    ['a key of the wrong length', { seed: new Uint8Array(31) }, 'TRANSPORT_UNAVAILABLE'],
  ];
  it.each(wrong)('rejects: %s', async (_name, options, code) => {
    await expect(joinForTest(options)).rejects.toMatchObject({ name: 'PeerpatchError', code });
  });

  it.each([['own relays', ['http://127.0.0.1:9']] as const, ['those of n0', 'n0'] as const])(
    'opens with %s even when no relay can be reached, and closes in bounded time',
    async (_name, relay) => {
      const network = await joinForTest({ relay });
      const before = performance.now();
      await network.close();
      expect(performance.now() - before).toBeLessThan(5000);
    },
  );
});

describe('iroh network: hostile peers', () => {
  /** A peer that uses the addon without our limits. */
  const rawConnect = async (server: Network): Promise<IrohConnection> => {
    const builder = addon.Endpoint.builder();
    addon.presetMinimal(builder);
    builder.relayMode(addon.RelayMode.disabled());
    builder.bindAddr('127.0.0.1:0');
    const endpoint = await builder.bind();
    kept.push(endpoint);
    const { nodeId, addresses } = server.address();
    const peer = new addon.EndpointAddr(addon.EndpointId.fromBytes([...nodeId]), null, [...addresses]);
    return endpoint.connect(peer, [...Buffer.from(ALPN)]);
  };
  const kept: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(kept.splice(0).map((endpoint) => endpoint.close()));
  });

  it('closes a connection whose peer sends far more than anybody reads', async () => {
    const server = await joinForTest();
    const accepted = new Promise<Connection>((resolve) => {
      server.listen(ALPN, resolve);
    });
    const raw = await rawConnect(server);
    const piece = new Array<number>(64 * 1024).fill(1);
    const streams = await Promise.all(Array.from({ length: 20 }, () => raw.openBi()));
    const flood = streams.map(async ({ send }) => {
      for (;;) await send.writeAll(piece);
    });
    await (
      await accepted
    ).closed;
    const outcomes = await Promise.allSettled(flood);
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  });

  it(
    'keeps a connection that carries much in both directions, as long as it is read',
    { timeout: 60_000 },
    async () => {
      const [client, server] = [await joinForTest(), await joinForTest()];
      server.listen(ALPN, (connection) => {
        void (async () => {
          const stream = await connection.acceptStream();
          for (;;) {
            const bytes = await stream.read(128 * 1024);
            if (bytes === undefined) break;
            await stream.write(bytes);
          }
          await stream.finish();
          await connection.closed;
        })().catch(() => undefined);
      });
      const connection = await client.connect(server.address(), ALPN);
      const stream = await connection.openStream();
      const totalBytes = 8 * 1024 ** 2;
      const writing = (async () => {
        for (let sent = 0; sent < totalBytes; sent += 128 * 1024) await stream.write(new Uint8Array(128 * 1024));
        await stream.finish();
      })();
      let received = 0;
      for (let bytes = await stream.read(128 * 1024); bytes !== undefined; bytes = await stream.read(128 * 1024)) {
        received += bytes.length;
      }
      await writing;
      expect(received).toBe(totalBytes);
      connection.close(0, 'done');
    },
  );
});

it('keeps connections alive that nobody but the transport refers to', { timeout: 60_000 }, async () => {
  const fixture = fileURLToPath(new URL('../../fixtures/iroh-garbage.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx', fixture]);
  expect(stdout).toBe('alive after 20 collections\n');
});

it(
  'a worker that has closed its network can end: no answer of the addon is left over',
  { timeout: 60_000 },
  async () => {
    const project = fileURLToPath(new URL('../../../', import.meta.url));
    await mkdir(join(project, '.cache'), { recursive: true });
    const folder = await mkdtemp(join(project, '.cache', 'iroh-worker-')); // beside node_modules: the addon is found from there
    try {
      const outfile = join(folder, 'worker.mjs');
      const entryPoints = [join(project, 'test/fixtures/iroh-worker.ts')];
      await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm' });
      const { stdout } = await promisify(execFile)(process.execPath, [outfile]);
      expect(stdout).toBe('alive after 3 workers\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
