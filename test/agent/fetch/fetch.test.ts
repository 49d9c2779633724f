import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { MINUTE_MS } from '../../../src/core/base/units.ts';
import { transferAuth } from '../../../src/core/transfer/auth.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { FRAME, fetchScene, HEAD_BYTES, SAMPLE, send, type Script } from '../../support/fetch-scene.ts';
import { flipped, frameOf, OWNER, sampleProgram, type SampleProgram } from '../../support/transfer-samples.ts';

const code = (expected: ErrorCode): unknown => expect.objectContaining({ name: 'PeerpatchError', code: expected });

describe('fetching a release', () => {
  it('stages exactly the file, and gives the release as accepted', async () => {
    const { fetch, store, connections } = fetchScene(send(FRAME));
    const fetched = await fetch();
    expect(store.staged).toHaveLength(1);
    expect(store.staged[0]).toMatchObject({ sizeBytes: SAMPLE.file.length, discarded: false });
    expect(Buffer.compare(store.staged[0]?.bytes ?? new Uint8Array(), SAMPLE.file)).toBe(0);
    expect(fetched.release).toEqual(SAMPLE.release);
    expect(fetched.receivedBytes).toBe(FRAME.length);
    await connections[0]?.closed; // the peer waits for it
  });

  it('takes any version when there is nothing to be above: a first install', async () => {
    const { fetch, store } = fetchScene(send(FRAME));
    expect((await fetch({ above: undefined })).release).toEqual(SAMPLE.release);
    expect(store.staged[0]).toMatchObject({ discarded: false });
  });

  it('opens with the auth of the current minute', async () => {
    const asked: Uint8Array[] = [];
    const clock = new FakeClock(29_000_000 * MINUTE_MS + 59_999);
    const { fetch } = fetchScene(async (stream) => {
      asked.push((await stream.read(1000)) ?? new Uint8Array());
      await stream.write(FRAME);
    }, clock);
    await fetch();
    expect(asked).toEqual([transferAuth(OWNER.publicKey, 29_000_000)]);
  });

  it('reports progress that only grows, up to the whole file', async () => {
    const seen: [number, number][] = [];
    const { fetch } = fetchScene(send(FRAME));
    await fetch({ onProgress: (received, total) => seen.push([received, total]) });
    expect(seen.length).toBeGreaterThan(2);
    expect(seen.map(([received]) => received)).toEqual(seen.map(([received]) => received).toSorted((a, b) => a - b));
    expect(seen.at(-1)).toEqual([SAMPLE.file.length, SAMPLE.file.length]);
    expect(seen.every(([, total]) => total === SAMPLE.file.length)).toBe(true);
  });

  it('takes a file that comes byte by byte at its start and end', async () => {
    const { fetch } = fetchScene(async (stream) => {
      for (const byte of FRAME.subarray(0, 200)) await stream.write(Uint8Array.of(byte));
      await stream.write(FRAME.subarray(200, -50));
      for (const byte of FRAME.subarray(-50)) await stream.write(Uint8Array.of(byte));
    });
    expect((await fetch()).receivedBytes).toBe(FRAME.length);
  });

  it('does not look at bytes behind the end', async () => {
    const { fetch, store } = fetchScene(send(concatBytes(FRAME, new Uint8Array(10_000))));
    expect((await fetch()).receivedBytes).toBe(FRAME.length);
    expect(store.staged[0]?.bytes).toHaveLength(SAMPLE.file.length);
  });

  it('does not wait for the end of the stream: peers may never say it', async () => {
    const { fetch, connections } = fetchScene(send(FRAME));
    await fetch();
    await connections[0]?.closed;
  });
});

describe('fetching from a peer that misbehaves', () => {
  const { regionOffset } = SAMPLE;
  const other = sampleProgram({ sizeBytes: 300_000, version: '1.2.0' });
  const file = (bytes: Uint8Array): Uint8Array => concatBytes(FRAME.subarray(0, HEAD_BYTES), bytes);
  const length = (value: bigint): Uint8Array => {
    const frame = FRAME.slice();
    new DataView(frame.buffer).setBigUint64(1, value);
    return frame;
  };
  const cases: [name: string, script: Script, expected: ErrorCode][] = [
    ['refuses', send(Uint8Array.of(0)), 'PEER_REFUSED'],
    ['declares 2^64 - 1 bytes', send(length(2n ** 64n - 1n)), 'PEER_MISBEHAVED'],
    ['declares a byte less', send(length(BigInt(FRAME.length - 10))), 'PEER_MISBEHAVED'],
    ['declares a byte more', send(length(BigInt(FRAME.length - 8))), 'PEER_MISBEHAVED'],
    ['sends another release than it announced', send(frameOf(other)), 'PEER_MISBEHAVED'],
    ['changes the signature in the head', send(flipped(FRAME, 100)), 'PEER_MISBEHAVED'],
    ['changes the first byte', send(file(flipped(SAMPLE.file, 0))), 'RELEASE_MISMATCH'],
    ['changes the last byte', send(file(flipped(SAMPLE.file, SAMPLE.file.length - 1))), 'RELEASE_MISMATCH'],
    ['changes the content of the region', send(file(flipped(SAMPLE.file, regionOffset + 40))), 'RELEASE_MISMATCH'],
    ['breaks the region', send(file(flipped(SAMPLE.file, regionOffset + 1))), 'STAMP_MALFORMED'],
    ['leaves out the region', send(file(new Uint8Array(SAMPLE.file.length))), 'STAMP_MISSING'],
    ['puts a second region in', send(file(doubled(SAMPLE))), 'STAMP_MALFORMED'],
    ['ends its stream before the answer', (stream) => stream.finish(), 'PEER_MISBEHAVED'],
    ['ends its stream in the middle', sendAndFinish(FRAME.subarray(0, 1000)), 'PEER_MISBEHAVED'],
    ['closes before the answer', closeAfter(new Uint8Array()), 'PEER_UNREACHABLE'],
    ['closes in the middle', closeAfter(FRAME.subarray(0, 150_000)), 'PEER_UNREACHABLE'],
  ];
  it.each(cases)('%s', async (_name, script, expected) => {
    const { fetch, store, connections } = fetchScene(script);
    await expect(fetch()).rejects.toEqual(code(expected));
    expect(store.staged.every(({ discarded }) => discarded)).toBe(true);
    await connections[0]?.closed;
  });

  it('stages nothing before the head is the expected one', async () => {
    for (const frame of [length(2n ** 63n), frameOf(other), flipped(FRAME, 100)]) {
      const { fetch, store } = fetchScene(send(frame));
      await expect(fetch()).rejects.toEqual(code('PEER_MISBEHAVED'));
      expect(store.staged).toEqual([]);
    }
  });

  it('stops at a foreign region without taking the rest', async () => {
    let given = 0;
    const frame = file(flipped(SAMPLE.file, regionOffset + 40));
    const { fetch } = fetchScene(async (stream) => {
      for (; given < frame.length; given += 1000) await stream.write(frame.subarray(given, given + 1000));
    });
    await expect(fetch()).rejects.toEqual(code('RELEASE_MISMATCH'));
    expect(given).toBeLessThan(frame.length - 50_000);
  });

  it('says how a refusal comes about', async () => {
    const { fetch } = fetchScene(send(Uint8Array.of(0)));
    await expect(fetch()).rejects.toThrow(/busy.*owner.*clocks/);
  });

  function doubled({ file: bytes, regionOffset: at }: SampleProgram): Uint8Array {
    const copy = bytes.slice();
    copy.set(bytes.subarray(at, at + 176), 1000);
    return copy;
  }
  function sendAndFinish(bytes: Uint8Array): Script {
    return async (stream) => {
      await stream.write(bytes);
      await stream.finish();
    };
  }
  function closeAfter(bytes: Uint8Array): Script {
    return async (stream, connection) => {
      await stream.write(bytes);
      connection.close(0, 'going away');
    };
  }
});
