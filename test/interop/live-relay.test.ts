/**
 * Live, through a relay: nodes of ours fetch from nodes of rustpatcher and the other way round.
 *
 * The relay is iroh-relay 1.1.0; its names, https and the discovery beside it are n0's, on the tests' machine. The Rust
 * programs are built from the published crates and unmodified but for one root certificate's key in the built file
 * (support/test-root.ts); the rows that name no test root do without that.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest';
import { parsePublicKey } from '../../src/core/keys/public-key.ts';
import { FETCH_LIMITS } from '../../src/core/base/limits.ts';
import { v0Alpn } from '../../src/core/transfer/alpn.ts';
import { fromHex } from '../../src/core/base/hex.ts';
import { loadIroh } from '../../src/io/net/iroh-addon.ts';
import { openIroh } from '../../src/io/net/iroh.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import { interopCase } from './support/interop-case.ts';
import type { LiveProcess } from './support/live-process.ts';
import { DHT, openRelayScene, until, type NodeAtHome, type RelayScene } from './support/relay-scene.ts';
import type { Relay } from './support/relay.ts';
import { RUSTPATCHERS } from './support/workspaces.ts';

const UPDATING_PROGRAM = join(import.meta.dirname, 'support/updating-program.ts');

/** Two downloads and a trial that nobody answers. */
const LIMIT_MS = 240_000;

describe.each(RUSTPATCHERS)('rustpatcher %s', (version) => {
  const versions = `rustpatcher ${version} with a test root, iroh-relay 1.1.0`;

  describe('a Rust node serves', () => {
    const row = { case: 'live: fetch through a relay', direction: 'ours ← Rust', versions } as const;
    let scene: RelayScene;
    let program: string;
    let rust: LiveProcess;
    let node: NodeAtHome;

    beforeAll(async () => {
      scene = await openRelayScene();
      program = await scene.signedWithTestRoot(version, 'app-new', '1.1.0');
      rust = scene.live.start(program, { RUST_LOG: 'rustpatcher=debug,iroh=warn' });
      node = await scene.nextHome();
      await rust.says(/Published self: Ok/);
    });
    afterAll(() => scene.end());

    interopCase(row, 'the node takes its home at our relay, and its record says nothing of where it is', async () => {
      expect(node.texts).toEqual([expect.stringMatching(/^relay=https:\/\/\S+\.iroh\.link\.\/$/)]);
      const client = await until(() => scene.theirRelay.clients[0]);
      expect(client).toEqual({ nodeId: node.nodeId, protocol: 'iroh-relay-v1' });
      const { version: newest, peers } = await scene.live.check();
      expect(newest).toBe('1.1.0');
      expect(peers).toEqual([expect.objectContaining({ nodeId: node.nodeId, addresses: [] })]);
    });

    interopCase(row, 'a node that knows its addresses and no relay gets no answer', async (count) => {
      const owner = parsePublicKey(scene.live.publicKey);
      const network = await openIroh({ addon: loadIroh(), seed: systemRandom.bytes(32), relay: 'none' });
      try {
        const addresses = directAddresses(scene, node);
        const peer = { nodeId: fromHex(node.nodeId), addresses };
        const inTime = AbortSignal.timeout(FETCH_LIMITS.connectMs);
        await expect(network.connect(peer, v0Alpn(owner), inTime)).rejects.toMatchObject({ name: 'TimeoutError' });
        // Not lost on the way: it drops what comes from a socket that it has not spoken to itself.
        await rust.says(/UDP recv quic packets: no (node|endpoint) state found, skipping/);
        count(addresses.length);
      } finally {
        await network.close();
      }
    });

    interopCase(row, 'without relays `fetch` says what would help', async () => {
      const out = join(scene.folder, 'none');
      const fetching = scene.peerpatch('fetch', '--out', out, ...scene.networkFlags('none'));
      expect((await fetching.ended).code).toBe(1);
      expect(fetching.told()).toContain('choose the relays of n0');
    });

    interopCase(row, '`fetch` finds its relay by DNS, downloads through it, and has the same bytes', async () => {
      const out = join(scene.folder, 'fetched');
      const relayed = await countRelayed(scene.theirRelay);
      const fetching = scene.peerpatch('fetch', '--out', out, ...scene.networkFlags('n0'));
      expect(await fetching.ended, fetching.told()).toMatchObject({ code: 0 });
      await expectSameBytes(out, program);
      expect(scene.live.names.asked(node.nodeIdZ32)).toBeGreaterThan(0);
      expect(await relayed()).toBeGreaterThan((await stat(program)).size);
      expect(scene.theirRelay.clients.map(({ protocol }) => protocol)).toContain('iroh-relay-v2');
    });

    interopCase(
      { ...row, case: 'live: update through a relay' },
      'a running program of ours tries the Rust program out, which cannot answer; told not to, it replaces itself by it and restarts as it',
      async (count) => {
        const updating = join(scene.folder, 'updating');
        const building = scene.peerpatch('build', UPDATING_PROGRAM, '--out', updating, '--app-version', '1.0.0');
        expect(await building.ended, building.told()).toMatchObject({ code: 0 });
        // A program with a statement looks for statements alone.
        await scene.live.sign(updating, '1.0.0', '--v0-only');
        const before = await readFile(updating);
        const relayed = await countRelayed(scene.theirRelay);
        const env = { PROGRAM_DHT: DHT, HOME: scene.folder };
        const careful = scene.live.start(updating, env);
        await careful.says(/"code":"PREFLIGHT_FAILED".*preflight: false/);
        expect(careful.running).toBe(true);
        expect((await readFile(updating)).equals(before)).toBe(true);
        await careful.stop();

        const ours = scene.live.start(updating, { ...env, PROGRAM_PREFLIGHT: 'off' });
        try {
          await ours.says(/^version 1\.0\.0/);
          await ours.says(/^version 1\.1\.0/);
          await ours.says(/^self accepted Version\(1, 1, 0\)/);
          await expectSameBytes(updating, program);
          expect(await relayed()).toBeGreaterThan((await stat(program)).size);
        } finally {
          // Gently: where a process cannot become another one, the old one stays as parent and passes it on.
          ours.kill('SIGTERM');
          await ours.ended;
        }
        // The end of a program that says nothing of itself is not taken for a crash.
        await expectSameBytes(updating, program);
        count(5);
      },
      LIMIT_MS,
    );
  });

  describe('an unmodified Rust node serves', () => {
    const row = { case: 'live: fetch through a relay', direction: 'ours ← Rust' } as const;
    let scene: RelayScene;
    beforeAll(async () => {
      scene = await openRelayScene();
    });
    afterAll(() => scene.end());

    interopCase(
      { ...row, versions: `rustpatcher ${version}, iroh-relay 1.1.0` },
      'at a relay that it was led to by looking for a newer version',
      async () => {
        const program = await scene.live.signed(version, 'app-new', '1.1.0');
        const newer = await scene.live.signed(version, 'app-new', '1.2.0');
        // It announces itself in this minute and looks again 55 s later; by then the next minute's slot has the newer version.
        await until(() => isBetween(new Date().getSeconds(), 20, 45));
        const rust = scene.live.start(program);
        await rust.says(/Published self: Ok/);
        const rustId = await onlyPeer(scene, '1.1.0');
        scene.live.tellNames(rustId, [`relay=${scene.theirRelay.url}`]);

        await until(() => isBetween(new Date().getSeconds(), 0, 15)); // one slot does not surely hold both
        // The newer version is to be had, but not at the relay that it is said to be at.
        const seed = await scene.live.seed(newer);
        scene.live.tellNames(await onlyPeer(scene, '1.2.0'), [`relay=${scene.theirRelay.url}`]);
        await until(() => scene.theirRelay.clients.find(({ nodeId }) => nodeId === rustId));
        await seed.process.stop();
        // The servers that stand for n0's are strangers to a program that trusts the public roots alone.
        expect(scene.n0.published).toEqual([]);

        const out = join(scene.folder, 'fetched');
        const relayed = await countRelayed(scene.theirRelay);
        const fetching = scene.peerpatch('fetch', '--out', out, ...scene.networkFlags('n0'));
        expect(await fetching.ended, fetching.told()).toMatchObject({ code: 0 });
        await expectSameBytes(out, program);
        expect(await relayed()).toBeGreaterThan((await stat(program)).size);
      },
      300_000,
    );
  });

  describe('a Rust node fetches', () => {
    const row = { case: 'live: update through a relay', direction: 'Rust ← ours' } as const;
    let scene: RelayScene;
    beforeEach(async () => {
      scene = await openRelayScene();
    });
    afterEach(() => scene.end());

    interopCase({ ...row, versions }, 'from our seed at the relays of n0, found by DNS', async () => {
      const newer = await scene.signedWithTestRoot(version, 'app-new', '1.1.0');
      const older = await scene.signedWithTestRoot(version, 'app-old', '1.0.0');
      const seed = scene.peerpatch('seed', newer, ...scene.networkFlags('n0'));
      await seed.says(/^announced /);
      const home = await scene.nextHome();
      await expectUpdate({ scene, seed, older, newer });
      expect(scene.live.names.asked(home.nodeIdZ32)).toBeGreaterThan(0);
    });

    interopCase(
      { ...row, versions: `rustpatcher ${version}, iroh-relay 1.1.0` },
      'from our seed at a relay of its own over plain http, unmodified',
      async () => {
        const newer = await scene.live.signed(version, 'app-new', '1.1.0');
        const older = await scene.live.signed(version, 'app-old', '1.0.0');
        const seed = scene.peerpatch('seed', newer, ...scene.networkFlags(scene.ourRelay.url));
        await seed.says(/^announced /);
        scene.live.tellNames(await onlyPeer(scene, '1.1.0'), [`relay=${scene.ourRelay.url}`]);
        await expectUpdate({ scene, seed, older, newer });
      },
    );
  });
});

interface Update {
  readonly scene: RelayScene;
  readonly seed: LiveProcess;
  readonly older: string;
  readonly newer: string;
}

/** Runs the older program until it has become the newer one, fetched through the relay. */
async function expectUpdate({ scene, seed, older, newer }: Update): Promise<void> {
  const relayed = await countRelayed(scene.ourRelay);
  const rust = scene.live.start(older, { APP_MODE: 'now' });
  await rust.says(/^version 1\.0\.0/);
  await rust.says(/^version 1\.1\.0/);
  await rust.says(/^self accepted Version\(1, 1, 0\)/);
  await seed.says(/^served 1\.1\.0/);
  await expectSameBytes(older, newer);
  expect(await relayed()).toBeGreaterThan((await stat(newer)).size);
}

function isBetween(value: number, from: number, to: number): true | undefined {
  return from <= value && value < to ? true : undefined;
}

/** The hex id of the node that announces the newest release, which is this one. */
async function onlyPeer({ live }: RelayScene, newest: string): Promise<string> {
  const { version, peers } = await live.check();
  const [peer] = peers;
  if (version !== newest || peer === undefined || peers.length > 1) {
    throw new Error(`expected one peer of ${newest}, not ${peers.length} of ${version}`);
  }
  return peer.nodeId;
}

async function expectSameBytes(path: string, expected: string): Promise<void> {
  expect(Buffer.compare(await readFile(path), await readFile(expected))).toBe(0);
}

/** Tells the bytes that the relay passed on since. */
async function countRelayed(relay: Relay): Promise<() => Promise<number>> {
  const before = await relay.counters();
  return async () => (await relay.counters()).bytesToClients - before.bytesToClients;
}

/** What the node published of itself before it had a relay. */
function directAddresses({ n0 }: RelayScene, { nodeIdZ32 }: NodeAtHome): string[] {
  return n0.published
    .filter((published) => published.nodeIdZ32 === nodeIdZ32)
    .flatMap(({ texts }) => texts.flatMap((text) => /^addr=(.*)$/.exec(text)?.[1] ?? []));
}
