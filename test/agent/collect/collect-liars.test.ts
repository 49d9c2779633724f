import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { COLLECT_LIMITS } from '../../../src/core/base/limits.ts';
import { encodeObject } from '../../../src/core/content/object.ts';
import { collectScene, CONTENT, honestBytes, OTHER } from '../../support/collect-scene.ts';
import { noise, same } from '../../support/content-samples.ts';
import { honest, scriptedSource, silent, type Answering } from '../../support/scripted-source.ts';

const BOMB = concatBytes(Uint8Array.of(1), brotliCompressSync(new Uint8Array(50_000_000)));

/** Nobody else is asked before a liar has been heard: the test's clock runs faster than the thread pool. */
const PATIENT = { ...COLLECT_LIMITS, patienceMs: 1e9 };

/** Liars that are caught by what they send, and the code they are named with. */
const liars: [name: string, answer: Answering, code: string][] = [
  ['wrong bytes', ({ maxBytes }) => noise(maxBytes, 5), 'PEER_MISBEHAVED'],
  ['another right object', () => encodeObject(OTHER.bytes.subarray(0, 1000)), 'PEER_MISBEHAVED'],
  ['wrong manifest pages', () => encodeObject(OTHER.manifest.pages[0]?.bytes ?? OTHER.bytes), 'PEER_MISBEHAVED'],
  ['one flipped bit', (ask) => honestBytes(ask)?.with(1, (honestBytes(ask)?.[1] ?? 0) ^ 1), 'PEER_MISBEHAVED'],
  ['one byte short', (ask) => honestBytes(ask)?.subarray(0, -1), 'PEER_MISBEHAVED'],
  ['one byte long', (ask) => concatBytes(honestBytes(ask) ?? new Uint8Array(), new Uint8Array(1)), 'PEER_MISBEHAVED'],
  ['nothing at all', () => new Uint8Array(), 'PEER_MISBEHAVED'],
  ['an unknown encoding', (ask) => honestBytes(ask)?.with(0, 9), 'PEER_MISBEHAVED'],
  ['a decompression bomb', () => BOMB, 'PEER_MISBEHAVED'],
  ['a broken stream', () => concatBytes(Uint8Array.of(1), noise(500)), 'PEER_MISBEHAVED'],
  ['an early end', () => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'gone')), 'PEER_UNREACHABLE'],
  ['a length of gigabytes', () => Promise.reject(new PeerpatchError('PEER_MISBEHAVED', 'too long')), 'PEER_MISBEHAVED'],
  ['a drip', () => Promise.reject(new PeerpatchError('PEER_TOO_SLOW', 'drips')), 'PEER_TOO_SLOW'],
];

describe('collecting beside liars', () => {
  it.each(liars)('completes beside a source that sends %s, and names it', async (_name, answer, code) => {
    const [good, bad] = [scriptedSource('good', honest(CONTENT)), scriptedSource('bad', answer)];
    const { collect, content, blamed } = collectScene([bad, good], { limits: PATIENT });
    await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(blamed).toEqual([['bad', code]]);
  });

  it('completes beside all liars together, names each once, and asks none of them again', async () => {
    const bad = liars.map(([name, answer]) => scriptedSource(name, answer));
    const good = scriptedSource('good', honest(CONTENT));
    const { collect, content, blamed } = collectScene([...bad, good], { limits: PATIENT });
    await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(blamed.map(([name]) => name).sort()).toEqual(liars.map(([name]) => name).sort());
    for (const source of bad) expect(source.asked.length).toBeLessThanOrEqual(COLLECT_LIMITS.firstRequests);
  });

  it('drops a source that lies about chunks only after it was right about pages', async () => {
    const bad = scriptedSource('bad', (ask) => (ask.kind === 'page' ? honestBytes(ask) : noise(100)));
    const { collect, content, blamed } = collectScene([bad, scriptedSource('good', honest(CONTENT))], {
      limits: PATIENT,
    });
    await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(blamed).toEqual([['bad', 'PEER_MISBEHAVED']]);
  });

  it('does not wait for a source that never answers: others are asked after the time of patience', async () => {
    const good = scriptedSource('good', honest(CONTENT));
    const { collect, content, clock } = collectScene([scriptedSource('silent', silent), good]);
    await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(clock.monotonic()).toBeLessThan(10 * COLLECT_LIMITS.patienceMs);
    expect(clock.sleeping).toBe(0);
  });

  it('is not held up by many that never answer', async () => {
    const quiet = Array.from({ length: 12 }, (_, index) => scriptedSource(`silent ${index}`, silent, 32));
    const { collect, content, clock } = collectScene([...quiet, scriptedSource('good', honest(CONTENT))]);
    await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(clock.monotonic()).toBeLessThan(60 * COLLECT_LIMITS.patienceMs);
    expect(quiet.every(({ running }) => running === 0)).toBe(true);
  });

  it('asks a source that has nothing a few times, and does not blame it', async () => {
    const empty = scriptedSource('empty', () => undefined);
    const { collect, content, blamed } = collectScene([empty, scriptedSource('good', honest(CONTENT))]);
    await collect();
    expect(same(await content(), CONTENT.bytes)).toBe(true);
    expect(blamed).toEqual([]);
    expect(empty.asked.length).toBeLessThan(COLLECT_LIMITS.maxMisses + COLLECT_LIMITS.firstRequests);
  });
});
