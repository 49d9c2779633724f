import { describe, expect, it } from 'vitest';
import { createCopyList, joinCopies } from '../../../src/core/delta/copies.ts';

describe('list of copies', () => {
  it('gives back what was put', () => {
    const list = createCopyList();
    for (let i = 0; i < 100; i++) list.push(i * 10, 5000 - i * 7, 3);
    expect(list.count).toBe(100);
    expect([list.resultAt(42), list.baseAt(42), list.lengthAt(42)]).toEqual([420, 4706, 3]);
    expect(list.numbers()).toHaveLength(300);
  });

  it('keeps places above 2^31', () => {
    const list = createCopyList();
    list.push(2 ** 31 + 1, 2 ** 32 - 9, 8);
    expect([...list.numbers()]).toEqual([2 ** 31 + 1, 2 ** 32 - 9, 8]);
  });

  it.each([
    ['goes on in both', [10, 50, 5], [[0, 40, 15]]],
    [
      'goes on in the new program alone',
      [10, 51, 5],
      [
        [0, 40, 10],
        [10, 51, 5],
      ],
    ],
    [
      'goes on in the old program alone',
      [11, 50, 5],
      [
        [0, 40, 10],
        [11, 50, 5],
      ],
    ],
  ])('joins a copy with the last one only where it %s', (_name, [resultAt = 0, baseAt = 0, length = 0], expected) => {
    const list = createCopyList();
    list.push(0, 40, 10);
    list.push(resultAt, baseAt, length);
    expect([...list.numbers()]).toEqual(expected.flat());
  });

  it('joins segments, and leaves them as they are', () => {
    const [first, second] = [createCopyList(), createCopyList()];
    first.push(0, 100, 10);
    second.push(10, 110, 10);
    second.push(25, 300, 5);
    expect([...joinCopies([first, second]).numbers()]).toEqual([0, 100, 20, 25, 300, 5]);
    expect([...first.numbers()]).toEqual([0, 100, 10]);
  });
});
