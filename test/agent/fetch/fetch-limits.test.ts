import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { PeerpatchError, type ErrorCode } from '../../../src/core/base/errors.ts';
import { FETCH_LIMITS } from '../../../src/core/base/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/base/units.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { encodeFrameHead } from '../../../src/core/transfer/frame.ts';
import { FRAME, fetchScene, send, type Script } from '../../support/fetch-scene.ts';
import { sampleProgram } from '../../support/transfer-samples.ts';

const code = (expected: ErrorCode): unknown => expect.objectContaining({ name: 'PeerpatchError', code: expected });

describe('fetching from a slow peer', () => {
  const { connectMs, answerMs, idleMs } = FETCH_LIMITS;

  it('gives up on a peer that never answers', async () => {
    const { fetch, clock } = fetchScene(async () => Promise.resolve());
    const fetching = fetch();
    await clock.advance(answerMs);
    await expect(fetching).rejects.toEqual(code('PEER_TIMEOUT'));
  });

  it('gives up on a peer that falls silent in the middle, not before its time', async () => {
    const { fetch, clock, store, connections } = fetchScene(send(FRAME.subarray(0, 200_000)));
    let settled = false;
    const fetching = fetch();
    fetching.catch(() => (settled = true));
    await clock.advance(idleMs - 1);
    expect(settled).toBe(false);
    await clock.advance(1);
    await expect(fetching).rejects.toEqual(code('PEER_TIMEOUT'));
    expect(store.staged.map(({ discarded }) => discarded)).toEqual([true]);
    await connections[0]?.closed;
  });

  it('gives up on a peer that drips bytes', async () => {
    const { fetch, clock } = fetchScene(async (stream) => {
      await stream.write(FRAME.subarray(0, 1000));
      for (let at = 1000; at < FRAME.length; at += 10_000) {
        await clock.sleep(5 * SECOND_MS);
        await stream.write(FRAME.subarray(at, at + 10_000));
      }
    });
    const fetching = fetch();
    await clock.advance(2 * FETCH_LIMITS.windowMs);
    await expect(fetching).rejects.toEqual(code('PEER_TOO_SLOW'));
  });

  it('goes on with a peer that is slow but above the least rate', async () => {
    const { fetch, clock } = fetchScene(async (stream) => {
      for (let at = 0; at < FRAME.length; at += 20_000) {
        await stream.write(FRAME.subarray(at, at + 20_000));
        await clock.sleep(SECOND_MS);
      }
    });
    const fetching = fetch();
    await clock.advance(5 * MINUTE_MS);
    expect((await fetching).receivedBytes).toBe(FRAME.length);
  });

  it('does not blame the peer for a slow disk here', async () => {
    const { fetch, clock, store } = fetchScene(send(FRAME));
    store.beforeWrite = () => clock.sleep(10 * MINUTE_MS);
    const fetching = fetch();
    await clock.advance(24 * 60 * MINUTE_MS);
    expect((await fetching).receivedBytes).toBe(FRAME.length);
  });

  it('gives up on a connection that does not come about', async () => {
    const { fetch, clock, network } = fetchScene(send(FRAME));
    network.connect = (_peer, _alpn, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    const fetching = fetch();
    await clock.advance(connectMs);
    await expect(fetching).rejects.toEqual(code('PEER_UNREACHABLE'));
  });
});

describe('fetching: what is not the peer', () => {
  it.each(['1.1.0', '1.1.1', '2.0.0'])('does not even connect for what is not above %s', async (above) => {
    const { fetch, connections } = fetchScene(send(FRAME));
    await expect(fetch({ above: parseVersion(above) })).rejects.toEqual(code('RELEASE_NOT_NEWER'));
    expect(connections).toEqual([]);
  });

  it('says when nobody is there', async () => {
    const { fetch, server } = fetchScene(send(FRAME));
    await server.close();
    await expect(fetch()).rejects.toEqual(code('PEER_UNREACHABLE'));
  });

  it('reports a folder it may not write to, and closes the connection', async () => {
    const { fetch, store, connections } = fetchScene(send(FRAME));
    store.stageError = new PeerpatchError('INSTALL_NOT_WRITABLE', 'read-only');
    await expect(fetch()).rejects.toEqual(code('INSTALL_NOT_WRITABLE'));
    await connections[0]?.closed;
  });

  it('reports a full disk and removes what was staged, also when the removal fails', async () => {
    const { fetch, store } = fetchScene(send(FRAME));
    store.beforeWrite = (writtenBytes) => {
      if (writtenBytes > 100_000) throw new PeerpatchError('INSTALL_NO_SPACE', 'full');
    };
    store.discardError = new Error('not even that');
    await expect(fetch()).rejects.toEqual(code('INSTALL_NO_SPACE'));
    expect(store.staged[0]?.discarded).toBe(true);
  });

  const moments: [name: string, script: Script][] = [
    ['before the answer', async () => Promise.resolve()],
    ['in the middle', send(FRAME.subarray(0, 200_000))],
  ];
  it.each(moments)('stops %s when told to, and keeps nothing', async (_name, script) => {
    const { fetch, store, clock, connections } = fetchScene(script);
    const stop = new AbortController();
    const fetching = fetch({ signal: stop.signal });
    await clock.advance(100);
    stop.abort();
    await expect(fetching).rejects.toEqual(code('CANCELLED'));
    expect(store.staged.every(({ discarded }) => discarded)).toBe(true);
    await connections[0]?.closed;
    expect(clock.sleeping).toBe(0);
  });

  it('does nothing when told to stop before', async () => {
    const { fetch, connections } = fetchScene(send(FRAME));
    await expect(fetch({ signal: AbortSignal.abort() })).rejects.toEqual(code('CANCELLED'));
    expect(connections).toEqual([]);
  });

  it('leaves no timer behind', async () => {
    const { fetch, clock } = fetchScene(send(FRAME));
    await fetch();
    expect(clock.sleeping).toBe(0);
  });

  it('holds a few pieces at most while the disk is slow, however long the program is', async () => {
    let given = 0;
    const { fetch, store, clock } = fetchScene(async (stream) => {
      for (; given < FRAME.length; given += 1000) await stream.write(FRAME.subarray(given, given + 1000));
    });
    let mostHeld = 0;
    store.beforeWrite = async (writtenBytes) => {
      await clock.sleep(SECOND_MS);
      mostHeld = Math.max(mostHeld, given - writtenBytes);
    };
    const fetching = fetch();
    await clock.advance(10 * MINUTE_MS);
    await fetching;
    // 64 KiB in the network, as much being written, as much read ahead, and the peer's next 1000 bytes.
    expect(mostHeld).toBeGreaterThan(0);
    expect(mostHeld).toBeLessThan(3 * 64 * 1024 + 1001);
  });

  it('accepts the frame of the head encoder for every length of the file', async () => {
    for (const sizeBytes of [1, 20, 100, 1000, 131_000, 131_072]) {
      const sample = sampleProgram({ sizeBytes });
      const { fetch } = fetchScene(send(concatBytes(encodeFrameHead(sample.release, sample.file.length), sample.file)));
      expect((await fetch({ release: sample.release })).release.sizeBytes).toBe(sizeBytes);
    }
  });
});
