import { describe, expect, it } from 'vitest';
import {
  countDifferent,
  extendBack,
  LOOK_AHEAD,
  pairOf,
  scoreForward,
  skipEqual,
  trimEnd,
} from '../../../src/core/delta/similarity.ts';
import { noise } from '../../support/delta-samples.ts';

const BASE = noise(4000);
const flip = (bytes: Uint8Array, ...places: readonly number[]): Uint8Array =>
  bytes.map((byte, index) => (places.includes(index) ? byte ^ 0xff : byte));
const score = (result: Uint8Array, at: number, baseAt: number, enough = 1e9): number =>
  scoreForward(pairOf(BASE, result), at, baseAt, enough, { bytes: 0 });

describe('skipEqual', () => {
  it.each([0, 1, 2, 3, 4, 5, 100, 1003])('stops at a difference after %i bytes', (length) => {
    const result = flip(BASE.slice(50), 10 + length);
    expect(skipEqual(pairOf(BASE, result), 10, 50, result.length)).toBe(10 + length);
  });

  it('stops at the given end, and at the end of the base', () => {
    const pair = pairOf(BASE, BASE);
    expect(skipEqual(pair, 0, 0, 77)).toBe(77);
    expect(skipEqual(pairOf(BASE.subarray(0, 90), BASE), 0, 0, 4000)).toBe(90);
  });
});

describe('countDifferent', () => {
  it('counts bytes that differ, and those behind an end', () => {
    expect(countDifferent(pairOf(BASE, flip(BASE, 3, 5, 32)), 0, 0, 32)).toBe(2);
    expect(countDifferent(pairOf(BASE, BASE), 3990, 0, 32)).toBe(22);
    expect(countDifferent(pairOf(BASE.subarray(0, 100), BASE), 95, 0, 32)).toBe(27);
    expect(countDifferent(pairOf(BASE.subarray(0, 100), BASE), 200, 0, 32)).toBeGreaterThanOrEqual(32);
  });
});

describe('scoreForward', () => {
  it('counts same bytes minus different ones, up to where it is best', () => {
    expect(score(flip(BASE, 100, 101), 0, 0)).toBe(LOOK_AHEAD - 4);
    expect(score(BASE.slice(0, 60), 0, 0)).toBe(60);
    expect(score(noise(4000, 9), 0, 0)).toBeLessThan(8);
  });

  it('gives up on what does not recover, and counts its effort', () => {
    const result = BASE.slice();
    result.set(noise(1000, 9), 40);
    const effort = { bytes: 0 };
    expect(scoreForward(pairOf(BASE, result), 0, 0, 1e9, effort)).toBe(40);
    expect(effort.bytes).toBeLessThan(100);
  });

  it('stops where it is enough', () => {
    expect(score(BASE, 0, 0, 30)).toBe(32);
  });
});

describe('trimEnd', () => {
  it('takes off a tail in which most bytes differ', () => {
    const result = BASE.slice();
    result.set(noise(50, 9), 400);
    expect(trimEnd(pairOf(BASE, result), 0, 450, 0, 512)).toBe(400);
    expect(trimEnd(pairOf(BASE, result), 430, 450, 0, 512)).toBe(430);
    expect(trimEnd(pairOf(BASE, BASE), 0, 450, 0, 512)).toBe(450);
  });
});

describe('extendBack', () => {
  const result = BASE.slice();
  result.set(noise(100, 9), 300); // 400 and on are the base again

  it('goes back as far as the bytes are the same', () => {
    expect(extendBack(pairOf(BASE, result), { at: 450, shift: 0, low: 0, oldShift: undefined })).toBe(400);
    expect(extendBack(pairOf(BASE, result), { at: 450, shift: 0, low: 420, oldShift: undefined })).toBe(420);
  });

  it('goes back only as far as it beats the copy that is there', () => {
    const moved = new Uint8Array([...BASE.subarray(0, 200), ...BASE.subarray(210)]);
    const pair = pairOf(BASE, moved);
    expect(extendBack(pair, { at: 230, shift: 10, low: 0, oldShift: 0 })).toBe(200);
  });
});
