import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { COLLECT_LIMITS } from '../../../src/core/base/limits.ts';
import { createManifestBuilder } from '../../../src/core/content/manifest.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { MemoryPartialStore } from '../../../src/testing/memory-partial.ts';
import { asks, collectScene, CONTENT, honestBytes, MANIFEST, OTHER } from '../../support/collect-scene.ts';
import { contentOf, noise, same } from '../../support/content-samples.ts';
import { honest, scriptedSource, silent, type Answering } from '../../support/scripted-source.ts';
import { failure } from '../../support/stamp-samples.ts';

describe('collecting', () => {
  it('gets every chunk from one source, each once', async () => {
    const source = scriptedSource('honest', honest(CONTENT));
    const { collect, content, blamed } = collectScene([source]);
    const collected = await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(asks(source, 'chunk')).toBe(MANIFEST.count);
    expect(asks(source, 'page')).toBe(MANIFEST.pages.length);
    expect(collected).toMatchObject({ resumedBytes: 0, localBytes: 0, fetchedBytes: CONTENT.bytes.length });
    expect(blamed).toEqual([]);
  });

  it('shares the work between sources: no object is asked of two that answer in time', async () => {
    const sources = ['a', 'b', 'c'].map((name) => scriptedSource(name, honest(CONTENT)));
    const { collect, content } = collectScene(sources);
    await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    const chunks = sources.map((source) => asks(source, 'chunk'));
    expect(chunks.reduce((sum, count) => sum + count)).toBe(MANIFEST.count);
    expect(Math.min(...chunks)).toBeGreaterThan(MANIFEST.count / 6);
  });

  it('puts together what two sources have in part', async () => {
    const isEven = (hash: Uint8Array): boolean => (hash[3] ?? 0) % 2 === 0;
    const half =
      (even: boolean): Answering =>
      (ask) => {
        return ask.kind === 'page' || isEven(ask.hash) === even ? honestBytes(ask) : undefined;
      };
    const limits = { ...COLLECT_LIMITS, maxMisses: 1000 };
    const { collect, content, blamed } = collectScene([
      scriptedSource('a', half(true)),
      scriptedSource('b', half(false)),
    ]);
    await collect({ limits });
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(blamed).toEqual([]);
  });

  it('writes a chunk that occurs often everywhere, and asks for it once', async () => {
    const repeated = contentOf(concatBytes(new Uint8Array(1_000_000), noise(200_000), new Uint8Array(1_000_000)));
    const { root, count } = repeated.manifest;
    const source = scriptedSource('honest', honest(repeated));
    const store = new MemoryPartialStore();
    const partial = await store.open('content', repeated.bytes.length);
    // Where nothing was written there are zeros: they must not be what makes this right.
    await partial.write(0, noise(repeated.bytes.length, 3));
    const { collect } = collectScene([source], { root, sizeBytes: repeated.bytes.length });
    await collect({ partial: { ...partial, close: () => Promise.resolve() } });
    expect(same(await partial.read(0, partial.sizeBytes), repeated.bytes)).toBe(true);
    expect(asks(source, 'chunk')).toBeLessThan(count);
  });

  it('collects empty content', async () => {
    const empty = contentOf(new Uint8Array());
    const partial = await new MemoryPartialStore().open('content', 0);
    const { collect } = collectScene([scriptedSource('honest', honest(empty))], {
      root: empty.manifest.root,
      sizeBytes: 0,
    });
    expect(await collect({ partial })).toMatchObject({ fetchedBytes: 0 });
  });

  it('tells its progress, never backwards, to the last byte', async () => {
    const steps: number[] = [];
    const { collect } = collectScene([scriptedSource('honest', honest(CONTENT))]);
    await collect({ onProgress: (heldBytes) => steps.push(heldBytes) });
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(steps.at(-1)).toBe(CONTENT.bytes.length);
  });

  it('holds no more than its limit, and a source no more requests than its lanes', async () => {
    let held = 0;
    let mostHeld = 0;
    const slow: Answering = async (ask) => {
      held += ask.maxBytes;
      mostHeld = Math.max(mostHeld, held);
      await new Promise((resolve) => setTimeout(resolve, 1));
      held -= ask.maxBytes;
      return honestBytes(ask);
    };
    const sources = ['a', 'b'].map((name) => scriptedSource(name, slow, 6));
    // Nobody is asked a second time: the test's clock runs faster than its sources.
    const limits = { ...COLLECT_LIMITS, maxHeldBytes: 300_000, patienceMs: 1e9 };
    const { collect, content } = collectScene(sources, { limits });
    await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(mostHeld).toBeLessThanOrEqual(300_000 + 128 * 1024);
    expect(sources.every(({ mostRunning }) => mostRunning <= 6)).toBe(true);
  });
});

describe('collecting what is there in part', () => {
  it('goes on after an abort in the middle: nothing verified is asked for again', async () => {
    const stop = new AbortController();
    const first = scriptedSource('first', honest(CONTENT));
    const { collect, content } = collectScene([first]);
    const onProgress = (heldBytes: number): void => {
      if (heldBytes > CONTENT.bytes.length / 2) stop.abort(new PeerpatchError('CANCELLED', 'stopped'));
    };
    await expect(collect({ signal: stop.signal, onProgress })).rejects.toEqual(failure('CANCELLED'));
    const second = scriptedSource('second', honest(CONTENT));
    const { resumedBytes, fetchedBytes } = await collect({ sources: [second] });
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(resumedBytes).toBeGreaterThan(CONTENT.bytes.length / 2);
    expect(resumedBytes + fetchedBytes).toBe(CONTENT.bytes.length);
    expect(asks(second, 'chunk')).toBeLessThanOrEqual(MANIFEST.count / 2);
  });

  it('believes nothing of what is there: a damaged chunk is fetched again, and that one alone', async () => {
    const { collect, content, store } = collectScene([scriptedSource('first', honest(CONTENT))]);
    await collect();
    const partial = await store.open('content', CONTENT.bytes.length);
    await partial.write(1_000_000, Uint8Array.of(1, 2, 3));
    await partial.close();
    const second = scriptedSource('second', honest(CONTENT));
    await collect({ sources: [second] });
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(asks(second, 'chunk')).toBe(1);
  });

  it('needs no source when all of it is there and the manifest is known', async () => {
    const { collect } = collectScene([scriptedSource('first', honest(CONTENT))]);
    await collect();
    const { resumedBytes } = await collect({ sources: [], manifest: MANIFEST });
    expect(resumedBytes).toBe(CONTENT.bytes.length);
  });

  it('takes from this machine what is here, and verifies it', async () => {
    const source = scriptedSource('source', honest(CONTENT));
    const { collect, content } = collectScene([source]);
    let lied = 0;
    const { localBytes, fetchedBytes } = await collect({
      local: (kind, hash) => {
        if ((hash[5] ?? 0) % 2 === 0) return Promise.resolve(CONTENT.object(kind, hash));
        return Promise.resolve(++lied % 2 === 0 ? undefined : noise(100));
      },
    });
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(localBytes).toBeGreaterThan(CONTENT.bytes.length / 4);
    expect(localBytes + fetchedBytes).toBe(CONTENT.bytes.length);
    expect(asks(source, 'chunk')).toBeLessThan(MANIFEST.count);
  });
});

describe('collecting from a source that fails in passing', () => {
  const busy = (): Promise<never> => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'status 503'));

  it.each(['PEER_UNREACHABLE', 'PEER_TIMEOUT'] as const)(
    'asks it again for what it failed to give: %s of every fifth request',
    async (code) => {
      let count = 0;
      const source = scriptedSource('mirror', (ask) => {
        if (++count % 5 === 0) throw new PeerpatchError(code, 'in passing');
        return honestBytes(ask);
      });
      const { collect, content, blamed } = collectScene([source]);
      await collect();
      expect(same(await content(), CONTENT.bytes)).toBe(true);
      expect(blamed).toEqual([]);
      expect(count).toBeLessThan(1.3 * (MANIFEST.count + MANIFEST.pages.length));
    },
  );

  it('drops it when it fails for the third time with one object, and waits a little in between', async () => {
    const lost = MANIFEST.hashAt(MANIFEST.count >> 1);
    const times: number[] = [];
    const source = scriptedSource('mirror', (ask) => {
      if (!same(ask.hash, lost)) return honestBytes(ask);
      times.push(clock.monotonic());
      return busy();
    });
    const { collect, blamed, clock } = collectScene([source]);
    await expect(collect()).rejects.toEqual(failure('CONTENT_NOT_FOUND'));
    expect(blamed).toEqual([['mirror', 'PEER_UNREACHABLE']]);
    expect(times).toHaveLength(1 + COLLECT_LIMITS.retries);
    for (let index = 1; index < times.length; index++)
      expect((times[index] ?? 0) - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(COLLECT_LIMITS.retryMs);
  });

  it.each([
    ['gave nothing before', 0, 'PEER_UNREACHABLE'],
    ['is too slow', 5, 'PEER_TOO_SLOW'],
    ['refuses', 5, 'PEER_REFUSED'],
  ] as const)('drops at once one that %s', async (_name, good, code) => {
    let count = 0;
    const source = scriptedSource('mirror', (ask) => {
      if (count++ >= good) throw new PeerpatchError(code, 'no');
      return honestBytes(ask);
    });
    const { collect, blamed, clock } = collectScene([source]);
    await expect(collect()).rejects.toEqual(failure('CONTENT_NOT_FOUND'));
    expect(blamed).toEqual([['mirror', code]]);
    expect(clock.monotonic()).toBeLessThan(COLLECT_LIMITS.retryMs);
  });
});

describe('collecting what its owner listed with a wrong length', () => {
  const pieces = [noise(20_000, 1), noise(30_000, 2), noise(9000, 3)];
  const listed: [name: string, lengths: readonly number[]][] = [
    ['a chunk inside', [20_000, 25_000, 9000]],
    ['the last chunk', [20_000, 30_000, 8500]],
    ['a chunk with more than it has', [21_000, 30_000, 9000]],
  ];
  it.each(listed)('CONTENT_MALFORMED: %s, which is on this machine', async (_name, lengths) => {
    const builder = createManifestBuilder();
    for (const [index, piece] of pieces.entries()) builder.add(sha256(piece), lengths[index] ?? 0);
    const manifest = builder.finish();
    const find = (hash: Uint8Array): Uint8Array | undefined => pieces.find((piece) => same(sha256(piece), hash));
    const { root, sizeBytes } = manifest;
    const source = scriptedSource('source', () => undefined);
    const { collect } = collectScene([source], { root, sizeBytes, manifest });
    const partial = await new MemoryPartialStore().open('content', sizeBytes);
    const local = (_kind: unknown, hash: Uint8Array) => Promise.resolve(find(hash));
    await expect(collect({ partial, local })).rejects.toEqual(failure('CONTENT_MALFORMED'));
    expect(source.asked).toEqual([]);
  });
});

describe('collecting what cannot be had', () => {
  it.each([
    ['no sources', [], 'CONTENT_NOT_FOUND'],
    ['none has it', ['empty', 'empty'], 'CONTENT_NOT_FOUND'],
    ['all fail', ['gone', 'gone'], 'CONTENT_NOT_FOUND'],
    ['one fails, one has nothing', ['gone', 'empty'], 'CONTENT_NOT_FOUND'],
  ] as const)('CONTENT_NOT_FOUND: %s', async (_name, kinds, code) => {
    const answers: Record<string, Answering> = {
      empty: () => undefined,
      gone: () => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'gone')),
    };
    const sources = kinds.map((kind, index) => scriptedSource(`${index}`, answers[kind] ?? silent));
    await expect(collectScene(sources).collect()).rejects.toEqual(failure(code));
  });

  it('CONTENT_NOT_FOUND: one chunk is nowhere; all others are kept', async () => {
    const lost = MANIFEST.hashAt(MANIFEST.count >> 1);
    const source = scriptedSource('source', (ask) => (same(ask.hash, lost) ? undefined : honestBytes(ask)));
    const { collect } = collectScene([source]);
    await expect(collect()).rejects.toEqual(failure('CONTENT_NOT_FOUND'));
    const { resumedBytes } = await collect({ sources: [scriptedSource('other', honest(CONTENT))] });
    expect(resumedBytes).toBe(CONTENT.bytes.length - MANIFEST.lengthAt(MANIFEST.count >> 1));
  });

  it('CONTENT_MALFORMED: the pages have their hashes and cannot be right; no source is blamed for it', async () => {
    const { collect, blamed } = collectScene([scriptedSource('source', honest(CONTENT))]);
    const sizeBytes = CONTENT.bytes.length + 1;
    const partial = await new MemoryPartialStore().open('content', sizeBytes);
    await expect(collect({ sizeBytes, partial })).rejects.toEqual(failure('CONTENT_MALFORMED'));
    expect(blamed).toEqual([]);
  });

  it('fails with what the disk says, and leaves no request under way', async () => {
    const source = scriptedSource('source', honest(CONTENT));
    const { collect, store } = collectScene([source, scriptedSource('silent', silent)]);
    const onProgress = (): void => {
      store.failure = new PeerpatchError('INSTALL_NO_SPACE', 'full');
    };
    await expect(collect({ onProgress })).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    expect(source.running).toBe(0);
  });

  it('stops at once when told to, before and in the middle of silence', async () => {
    const quiet = scriptedSource('silent', silent);
    const { collect, clock } = collectScene([quiet]);
    await expect(collect({ signal: AbortSignal.abort(new PeerpatchError('CANCELLED', 'x')) })).rejects.toEqual(
      failure('CANCELLED'),
    );
    const stop = new AbortController();
    const collecting = collect({ signal: stop.signal });
    await clock.advance(500);
    stop.abort(new PeerpatchError('CANCELLED', 'x'));
    await expect(collecting).rejects.toEqual(failure('CANCELLED'));
    expect(quiet.running).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it('RangeError: the file or the manifest is of another content', async () => {
    const partial = await new MemoryPartialStore().open('content', 10);
    await expect(collectScene([]).collect({ partial })).rejects.toBeInstanceOf(RangeError);
    await expect(collectScene([]).collect({ manifest: OTHER.manifest })).rejects.toBeInstanceOf(RangeError);
  });
});
