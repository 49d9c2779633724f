/**
 * What our server sends to whoever asks, and our client to whoever answers: the one right answer as far as it is read, the
 * byte 0, or nothing; and then an end. A program of rustpatcher waits without a limit and believes every length.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fetchRelease } from '../../src/agent/fetch/fetch.ts';
import { serve, type Server } from '../../src/agent/offer/serve.ts';
import { isPeerpatchError } from '../../src/core/base/errors.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { FETCH_LIMITS, SERVE_LIMITS } from '../../src/core/base/limits.ts';
import { MINUTE_MS } from '../../src/core/base/units.ts';
import { formatPublicKey } from '../../src/core/keys/public-key.ts';
import { v0Alpn } from '../../src/core/transfer/alpn.ts';
import { transferAuth } from '../../src/core/transfer/auth.ts';
import { loadIroh } from '../../src/io/net/iroh-addon.ts';
import { openIroh } from '../../src/io/net/iroh.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { Network, Stream } from '../../src/ports/network.ts';
import { openBytes, StagingStore } from '../support/staging.ts';
import { frameOf, OWNER, sampleProgram } from '../support/transfer-samples.ts';
import { hostileClients, type Due } from './support/hostile-clients.ts';
import { HOSTS } from './support/namespace.ts';
import { interopCase } from './support/interop-case.ts';
import { startOracle, type Oracle } from './support/oracle.ts';
import { fieldsOf } from './support/release-fields.ts';
import { RUSTPATCHERS } from './support/workspaces.ts';

const MINUTE = 29_000_000;
/** Stands in the middle of its minute: requests of the next and the last are told apart from those beyond. */
const CLOCK: Clock = { ...systemClock, now: () => MINUTE * MINUTE_MS + MINUTE_MS / 2 };
/** More than a connection holds while nobody reads. */
const PROGRAM = sampleProgram({ sizeBytes: 6_000_000 });
const FRAME = frameOf(PROGRAM);
/** A tenth of the real ones: they are what ends who does nothing. */
const LIMITS = { ...SERVE_LIMITS, requestMs: 1000, placeMs: 1000, idleMs: 3000, windowMs: 6000, lingerMs: 3000 };
/** The sum of them and much more: what is not over by then does not end. */
const END_MS = 60_000;
const row = { case: 'hostile: what we send when fed garbage', direction: 'ours' } as const;

function openNetwork(): Promise<Network> {
  const bind = [`${HOSTS[0]}:0`];
  return openIroh({ addon: loadIroh(), seed: systemRandom.bytes(32), relay: 'none', bind });
}

describe('the server', () => {
  let network: Network;
  let clients: Network;
  let server: Server;
  const got = new Map<string, { readonly due: Due; readonly bytes: Uint8Array }>();
  beforeAll(async () => {
    [network, clients] = await Promise.all([openNetwork(), openNetwork()]);
    server = serve({
      network,
      owner: OWNER.publicKey,
      clock: CLOCK,
      offer: () => ({ release: PROGRAM.release, program: openBytes(PROGRAM.file) }),
      emit: () => undefined,
      limits: LIMITS,
    });
  });
  afterAll(async () => {
    await server.close();
    await Promise.all([network.close(), clients.close()]);
  });

  interopCase(
    { ...row, versions: 'all' },
    'gives every client the right answer, a refusal or nothing, and ends',
    async (count) => {
      for (const { name, due, run } of hostileClients(MINUTE)) {
        const connection = await clients.connect(network.address(), v0Alpn(OWNER.publicKey));
        const bytes = await run(connection);
        got.set(name, { due, bytes });
        // A client that has everything closes; all others are closed.
        if (due === 'all') connection.close(0, 'done');
        await Promise.race([
          connection.closed,
          systemClock.sleep(END_MS).then(() => Promise.reject(new Error(`${name}: no end`))),
        ]);
        const right: Record<Due, boolean> = {
          nothing: bytes.length === 0,
          refusal: bytes.length === 0 || (bytes.length === 1 && bytes[0] === 0),
          begin: bytes.length === 10 && Buffer.from(FRAME).subarray(0, 10).equals(bytes),
          all: Buffer.from(FRAME).equals(bytes),
        };
        expect([name, right[due]]).toEqual([name, true]);
        count(1);
      }
    },
    300_000,
  );

  describe.each(RUSTPATCHERS)('rustpatcher %s', (version) => {
    let oracle: Oracle;
    let folder: string;
    beforeAll(() => {
      oracle = startOracle(`rustpatcher-${version}`);
      folder = mkdtempSync(join(tmpdir(), 'peerpatch-hostile-'));
    });
    afterAll(async () => {
      await oracle.close();
      rmSync(folder, { recursive: true });
    });

    interopCase(
      { ...row, versions: `rustpatcher ${version}` },
      'reads each whole answer, and its length is the right one',
      async (count) => {
        await oracle.ask('own-key', { text: formatPublicKey(OWNER.publicKey) });
        const whole = [...got.values()].filter(({ due }) => due === 'all');
        expect(whole.length).toBeGreaterThan(4);
        for (const { bytes } of whole) {
          const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(1);
          expect([bytes[0], length]).toEqual([1, BigInt(bytes.length - 9)]);
          const patch = await oracle.ask<{ info: unknown; data: string }>('decode-patch', {
            bytes: toHex(bytes.subarray(9)),
          });
          expect(patch.info).toEqual(fieldsOf(PROGRAM.release));
          const path = join(folder, 'program');
          writeFileSync(path, Buffer.from(patch.data, 'hex'));
          expect(await oracle.ask('verify-program', { path })).toEqual(patch.info);
          count(1);
        }
      },
    );
  });
});

describe('the client', () => {
  interopCase(
    { ...row, versions: 'all' },
    'sends every server the 64 bytes of its request, and leaves',
    async (count) => {
      const client = await openNetwork();
      try {
        for (const [name, answer] of wrongServers()) {
          const heard: Uint8Array[] = [];
          let streams = 0;
          const server = await openNetwork();
          const ended = new Promise<void>((resolve) => {
            server.listen(v0Alpn(OWNER.publicKey), (connection) => {
              const listening = async (): Promise<void> => {
                for (;;) {
                  const stream = await connection.acceptStream();
                  streams++;
                  void answer(stream).catch(() => undefined); // a client that leaves is what is wanted
                  for (let bytes = await stream.read(1000); bytes !== undefined; bytes = await stream.read(1000))
                    heard.push(bytes);
                }
              };
              void listening().catch(() => undefined); // ends with the connection
              void connection.closed.then(resolve);
            });
          });
          const store = new StagingStore();
          const failure = await fetchRelease({
            network: client,
            store,
            clock: CLOCK,
            owner: OWNER.publicKey,
            release: PROGRAM.release,
            peer: server.address(),
            limits: { ...FETCH_LIMITS, answerMs: 1500, idleMs: 1500, windowMs: 3000 },
          }).catch((error: unknown) => error);
          expect([name, isPeerpatchError(failure)]).toEqual([name, true]);
          await ended;
          await server.close();
          expect([name, streams]).toEqual([name, 1]);
          expect(concatBytes(...heard)).toEqual(transferAuth(OWNER.publicKey, MINUTE));
          count(1);
        }
      } finally {
        await client.close();
      }
    },
    300_000,
  );
});

function wrongServers(): readonly (readonly [name: string, answer: (stream: Stream) => Promise<void>])[] {
  const sends =
    (...pieces: readonly Uint8Array[]) =>
    async (stream: Stream): Promise<void> => {
      for (const piece of pieces) await stream.write(piece);
    };
  const head = FRAME.slice(0, 200);
  return [
    ['silence', sends()],
    ['a refusal', sends(Uint8Array.of(0))],
    ['a refusal and more', sends(Uint8Array.of(0), new Uint8Array(1000))],
    ['the greatest length', sends(Uint8Array.of(1), new Uint8Array(8).fill(0xff), new Uint8Array(1000))],
    ['a length of 0', sends(Uint8Array.of(1), new Uint8Array(8))],
    ['another release', sends(head.with(20, (head[20] ?? 0) ^ 1), new Uint8Array(1000))],
    ['half a head', sends(head.subarray(0, 50))],
    ['a head and silence', sends(head)],
    [
      'garbage without end',
      async (stream) => {
        await stream.write(head);
        for (;;) await stream.write(systemRandom.bytes(60_000));
      },
    ],
    ['an end at once', (stream) => stream.finish()],
    ['one wrong byte at the end', sends(...pieces(FRAME.with(FRAME.length - 1, 0xff)))],
  ];
}

function pieces(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / 60_000) }, (_, n) => bytes.slice(n * 60_000, (n + 1) * 60_000));
}
