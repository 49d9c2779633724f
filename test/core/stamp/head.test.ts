import { describe, expect, it } from 'vitest';
import { createHead, type NeedBytes } from '../../../src/core/stamp/head.ts';

/** A reader that wants `wanted` bytes and answers with their sum. */
function sumOf(wanted: number, calls: number[] = []): (head: Uint8Array) => { sum: number } | NeedBytes {
  return (head) => {
    calls.push(head.length);
    if (head.length < wanted) return { need: wanted };
    return { sum: head.subarray(0, wanted).reduce((sum, byte) => sum + byte, 0) };
  };
}

describe('head', () => {
  it('gives back the first piece as it is when that is enough', () => {
    const results: unknown[] = [];
    const piece = Uint8Array.of(1, 2, 3, 4);
    expect(createHead(sumOf(3), (result) => results.push(result)).update(piece)).toBe(piece);
    expect(results).toEqual([{ sum: 6 }]);
  });

  it('gives back all pieces joined when the last one completes them', () => {
    const results: unknown[] = [];
    const head = createHead(sumOf(4), (result) => results.push(result));
    expect(head.update(Uint8Array.of(1, 2))).toBeUndefined();
    expect(head.update(new Uint8Array())).toBeUndefined();
    expect(head.heldBytes).toBe(2);
    expect(head.update(Uint8Array.of(3, 4, 5))).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
    expect(results).toEqual([{ sum: 10 }]);
  });

  it('keeps what it holds when the pieces are overwritten', () => {
    const head = createHead(sumOf(4), () => undefined);
    const piece = Uint8Array.of(1, 2);
    head.update(piece);
    piece.set([3, 9]);
    head.update(piece.subarray(0, 1));
    piece.fill(9);
    expect(head.update(Uint8Array.of(4))).toEqual(Uint8Array.of(1, 2, 3, 4));
  });

  it('asks the reader again only when it has what was asked for: tiny pieces cost no more than large ones', () => {
    const calls: number[] = [];
    const head = createHead(sumOf(1000, calls), () => undefined);
    for (let index = 0; index < 1000; index++) head.update(Uint8Array.of(1));
    expect(calls).toEqual([1, 1000]);
  });

  it('lets the reader fail', () => {
    const head = createHead(
      () => {
        throw new Error('unreadable');
      },
      () => undefined,
    );
    expect(() => head.update(Uint8Array.of(1))).toThrow('unreadable');
  });
});
