import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { STAMP_BYTES } from '../../src/core/stamp/block.ts';
import { makeDelta } from '../../src/tools/make-delta.ts';
import { noise, resultOf } from '../support/delta-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const folder = useTempFolder();
const BASE = noise(3_000_000);
const RESULT = concatBytes(BASE.subarray(0, 1_000_000), noise(400, 2), BASE.subarray(1_000_000));

/** One in each part of the work, by the share that is told. */
const MOMENTS: readonly (readonly [name: string, isNow: (share: number) => boolean])[] = [
  ['when both programs are in memory', (share) => share > 0 && share < 0.1],
  ['while it looks for copies', (share) => share >= 0.1 && share < 0.5],
  ['when all copies are found', (share) => share === 0.5],
  ['when it is written and not yet proven', (share) => share > 0.5 && share < 1],
];

function options() {
  writeFileSync(folder.join('old'), BASE);
  writeFileSync(folder.join('new'), RESULT);
  return { basePath: folder.join('old'), resultPath: folder.join('new'), out: folder.join('delta') };
}

describe('making a delta', () => {
  it('writes one that makes the new program, with progress from 0 to 1', async () => {
    const progress: number[] = [];
    const made = await makeDelta({ ...options(), onProgress: (share) => progress.push(share) });
    const delta = readFileSync(folder.join('delta'));
    expect(made).toEqual({ sizeBytes: delta.length, baseSizeBytes: BASE.length, resultSizeBytes: RESULT.length });
    expect(delta.length).toBeLessThan(450);
    expect(Buffer.compare(await resultOf(BASE, delta, { resultSizeBytes: RESULT.length }), RESULT)).toBe(0);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    expect(folder.list()).toEqual(['delta', 'new', 'old']);
  });

  it('makes the same bytes again', async () => {
    const given = options();
    await makeDelta(given);
    const first = readFileSync(given.out);
    await makeDelta(given); // replaces it
    expect(readFileSync(given.out)).toEqual(first);
  });

  it('leaves stamps out: the delta is between canonical images', async () => {
    const signed = (bytes: Uint8Array, at: number, seed: number): Uint8Array => {
      const copy = bytes.slice();
      copy.set(noise(STAMP_BYTES, seed), at);
      return copy;
    };
    const given = options();
    writeFileSync(given.basePath, signed(BASE, 5000, 8));
    writeFileSync(given.resultPath, signed(BASE, 5000, 9));
    const { sizeBytes } = await makeDelta({ ...given, baseStampOffset: 5000, resultStampOffset: 5000 });
    expect(sizeBytes).toBeLessThan(30);
    const image = BASE.slice().fill(0, 5000, 5000 + STAMP_BYTES);
    const made = await resultOf(image, readFileSync(given.out), { resultSizeBytes: image.length });
    expect(Buffer.compare(made, image)).toBe(0);
  });

  it('leaves what was there when a program cannot be read', async () => {
    const given = options();
    writeFileSync(given.out, 'before');
    await expect(makeDelta({ ...given, basePath: folder.join('none') })).rejects.toMatchObject({
      code: 'PROGRAM_UNREADABLE',
    });
    expect(readFileSync(given.out, 'utf8')).toBe('before');
  });

  it.each([
    ['in a folder that is not there', 'none/delta', 'INSTALL_FAILED'],
    ['where a folder is', 'taken', 'INSTALL_FAILED'],
  ])('says so when it cannot write %s', async (_name, out, code) => {
    const given = options();
    mkdirSync(folder.join('taken'));
    await expect(makeDelta({ ...given, out: folder.join(out) })).rejects.toMatchObject({ code });
    expect(folder.list()).toEqual(['new', 'old', 'taken']);
  });

  it('tells of its progress in every part of the work', async () => {
    const seen = new Set<number>();
    await makeDelta({ ...options(), onProgress: (share) => seen.add(share) });
    for (const [, isNow] of MOMENTS) expect([...seen].some(isNow)).toBe(true);
  });

  it.each(MOMENTS)('leaves nothing when it is stopped %s', async (_name, isNow) => {
    const stop = new AbortController();
    let lastShare = 0;
    const onProgress = (share: number): void => {
      lastShare = share;
      if (isNow(share)) stop.abort();
    };
    const making = makeDelta({ ...options(), signal: stop.signal, onProgress });
    await expect(making).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(lastShare).toBeLessThan(1);
    expect(folder.list()).toEqual(['new', 'old']);
  });

  it('leaves nothing when it is stopped before it begins, and all of it when that is too late', async () => {
    const given = { ...options(), signal: AbortSignal.abort() };
    await expect(makeDelta(given)).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(folder.list()).toEqual(['new', 'old']);

    const stop = new AbortController();
    const onProgress = (share: number): void => {
      if (share === 1) stop.abort();
    };
    const { sizeBytes } = await makeDelta({ ...given, signal: stop.signal, onProgress });
    expect(readFileSync(given.out)).toHaveLength(sizeBytes);
  });
});
