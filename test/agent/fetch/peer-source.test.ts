import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import type { ErrorCode, PeerpatchError } from '../../../src/core/base/errors.ts';
import { SOURCE_LIMITS } from '../../../src/core/base/limits.ts';
import { SECOND_MS } from '../../../src/core/base/units.ts';
import { AUTH_BYTES } from '../../../src/core/transfer/auth.ts';
import {
  createRequestReader,
  encodeAnswerHead,
  REQUEST_BYTES,
  type ExchangeRequest,
} from '../../../src/core/transfer/exchange.ts';
import type { Source } from '../../../src/ports/source.ts';
import { NAME_HASH, peerSourceScene, STATEMENT, type ServerScript } from '../../support/exchange-scene.ts';
import { readBytes } from '../../support/serve-scene.ts';
import { failure } from '../../support/stamp-samples.ts';

const never = (): AbortSignal => new AbortController().signal;
const answerOf = (bytes: Uint8Array): Uint8Array => concatBytes(encodeAnswerHead(bytes), bytes);
const FOUND = answerOf(STATEMENT);
const KEY = new Uint8Array(32).fill(5);
const STAMP_ID = new Uint8Array(32).fill(6);
const STAMP = new Uint8Array(1280).fill(8);

/** Reads the auth and `requests` requests, then sends these bytes and nothing more. */
const sends =
  (bytes: Uint8Array, requests = 1): ServerScript =>
  async (stream) => {
    await readBytes(stream, AUTH_BYTES + requests * REQUEST_BYTES);
    await stream.write(bytes);
  };

describe('a peer as a source', () => {
  it('does not connect before it is asked', async () => {
    const { source, connections, clock } = peerSourceScene(sends(FOUND));
    await clock.advance(SECOND_MS);
    expect(connections).toHaveLength(0);
    expect(await source.statement(NAME_HASH, never())).toEqual(STATEMENT);
    expect(connections).toHaveLength(1);
    expect(source.receivedBytes).toBe(FOUND.length);
    await source.close();
    expect(clock.sleeping).toBe(0);
  });

  it('sends auth and all requests of a moment together, on one connection', async () => {
    const asked: ExchangeRequest[] = [];
    const { source, connections } = peerSourceScene(async (stream) => {
      await readBytes(stream, AUTH_BYTES);
      const reader = createRequestReader();
      while (asked.length < 4) {
        const bytes = await stream.read(1000);
        if (bytes === undefined) break;
        asked.push(...reader.update(bytes));
      }
      await stream.write(concatBytes(FOUND, answerOf(STAMP), Uint8Array.of(0), answerOf(Uint8Array.of(0, 9))));
    });
    const answers = [
      source.statement(NAME_HASH, never()),
      source.stamp(STAMP_ID, never()),
      source.object('page', KEY, 100, never()),
      source.object('chunk', KEY, 2, never()),
    ];
    expect(await Promise.all(answers)).toEqual([STATEMENT, STAMP, undefined, Uint8Array.of(0, 9)]);
    expect(asked).toEqual([
      { kind: 'statement', key: NAME_HASH },
      { kind: 'stamp', key: STAMP_ID },
      { kind: 'page', key: KEY },
      { kind: 'chunk', key: KEY },
    ]);
    expect(connections).toHaveLength(1);
  });

  const lies: [name: string, bytes: Uint8Array, code: ErrorCode][] = [
    ['a refusal', Uint8Array.of(255), 'PEER_REFUSED'],
    ['an unknown status', Uint8Array.of(7), 'PEER_MISBEHAVED'],
    ['a statement of 72 bytes', answerOf(new Uint8Array(72)), 'PEER_MISBEHAVED'],
    ['a statement of 1069 bytes', answerOf(new Uint8Array(1069)), 'PEER_MISBEHAVED'],
    ['four gigabytes', Uint8Array.of(1, 255, 255, 255, 255), 'PEER_MISBEHAVED'],
    ['two answers, the second one broken', concatBytes(FOUND.subarray(0, 10), FOUND), 'PEER_MISBEHAVED'],
  ];
  it.each(lies)('fails for good when it is sent %s', async (name, bytes, code) => {
    const { source, connections } = peerSourceScene(sends(bytes));
    const first = source.statement(NAME_HASH, never());
    const second = source.statement(NAME_HASH, never());
    if (!name.startsWith('two')) await expect(first).rejects.toEqual(failure(code));
    await expect(second).rejects.toEqual(failure(code));
    await expect(source.object('page', KEY, 10, never())).rejects.toEqual(failure(code));
    await connections[0]?.closed;
  });

  it('PEER_MISBEHAVED: the stream ends before the answer, or inside it', async () => {
    for (const bytes of [new Uint8Array(), FOUND.subarray(0, 3), FOUND.subarray(0, 50)]) {
      const { source } = peerSourceScene(async (stream, connection) => {
        await sends(bytes)(stream, connection);
        await stream.finish();
      });
      await expect(source.statement(NAME_HASH, never())).rejects.toEqual(failure('PEER_MISBEHAVED'));
    }
  });

  it.each([
    ['never answers', new Uint8Array()],
    ['stops inside an answer', FOUND.subarray(0, 50)],
  ])('PEER_TIMEOUT: the peer %s', async (_name, bytes) => {
    const { source, clock, connections } = peerSourceScene(sends(bytes));
    const asked = source.statement(NAME_HASH, never());
    asked.catch(() => undefined);
    await clock.advance(SOURCE_LIMITS.idleMs + 1);
    await expect(asked).rejects.toEqual(failure('PEER_TIMEOUT'));
    await connections[0]?.closed;
    expect(clock.sleeping).toBe(0);
  });

  it('PEER_TOO_SLOW: the peer sends a byte a second', async () => {
    const { source, clock } = peerSourceScene(async (stream, connection) => {
      await sends(answerOf(new Uint8Array(1000)).subarray(0, 5))(stream, connection);
      for (;;) {
        await clock.sleep(SECOND_MS);
        await stream.write(Uint8Array.of(1));
      }
    });
    const asked = source.object('chunk', KEY, 1000, never());
    asked.catch(() => undefined);
    await clock.advance(2 * SOURCE_LIMITS.windowMs);
    await expect(asked).rejects.toEqual(failure('PEER_TOO_SLOW'));
  });

  it('many short answers over a long time are not too slow', async () => {
    const { source, clock } = peerSourceScene(async (stream) => {
      await readBytes(stream, AUTH_BYTES);
      for (;;) {
        await readBytes(stream, REQUEST_BYTES);
        await clock.sleep(200);
        await stream.write(Uint8Array.of(0));
      }
    });
    for (let index = 0; index < 400; index++) {
      const asked = source.object('page', KEY, 10, never());
      await clock.advance(200);
      expect(await asked).toBeUndefined();
    }
    await source.close();
  });

  it('a pause between requests is nobody’s fault', async () => {
    const { source, clock } = peerSourceScene(async (stream) => {
      await readBytes(stream, AUTH_BYTES);
      for (;;) {
        await readBytes(stream, REQUEST_BYTES);
        await stream.write(FOUND);
      }
    });
    expect(await source.statement(NAME_HASH, never())).toEqual(STATEMENT);
    await clock.advance(600 * SECOND_MS);
    expect(await source.statement(NAME_HASH, never())).toEqual(STATEMENT);
  });

  it('close ends what is under way, with the connection', async () => {
    const { source, clock, connections } = peerSourceScene(sends(new Uint8Array()));
    const asked = source.statement(NAME_HASH, never());
    asked.catch(() => undefined);
    await clock.advance(0);
    await source.close();
    await expect(asked).rejects.toEqual(failure('PEER_UNREACHABLE'));
    await connections[0]?.closed;
    expect(clock.sleeping).toBe(0);
  });

  it('an aborted request ends at once, also while it connects', async () => {
    const { source, clock } = peerSourceScene(sends(new Uint8Array()));
    const stop = new AbortController();
    const asked = source.statement(NAME_HASH, stop.signal);
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    await source.close();
    await clock.advance(0);
    expect(clock.sleeping).toBe(0);
  });

  describe('whose connection is lost', () => {
    /** Answers so many requests of each connection, then leaves. */
    const leavesAfter =
      (answers: number): ServerScript =>
      async (stream, connection) => {
        await readBytes(stream, AUTH_BYTES);
        for (let index = 0; index < answers; index++) {
          await readBytes(stream, REQUEST_BYTES);
          await stream.write(FOUND);
        }
        await readBytes(stream, REQUEST_BYTES);
        connection.close(0, 'restarting');
      };
    const askOnce = (source: Source): Promise<unknown> =>
      source.statement(NAME_HASH, never()).catch((error: unknown) => (error as PeerpatchError).code);

    it('is connected to anew when it is asked again and had given something, a few times', async () => {
      const { source, connections } = peerSourceScene(leavesAfter(1));
      for (let index = 0; index <= SOURCE_LIMITS.reconnects; index++) {
        expect(await askOnce(source)).toEqual(STATEMENT);
        expect(await askOnce(source)).toBe('PEER_UNREACHABLE');
      }
      expect(await askOnce(source)).toBe('PEER_UNREACHABLE');
      expect(connections).toHaveLength(1 + SOURCE_LIMITS.reconnects);
      await source.close();
    });

    it('is connected to once for all requests that were under way', async () => {
      const { source, connections } = peerSourceScene(leavesAfter(1));
      expect(await askOnce(source)).toEqual(STATEMENT);
      const lost = await Promise.all([askOnce(source), askOnce(source), askOnce(source)]);
      expect(lost).toEqual(Array.from({ length: 3 }, () => 'PEER_UNREACHABLE'));
      expect(await askOnce(source)).toEqual(STATEMENT);
      expect(connections).toHaveLength(2);
      await source.close();
    });

    it('is let be when it had given nothing', async () => {
      const { source, connections } = peerSourceScene(leavesAfter(0));
      for (let index = 0; index < 3; index++) expect(await askOnce(source)).toBe('PEER_UNREACHABLE');
      expect(connections).toHaveLength(1);
      await source.close();
    });
  });
});
