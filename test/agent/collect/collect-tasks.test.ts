import { describe, expect, it } from 'vitest';
import { createTasks, type AskedSource, type Task } from '../../../src/agent/collect/collect-tasks.ts';
import type { WantedObject } from '../../../src/agent/collect/wanted-object.ts';
import { COLLECT_LIMITS, type CollectLimits } from '../../../src/core/base/limits.ts';
import { honest, scriptedSource } from '../../support/scripted-source.ts';
import { OTHER } from '../../support/collect-scene.ts';

function source(name: string): AskedSource {
  const asked = { requests: 4, running: 0, misses: 0, isKeepingUp: false, hasGiven: false, isOut: false };
  return { ...asked, source: scriptedSource(name, honest(OTHER)) };
}

/** Objects with numbers, and how many of them were taken. */
function scene(count: number, asked: readonly AskedSource[], limits: Partial<CollectLimits> = {}) {
  let taken = 0;
  function* objects(): Generator<WantedObject & { readonly number: number }> {
    while (taken < count) yield { kind: 'chunk', hash: new Uint8Array(32), maxBytes: 1, number: taken++ };
  }
  const tasks = createTasks({ wanted: objects(), asked, limits: { ...COLLECT_LIMITS, ...limits } });
  /** The source has not got it. */
  const miss = (task: Task<WantedObject>, from: AskedSource): void => {
    task.lacking.add(from);
    tasks.settle(task as Parameters<typeof tasks.settle>[0]);
  };
  return { tasks, miss, taken: () => taken };
}

describe('the objects of a round', () => {
  it('come again, in their order, for a source that may have them', () => {
    const [a, b] = [source('a'), source('b')];
    const { tasks, miss } = scene(5, [a, b]);
    for (let index = 0; index < 3; index++) miss(tasks.next(a) ?? never(), a);
    const numbers = [b, b, a, b, b].map((from) => tasks.next(from)?.object.number);
    expect(numbers).toEqual([0, 1, 3, 2, 4]);
    expect(tasks.next(a)).toBeUndefined();
  });

  it('are looked at a few times each, however many one source has not got', () => {
    const [a, b] = [source('a'), source('b')];
    const count = 3000;
    const { tasks, miss } = scene(count, [a, b], { maxReturned: Infinity });
    let looks = 0;
    const counted = (task: Task<WantedObject>): Task<WantedObject> => {
      const has = task.lacking.has.bind(task.lacking);
      task.lacking.has = (from) => (looks++, has(from));
      return task;
    };
    for (let index = 0; index < count; index++) miss(counted(tasks.next(a) ?? never()), a);
    for (let index = 0; index < count; index++) {
      const task = tasks.next(b) ?? never();
      task.isDone = true;
      tasks.settle(task);
      expect(tasks.next(a)).toBeUndefined();
    }
    expect(looks).toBeLessThan(20 * count);
    expect(tasks.first()).toBeUndefined();
  });

  it('are begun no further while too many wait for another source, and go on when it had its turn', () => {
    const [a, b] = [source('a'), source('b')];
    const { tasks, miss, taken } = scene(100, [a, b], { maxReturned: 10 });
    for (let next = tasks.next(a); next !== undefined; next = tasks.next(a)) miss(next, a);
    expect(taken()).toBe(10);
    const task = tasks.next(b) ?? never();
    task.isDone = true;
    tasks.settle(task);
    expect(tasks.next(a)?.object.number).toBe(10);
  });

  it('do not wait for a source that is out: one that nobody has is told, and the rest goes on', () => {
    const [a, b] = [source('a'), source('b')];
    const { tasks, miss } = scene(100, [a, b], { maxReturned: 10 });
    for (let next = tasks.next(a); next !== undefined; next = tasks.next(a)) miss(next, a);
    b.isOut = true;
    tasks.sourceOut();
    expect(tasks.next(a)?.object.number).toBe(10);
    expect(tasks.first()?.number).toBe(0);
    // From now on what one source has not got is had by nobody, and nothing of it is held.
    for (let next = tasks.next(a); next !== undefined; next = tasks.next(a)) miss(next, a);
    expect(tasks.first()?.number).toBe(0);
  });
});

function never(): never {
  throw new Error('there is one');
}
