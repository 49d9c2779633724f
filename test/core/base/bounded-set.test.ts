import { expect, it } from 'vitest';
import { BoundedSet } from '../../../src/core/base/bounded-set.ts';

it('holds as many as it may, and forgets all before one more', () => {
  const set = new BoundedSet(2);
  for (const text of ['a', 'b']) set.add(text);
  expect(['a', 'b', 'c'].map((text) => set.has(text))).toEqual([true, true, false]);
  set.add('c');
  expect(['a', 'b', 'c'].map((text) => set.has(text))).toEqual([false, false, true]);
});
