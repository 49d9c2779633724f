/**
 * The objects of one round and where each stands: not looked at, asked for, to be asked for again, had by nobody. Spec:
 * docs/spec/14-exchange.md.
 *
 * Memory and time are bounded whatever sources answer: no more than so many objects wait to be asked for again, no source looks at
 * one of them twice, and of those that no source has only one is remembered. Asks nobody itself.
 *
 * @module
 */
import type { CollectLimits } from '../../core/base/limits.ts';
import type { Source } from '../../ports/source.ts';
import type { WantedObject } from './wanted-object.ts';

/** A source and how it did so far. Lives over all rounds of one content. */
export interface AskedSource {
  readonly source: Source;
  /** How many requests it may have under way: grows with its answers up to its lanes. */
  requests: number;
  running: number;
  /** How often in a row it had nothing. */
  misses: number;
  /** It answered, and no other source was faster since. */
  isKeepingUp: boolean;
  /** It gave something that was right. */
  hasGiven: boolean;
  /** It is asked no more. */
  isOut: boolean;
}

export interface Task<T> {
  readonly object: T;
  /** Have not got it. */
  readonly lacking: Set<AskedSource>;
  readonly attempts: Map<AskedSource, AbortController>;
  /** When it was asked for last. */
  askedMs: number;
  isDone: boolean;
}

export interface Tasks<T> {
  /** Being asked for. */
  readonly active: ReadonlySet<Task<T>>;
  /** The next one to ask this source for. */
  next(from: AskedSource): Task<T> | undefined;
  /** The one others are asked for the longest, when that is too long. */
  overdue(from: AskedSource, nowMs: number): Task<T> | undefined;
  /** An attempt has ended: without another one it is to be asked for again. */
  settle(task: Task<T>): void;
  /** A source is asked no more: what it alone could have given is had by nobody. */
  sourceOut(): void;
  /** One that nobody is asked for. */
  first(): T | undefined;
}

export interface TasksOptions<T extends WantedObject> {
  readonly wanted: Iterable<T>;
  readonly asked: readonly AskedSource[];
  readonly limits: CollectLimits;
}

export function createTasks<T extends WantedObject>({ wanted, asked, limits }: TasksOptions<T>): Tasks<T> {
  const fresh = wanted[Symbol.iterator]();
  const active = new Set<Task<T>>();
  const returned = createReturned<T>();
  let ahead: Task<T> | undefined;
  let heldBytes = 0;
  let lost: T | undefined;

  const lookAhead = (): Task<T> | undefined => {
    if (ahead !== undefined) return ahead;
    const next = fresh.next();
    if (next.done === true) return undefined;
    ahead = { object: next.value, lacking: new Set(), attempts: new Map(), askedMs: 0, isDone: false };
    return ahead;
  };
  const activate = (task: Task<T>): Task<T> => {
    heldBytes += task.object.maxBytes;
    active.add(task);
    return task;
  };
  const fits = ({ object }: Task<T>): boolean =>
    active.size === 0 || heldBytes + object.maxBytes <= limits.maxHeldBytes;
  const isLost = ({ lacking }: Task<T>): boolean => asked.every((from) => from.isOut || lacking.has(from));

  return {
    active,
    next(from) {
      const again = returned.peek(from);
      if (again !== undefined) {
        if (!fits(again)) return undefined;
        returned.take(from);
        return activate(again);
      }
      // Each of them is for another source that is there: when that one has had its turn, there is room again.
      if (returned.count >= limits.maxReturned) return undefined;
      const task = lookAhead();
      if (task === undefined || !fits(task)) return undefined;
      ahead = undefined;
      return activate(task);
    },
    overdue(from, nowMs) {
      let oldest: Task<T> | undefined;
      for (const task of active) {
        if (task.isDone || task.attempts.has(from) || task.lacking.has(from)) continue;
        if (nowMs - task.askedMs < patienceMs(task, limits)) continue;
        if (oldest === undefined || task.askedMs < oldest.askedMs) oldest = task;
      }
      return oldest;
    },
    settle(task) {
      if (task.attempts.size > 0) return;
      active.delete(task);
      heldBytes -= task.object.maxBytes;
      if (task.isDone) return;
      if (isLost(task)) lost ??= task.object;
      else returned.add(task);
    },
    sourceOut() {
      lost ??= returned.removeWhere(isLost)?.object;
    },
    first: () => lost ?? returned.first()?.object ?? lookAhead()?.object,
  };
}

/** Each further source that keeps up and is asked for the same doubles it: a slow line must not carry everything thrice. */
function patienceMs({ attempts }: Task<WantedObject>, limits: CollectLimits): number {
  const good = [...attempts.keys()].filter(({ isKeepingUp }) => isKeepingUp).length;
  return limits.patienceMs * 2 ** Math.max(good - 1, 0);
}

/** Tasks to be asked for again, in order. */
interface Returned<T> {
  readonly count: number;
  add(task: Task<T>): void;
  /** The first one that this source may have. */
  peek(from: AskedSource): Task<T> | undefined;
  /** Removes that one. */
  take(from: AskedSource): void;
  first(): Task<T> | undefined;
  /** @returns the first one that was removed */
  removeWhere(isRemoved: (task: Task<T>) => boolean): Task<T> | undefined;
}

/** Gaps that are let be. */
const SMALL_GAPS = 64;

function createReturned<T>(): Returned<T> {
  /** With a gap for each one that was taken: places stay what they were. */
  let all: (Task<T> | undefined)[] = [];
  let count = 0;
  /** What each source has looked at: what it lacks, it lacks for ever. */
  const looked = new Map<AskedSource, number>();

  const placeFor = (from: AskedSource): number => {
    let place = looked.get(from) ?? 0;
    while (place < all.length && all[place]?.lacking.has(from) !== false) place++;
    looked.set(from, place);
    return place;
  };
  const closeGaps = (): void => {
    all = all.filter((task) => task !== undefined);
    looked.clear();
  };
  return {
    get count() {
      return count;
    },
    add(task) {
      all.push(task);
      count++;
    },
    peek: (from) => all[placeFor(from)],
    take(from) {
      all[placeFor(from)] = undefined;
      count--;
      // Half of them at least: so each is moved twice in its life, at most.
      if (all.length > 2 * count + SMALL_GAPS) closeGaps();
    },
    first: () => all.find((task) => task !== undefined),
    removeWhere(isRemoved) {
      const removed = all.filter((task) => task !== undefined && isRemoved(task));
      all = all.filter((task) => task !== undefined && !isRemoved(task));
      count = all.length;
      looked.clear();
      return removed[0];
    },
  };
}
