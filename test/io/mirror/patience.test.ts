/**
 * How long a mirror is waited for.
 */
import { getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { FETCH_LIMITS } from '../../../src/core/base/limits.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { getObject as object, useMirrors } from '../../support/mirrors.ts';
import { useWebServers } from '../../support/web-servers.ts';

const servers = useWebServers();
const mirrorAt = useMirrors();

describe('a mirror that is waited for', () => {
  const { answerMs, idleMs, windowMs } = FETCH_LIMITS;

  it('that does not answer is given up', async () => {
    const clock = new FakeClock();
    const server = await servers.serve(() => undefined);
    const failure = expect(object(mirrorAt(server.url, { clock }))).rejects.toMatchObject({ code: 'PEER_TIMEOUT' });
    await server.nextRequest();
    await expect.poll(() => clock.sleeping).toBe(1);
    await clock.advance(answerMs + 1);
    await failure;
    expect(clock.sleeping).toBe(0);
  });

  it('that takes the connection and does not even speak TLS is given up', async () => {
    const clock = new FakeClock();
    const server = await servers.serveRaw(() => undefined);
    const failure = expect(object(mirrorAt(`https://127.0.0.1:${server.port}`, { clock }))).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
    });
    await expect.poll(() => clock.sleeping).toBe(1);
    await clock.advance(FETCH_LIMITS.connectMs + 1);
    await failure;
  });

  it('that falls silent in the middle is given up, and one that goes on is not', async () => {
    const clock = new FakeClock();
    let answer: ServerResponse | undefined;
    const server = await servers.serve((_, response) => {
      answer = response;
      response.write('x');
    });
    const source = mirrorAt(server.url, { clock });
    const failure = expect(object(source)).rejects.toMatchObject({ code: 'PEER_TIMEOUT' });
    for (let pieces = 1; pieces < 3; pieces++) {
      await expect.poll(() => source.receivedBytes).toBe(pieces);
      await clock.advance(idleMs - 1);
      answer?.write('x');
    }
    await expect.poll(() => source.receivedBytes).toBe(3);
    await clock.advance(idleMs + 1);
    await failure;
  });

  it('that drips is too slow, whichever of its answers drips', async () => {
    const clock = new FakeClock();
    const answers: ServerResponse[] = [];
    const server = await servers.serve((_, response) => {
      answers.push(response.on('error', () => undefined));
      response.write('x');
    });
    const source = mirrorAt(server.url, { clock });
    const results = Promise.allSettled([object(source), object(source)]);
    await expect.poll(() => source.receivedBytes).toBe(2);
    for (let ms = 0, bytes = 2; ms < windowMs; ms += idleMs - 1) {
      await clock.advance(idleMs - 1);
      for (const answer of answers) answer.write('x');
      bytes += 2;
      await expect.poll(() => source.receivedBytes).toBe(bytes);
    }
    answers[0]?.end();
    answers[1]?.end();
    expect(await results).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining({ code: 'PEER_TOO_SLOW' }) as unknown,
    });
  });

  it('takes as long as it wants between small answers', async () => {
    const clock = new FakeClock();
    const server = await servers.serve((_, response) => response.end('x'));
    const source = mirrorAt(server.url, { clock });
    for (let round = 0; round < 4; round++) {
      expect(await object(source)).toHaveLength(1);
      await clock.advance(windowMs);
    }
  });

  it('leaves nothing at the signal when it is done, and has the runtime warn of nothing', async () => {
    const warnings: unknown[] = [];
    const note = (warning: unknown): number => warnings.push(warning);
    process.on('warning', note);
    const server = await servers.serve((_, response) => response.end('x'));
    const source = mirrorAt(server.url);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 30 }, () => object(source, 10, signal)));
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it("ends with the signal's reason, before and while it is waited for", async () => {
    const server = await servers.serve(() => undefined);
    const source = mirrorAt(server.url);
    await expect(object(source, 10, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
    const stop = new AbortController();
    const waiting = object(source, 10, stop.signal);
    await server.nextRequest();
    stop.abort(new Error('while'));
    await expect(waiting).rejects.toThrow('while');
    const halfway = await servers.serve((_, response) => response.write('x'));
    const reading = mirrorAt(halfway.url);
    const second = new AbortController();
    const body = object(reading, 10, second.signal);
    await expect.poll(() => reading.receivedBytes).toBe(1);
    second.abort(new Error('within'));
    await expect(body).rejects.toThrow('within');
  });

  it('fails what is under way when it is closed, and closes its connections', async () => {
    const sockets: Promise<unknown>[] = [];
    const server = await servers.serve((request) => {
      sockets.push(once(request.socket, 'close'));
    });
    const source = mirrorAt(server.url);
    const waiting = object(source);
    await server.nextRequest();
    await source.close();
    await source.close();
    await expect(waiting).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    await expect(object(source)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    await Promise.all(sockets);
  });
});
