import { describe, expect, it } from 'vitest';
import { whoMakesRoom } from '../../../src/agent/offer/exchange-server.ts';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { EXCHANGE_LIMITS } from '../../../src/core/base/limits.ts';
import { SECOND_MS } from '../../../src/core/base/units.ts';
import { transferAuth } from '../../../src/core/transfer/auth.ts';
import { encodeAnswerHead, encodeRequest, type RequestKind } from '../../../src/core/transfer/exchange.ts';
import type { Connection, Stream } from '../../../src/ports/network.ts';
import { exchangeServerScene, NAME_HASH, STATEMENT } from '../../support/exchange-scene.ts';
import { readBytes } from '../../support/serve-scene.ts';
import { OWNER } from '../../support/transfer-samples.ts';

const UNKNOWN = new Uint8Array(32);
const ask = (stream: Stream, kind: RequestKind, key: Uint8Array): Promise<void> =>
  stream.write(encodeRequest({ kind, key }));
const answerOf = (bytes: Uint8Array): Uint8Array => concatBytes(encodeAnswerHead(bytes), bytes);
const isClosed = async (connection: Connection): Promise<boolean> =>
  Promise.race([connection.closed.then(() => true), new Promise<boolean>((resolve) => setTimeout(resolve, 30, false))]);

describe('the exchange server', () => {
  it('answers in the order of the requests, and tells what it served when the client has left', async () => {
    const { join, served, server, clock } = exchangeServerScene();
    const { connection, stream } = await join();
    await ask(stream, 'statement', NAME_HASH);
    await ask(stream, 'statement', UNKNOWN);
    await ask(stream, 'chunk', UNKNOWN);
    await ask(stream, 'statement', NAME_HASH);
    const expected = concatBytes(answerOf(STATEMENT), Uint8Array.of(0, 0), answerOf(STATEMENT));
    expect(await readBytes(stream, expected.length)).toEqual(expected);
    connection.close(0, 'done');
    await clock.advance(0);
    expect(served).toEqual([expected.length]);
    expect(server.clients).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it('answers what was asked before the client ended its side, and ends', async () => {
    const { join } = exchangeServerScene();
    const { stream } = await join();
    await ask(stream, 'statement', NAME_HASH);
    await stream.finish();
    expect(await readBytes(stream, 1000)).toEqual(answerOf(STATEMENT));
    expect(await stream.read(1)).toBeUndefined();
  });

  it('refuses a wrong auth with one byte, and closes when the client does not', async () => {
    const { connect, clock, errors } = exchangeServerScene();
    const connection = await connect();
    const stream = await connection.openStream();
    await stream.write(transferAuth(OWNER.publicKey, 0));
    expect(await readBytes(stream, 1000)).toEqual(Uint8Array.of(255));
    expect(await isClosed(connection)).toBe(false);
    await clock.advance(EXCHANGE_LIMITS.refusalMs);
    await connection.closed;
    expect(errors).toEqual([]);
  });

  it.each([
    ['says nothing', undefined, EXCHANGE_LIMITS.requestMs],
    ['sends half an auth', new Uint8Array(32), EXCHANGE_LIMITS.requestMs],
  ])('closes a client that %s', async (_name, bytes, ms) => {
    const { connect, clock, server } = exchangeServerScene();
    const connection = await connect();
    const stream = await connection.openStream();
    if (bytes !== undefined) await stream.write(bytes);
    await clock.advance(ms - 1);
    expect(await isClosed(connection)).toBe(false);
    await clock.advance(1);
    await connection.closed;
    await clock.advance(0);
    expect(server.clients).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it('closes a client that asks for nothing any more', async () => {
    const { join, clock, errors } = exchangeServerScene();
    const { connection, stream } = await join();
    await ask(stream, 'statement', NAME_HASH);
    await readBytes(stream, answerOf(STATEMENT).length);
    await clock.advance(EXCHANGE_LIMITS.silenceMs - 1);
    expect(await isClosed(connection)).toBe(false);
    await clock.advance(1);
    await connection.closed;
    expect(errors).toEqual([]);
  });

  it('closes a client that asks for an unknown kind, or ends inside a request', async () => {
    for (const bytes of [Uint8Array.of(9), Uint8Array.of(3, 1, 2)]) {
      const { join, errors, clock } = exchangeServerScene();
      const { connection, stream } = await join();
      await stream.write(bytes);
      await stream.finish();
      await connection.closed;
      await clock.advance(0);
      expect(errors).toEqual([]);
      expect(clock.sleeping).toBe(0);
    }
  });

  it('makes no more for a client that does not read than it may hold, and closes it', async () => {
    let made = 0;
    const large = new Uint8Array(100_000);
    const object = (): Promise<Uint8Array> => {
      made++;
      return Promise.resolve(large);
    };
    const { join, clock, server } = exchangeServerScene({}, { object });
    const { connection, stream } = await join();
    const flood = (async () => {
      for (;;) await ask(stream, 'chunk', UNKNOWN);
    })();
    flood.catch(() => undefined);
    await clock.advance(EXCHANGE_LIMITS.idleMs / 2);
    // One is being sent, the rest is queued; what is in the pipe was sent.
    expect(made).toBeLessThanOrEqual(EXCHANGE_LIMITS.maxQueued + 1);
    await clock.advance(EXCHANGE_LIMITS.idleMs);
    await connection.closed;
    await expect(flood).rejects.toBeDefined();
    await clock.advance(0);
    expect(server.clients).toBe(0);
  });

  it('closes a client that takes its bytes in drips', async () => {
    const object = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(120_000));
    const { join, clock } = exchangeServerScene({}, { object });
    const { connection, stream } = await join();
    for (let index = 0; index < 40; index++) await ask(stream, 'chunk', UNKNOWN);
    let isOpen = true;
    void connection.closed.then(() => (isOpen = false));
    const stillOpen = (): boolean => isOpen;
    let readBytesTotal = 0;
    for (let second = 0; second < 300 && stillOpen(); second++) {
      readBytesTotal += (await stream.read(1000).catch(() => undefined))?.length ?? 0;
      await clock.advance(SECOND_MS);
    }
    expect(stillOpen()).toBe(false);
    expect(readBytesTotal).toBeGreaterThan(10_000);
  });

  it('prepares objects for few clients at a time, in turn', async () => {
    const waiting: (() => void)[] = [];
    const object = (): Promise<Uint8Array> =>
      new Promise((resolve) => {
        waiting.push(() => {
          resolve(Uint8Array.of(1));
        });
      });
    const { join, clock } = exchangeServerScene({ maxEncodings: 2 }, { object });
    const streams = await Promise.all([join(), join(), join()]);
    for (const { stream } of streams) await ask(stream, 'chunk', UNKNOWN);
    await clock.advance(0);
    expect(waiting).toHaveLength(2);
    waiting.shift()?.();
    await clock.advance(0);
    expect(waiting).toHaveLength(2);
  });

  it('refuses when there is no place for an object in time', async () => {
    const object = (): Promise<Uint8Array> => new Promise(() => undefined);
    const { join, clock } = exchangeServerScene({ maxEncodings: 1 }, { object });
    const [, second] = [await join(), await join()];
    const first = await join();
    await ask(first.stream, 'chunk', UNKNOWN);
    await clock.advance(0);
    await ask(second.stream, 'chunk', UNKNOWN);
    await clock.advance(EXCHANGE_LIMITS.placeMs);
    expect(await readBytes(second.stream, 1)).toEqual(Uint8Array.of(255));
  });

  it('tells a failure of its own side, and closes that client alone', async () => {
    const object = (): Promise<Uint8Array> => Promise.reject(new Error('a bug'));
    const { join, errors } = exchangeServerScene({}, { object });
    const [first, second] = [await join(), await join()];
    await ask(first.stream, 'chunk', UNKNOWN);
    await first.connection.closed;
    expect(errors).toEqual([new Error('a bug')]);
    await ask(second.stream, 'statement', NAME_HASH);
    expect(await readBytes(second.stream, answerOf(STATEMENT).length)).toEqual(answerOf(STATEMENT));
  });

  it('turns away the connections of one node that are too many', async () => {
    const { join, connect } = exchangeServerScene({ maxConnectionsPerNode: 2 });
    const kept = [await join(5), await join(5)];
    await (
      await connect(5)
    ).closed;
    expect(await isClosed(await connect(6))).toBe(false);
    for (const { connection } of kept) expect(await isClosed(connection)).toBe(false);
  });

  it('ends all clients when it is closed', async () => {
    const { join, server, clock } = exchangeServerScene();
    const clients = [await join(), await join()];
    await clock.advance(0);
    await server.close();
    await Promise.all(clients.map(({ connection }) => connection.closed));
    expect(clock.sleeping).toBe(0);
    await server.close();
  });
});

describe('who makes room', () => {
  const client = (silentSinceMs: number | undefined, countedBytes: number) => {
    return { use: { silentSinceMs, countedBytes, sentBytes: 0 } };
  };
  const NOW = 10_000;
  const limits = { graceMs: 2000, turnBytes: 1000 };
  it.each([
    ['nobody: all are answered and had little', [client(undefined, 5), client(undefined, 1000)], undefined],
    ['nobody: one is silent, but not for long', [client(8000, 5)], undefined],
    ['the silent one', [client(undefined, 5000), client(7999, 5)], 1],
    ['the one that is silent the longest', [client(7000, 5), client(6000, 5), client(7500, 5)], 1],
    ['the one that had the most', [client(undefined, 1001), client(undefined, 1002), client(9000, 5)], 1],
    ['nobody: there is none', [], undefined],
  ])('%s', (_name, clients, index) => {
    expect(whoMakesRoom(clients, NOW, limits)).toBe(index === undefined ? undefined : clients[index]);
  });
});
