import { describe, expect, it } from 'vitest';
import type { Offer } from '../../../src/agent/offer/serve.ts';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { SERVE_LIMITS } from '../../../src/core/base/limits.ts';
import { SECOND_MS } from '../../../src/core/base/units.ts';
import { transferAuth } from '../../../src/core/transfer/auth.ts';
import type { Stream } from '../../../src/ports/network.ts';
import { MINUTE, PROGRAM, readBytes, serveScene } from '../../support/serve-scene.ts';
import { openBytes } from '../../support/staging.ts';
import { frameOf, OWNER } from '../../support/transfer-samples.ts';

const FRAME = frameOf(PROGRAM);
/** More than the network holds: bytes sent too many do reach the client. */
const GROWN_BYTES = 200_000;

/** Whether a read fails, and with which text. */
const failure = (stream: Stream): Promise<string> =>
  stream.read(1).then(
    (bytes) => `no failure but ${bytes === undefined ? 'the end' : 'bytes'}`,
    (error: unknown) => (error as Error).message,
  );

describe('serving', () => {
  it('answers with the frame of its program, and says so when the client has it', async () => {
    const { request, events, lent, clock } = serveScene();
    const { connection, stream } = await request();
    const head = await readBytes(stream, FRAME.length - 1);
    await clock.advance(0);
    expect(events).toEqual([]);
    const last = await readBytes(stream, 1);
    expect(Buffer.compare(concatBytes(head, last), FRAME)).toBe(0);
    connection.close(0, 'done');
    await clock.advance(0);
    expect(events).toEqual([
      { type: 'served', version: '1.1.0', peer: expect.any(String) as string, sentBytes: PROGRAM.file.length },
    ]);
    expect(events[0]).toMatchObject({ peer: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(lent.map(({ closed }) => closed)).toEqual([true]);
    expect(clock.sleeping).toBe(0);
  });

  it('names the client by its node id', async () => {
    const { request, events, clock, network } = serveScene();
    const { connection, stream } = await request();
    await readBytes(stream, FRAME.length);
    connection.close(0, 'done');
    await clock.advance(0);
    expect(events[0]).not.toMatchObject({ peer: toHex(network.nodeId) });
  });

  it('takes a request that comes byte by byte', async () => {
    const { connect, request } = serveScene();
    const { stream: whole } = await request();
    const auth = transferAuth(OWNER.publicKey, MINUTE);
    const connection = await connect();
    const stream = await connection.openStream();
    for (const byte of auth) await stream.write(Uint8Array.of(byte));
    expect(await readBytes(stream, 9)).toEqual(await readBytes(whole, 9));
  });

  it.each([
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
  ])('a client whose clock is %i minutes ahead is served: %s', async (ahead, served) => {
    const { request, clock } = serveScene();
    const { stream } = await request(MINUTE + ahead);
    expect(await readBytes(stream, 1)).toEqual(Uint8Array.of(served ? 1 : 0));
    if (served) return;
    expect(await stream.read(1)).toBeUndefined();
    await clock.advance(SERVE_LIMITS.refusalMs);
    expect(await failure(stream)).toMatch(/no failure but the end|auth failed/);
  });

  it('leaves a refused client time to read, then closes with the reason', async () => {
    const { request, clock, connect } = serveScene();
    const { connection, stream } = await request(MINUTE + 5);
    expect(await readBytes(stream, 1)).toEqual(Uint8Array.of(0));
    const accepting = connection.acceptStream();
    accepting.catch(() => undefined);
    await clock.advance(SERVE_LIMITS.refusalMs);
    await expect(accepting).rejects.toThrow(/auth failed/);
    await connect(); // and goes on serving
  });

  it('refuses when it has nothing to offer', async () => {
    const { request, events } = serveScene({}, () => undefined);
    const { stream } = await request();
    expect(await readBytes(stream, 5)).toEqual(Uint8Array.of(0));
    expect(events).toEqual([]);
  });
});

describe('serving clients that stall', () => {
  const nothingReported = async (
    stall: (scene: ReturnType<typeof serveScene>) => Promise<{ readonly closed: Promise<void> }>,
    afterMs: number,
  ): Promise<void> => {
    const scene = serveScene();
    const connection = await stall(scene);
    let closed = false;
    void connection.closed.then(() => (closed = true));
    await scene.clock.advance(afterMs - 1);
    expect(closed).toBe(false);
    await scene.clock.advance(1);
    expect(closed).toBe(true);
    expect(scene.events).toEqual([]);
    expect(scene.server.uploads).toBe(0);
    expect(scene.lent.every((program) => program.closed)).toBe(true);
    expect(scene.clock.sleeping).toBe(0);
  };

  it('drops one that opens no stream', () => nothingReported(({ connect }) => connect(), SERVE_LIMITS.requestMs));

  it('drops one that sends half a request', () =>
    nothingReported(async ({ connect }) => {
      const connection = await connect();
      const stream = await connection.openStream();
      await stream.write(new Uint8Array(63));
      return connection;
    }, SERVE_LIMITS.requestMs));

  it('drops one that does not read', () =>
    nothingReported(async ({ request }) => (await request()).connection, SERVE_LIMITS.idleMs));

  it('drops one that does not take the last bytes', () =>
    nothingReported(async ({ request }) => {
      const { connection, stream } = await request();
      await readBytes(stream, FRAME.length - 1);
      return connection;
    }, SERVE_LIMITS.lingerMs));

  it('has served one that took everything and does not close, and closes soon', async () => {
    const { request, clock, events, server } = serveScene();
    const { connection, stream } = await request();
    let closed = false;
    void connection.closed.then(() => (closed = true));
    await readBytes(stream, FRAME.length);
    await clock.advance(SERVE_LIMITS.closeMs - 1);
    expect(events).toMatchObject([{ type: 'served', sentBytes: PROGRAM.file.length }]);
    expect(closed).toBe(false);
    await clock.advance(1);
    expect(closed).toBe(true);
    expect(server.uploads).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it('drops one that drips, and frees its place', async () => {
    const { request, clock, server, events } = serveScene();
    const { connection, stream } = await request();
    let read = 0;
    const dripping = (async () => {
      for (;;) {
        read += (await stream.read(10_000))?.length ?? 0;
        await clock.sleep(10 * SECOND_MS);
      }
    })();
    dripping.catch(() => undefined);
    await clock.advance(3 * SERVE_LIMITS.windowMs);
    await connection.closed;
    expect(read).toBeLessThan(FRAME.length);
    expect(server.uploads).toBe(0);
    expect(events).toEqual([]);
  });

  it('reads no further ahead of its client than the network holds', async () => {
    let readBytesFromDisk = 0;
    const { request, clock } = serveScene({}, (): Offer => {
      const program = openBytes(PROGRAM.file, 1000);
      const counted = {
        ...program,
        async *read() {
          for await (const piece of program.read()) {
            readBytesFromDisk += piece.length;
            yield piece;
          }
        },
      };
      return { release: PROGRAM.release, program: counted };
    });
    const { stream } = await request();
    await clock.advance(1000);
    expect(readBytesFromDisk).toBeLessThanOrEqual(64 * 1024 + 1000);
    await readBytes(stream, FRAME.length);
    expect(readBytesFromDisk).toBe(PROGRAM.file.length);
  });
});

describe('serving: failures of this side', () => {
  const unreadable = (): Offer => ({
    release: PROGRAM.release,
    program: {
      ...openBytes(PROGRAM.file),
      // eslint-disable-next-line require-yield, @typescript-eslint/require-await
      async *read() {
        throw new PeerpatchError('PROGRAM_UNREADABLE', 'the disk is gone');
      },
    },
  });
  const longer = (): Offer => ({
    release: PROGRAM.release,
    program: { ...openBytes(PROGRAM.file), sizeBytes: PROGRAM.file.length - GROWN_BYTES },
  });
  const shorter = (): Offer => ({
    release: PROGRAM.release,
    program: { ...openBytes(PROGRAM.file), sizeBytes: PROGRAM.file.length + 1 },
  });
  const refusing = (): Offer => {
    throw new PeerpatchError('PROGRAM_UNREADABLE', 'cannot open it');
  };

  it.each([
    ['a file that cannot be read', unreadable],
    ['a file that became longer', longer],
    ['a file that became shorter', shorter],
    ['an offer that cannot be made', refusing],
  ])('%s is an event, and the client is let go', async (_name, offer) => {
    const { request, events, clock, server } = serveScene({}, offer);
    const { connection, stream } = await request();
    void readBytes(stream, FRAME.length).catch(() => undefined);
    await clock.advance(10);
    await connection.closed;
    expect(events).toMatchObject([{ type: 'error', during: 'serve', code: 'PROGRAM_UNREADABLE' }]);
    expect(server.uploads).toBe(0);
  });

  it('never sends more than it declared', async () => {
    const { request, clock } = serveScene({}, longer);
    const { stream } = await request();
    let received = 0;
    const reading = (async () => {
      for (let bytes = await stream.read(1000); bytes !== undefined; bytes = await stream.read(1000)) {
        received += bytes.length;
      }
    })();
    reading.catch(() => undefined); // the connection ends: what counts is how much came before
    await clock.advance(10);
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThanOrEqual(FRAME.length - GROWN_BYTES);
  });

  it('ends its uploads when it is closed, gives the files back, and turns new clients away', async () => {
    const { server, request, connect, lent, clock } = serveScene();
    const { connection } = await request();
    await clock.advance(10);
    expect(server.uploads).toBe(1);
    await server.close();
    await server.close();
    await connection.closed;
    expect(server.uploads).toBe(0);
    expect(lent.map(({ closed }) => closed)).toEqual([true]);
    await (
      await connect()
    ).closed;
    expect(clock.sleeping).toBe(0);
  });
});
