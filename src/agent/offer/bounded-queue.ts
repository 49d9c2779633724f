/**
 * A queue with a limited number of entries, between one who fills it and one who empties it.
 *
 * @module
 */

export interface BoundedQueue<T> {
  /** Not taken out yet. Undefined: it is empty. */
  readonly first: T | undefined;
  /** How many entries more it takes now. */
  readonly free: number;
  /** @throws RangeError when it is full: a mistake of the caller */
  push(entry: T): void;
  /** Takes out the first entry. */
  shift(): void;
  /** No more entries will come. */
  end(): void;
  /** Resolves when it takes another entry. */
  room(): Promise<void>;
  /** Resolves when it has an entry, or never will again. */
  filled(): Promise<void>;
}

export function createBoundedQueue<T>(capacity: number): BoundedQueue<T> {
  const entries: T[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  let change = nextChange();

  function nextChange(): Promise<void> {
    return new Promise((resolve) => (wake = resolve));
  }
  const changed = (): void => {
    const waken = wake;
    change = nextChange();
    waken();
  };
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) await change;
  };

  return {
    get first() {
      return entries[0];
    },
    get free() {
      return capacity - entries.length;
    },
    push(entry) {
      if (entries.length >= capacity) throw new RangeError(`the queue has no more than ${capacity} places`);
      entries.push(entry);
      changed();
    },
    shift() {
      entries.shift();
      changed();
    },
    end() {
      ended = true;
      changed();
    },
    room: () => until(() => entries.length < capacity),
    filled: () => until(() => entries.length > 0 || ended),
  };
}
