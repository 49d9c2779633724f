/**
 * Many clients at once: places, limits, and what they cost the runtime.
 */
import { describe, expect, it } from 'vitest';
import { SERVE_LIMITS } from '../../../src/core/base/limits.ts';
import { PROGRAM, readBytes, serveScene } from '../../support/serve-scene.ts';
import { frameOf } from '../../support/transfer-samples.ts';

const FRAME = frameOf(PROGRAM);

describe('serving many', () => {
  it('sends to so many at once; the next one waits and gets the first free place', async () => {
    const { request, server, clock } = serveScene({ maxUploads: 2 });
    const clients = [await request(), await request(), await request()];
    await clock.advance(10);
    expect(server.uploads).toBe(2);
    const waiting = clients[2]?.stream.read(1);
    clients[0]?.connection.close(0, 'enough');
    await clock.advance(10);
    expect(await waiting).toEqual(Uint8Array.of(1));
    expect(server.uploads).toBe(2);
  });

  it('refuses the one that waited too long, and only that one', async () => {
    const { request, clock, server } = serveScene({ maxUploads: 1, idleMs: 10 ** 9 });
    const first = await request();
    const second = await request();
    await clock.advance(SERVE_LIMITS.placeMs);
    expect(await readBytes(second.stream, 1)).toEqual(Uint8Array.of(0));
    expect((await readBytes(first.stream, FRAME.length)).length).toBe(FRAME.length);
    await clock.advance(0);
    expect(server.uploads).toBe(0);
  });

  it('as many as may be served at once bring no warning of the runtime', async () => {
    const warnings: Error[] = [];
    const keep = (warning: Error): void => void warnings.push(warning);
    process.on('warning', keep);
    try {
      const many = SERVE_LIMITS.maxConnections;
      const { request, clock, server } = serveScene({ maxUploads: many });
      for (let client = 0; client < many; client++) await request();
      await clock.advance(10);
      expect(server.uploads).toBe(many);
      await new Promise((resolve) => setImmediate(resolve));
      await server.close();
    } finally {
      process.off('warning', keep);
    }
    expect(warnings).toEqual([]);
  });

  it('closes connections above the limit at once, and takes new ones when others have gone', async () => {
    const { connect, request, clock } = serveScene({ maxConnections: 3 });
    const held = [await connect(), await connect(), await connect()];
    const turnedAway = await connect();
    await turnedAway.closed;
    await expect(turnedAway.openStream()).rejects.toThrow(/busy/);
    held[0]?.close(0, 'bye');
    await clock.advance(0);
    const { stream } = await request();
    expect(await readBytes(stream, 1)).toEqual(Uint8Array.of(1));
  });
});
