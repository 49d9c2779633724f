/**
 * A set of texts that forgets all of them before it holds too many: for what only spares a repetition, with keys that others choose.
 *
 * @module
 */
export class BoundedSet {
  readonly #known = new Set<string>();
  readonly #max: number;

  /** @param max a bound, not a policy: far above what honest use needs */
  constructor(max: number) {
    this.#max = max;
  }

  has(text: string): boolean {
    return this.#known.has(text);
  }

  add(text: string): void {
    if (this.#known.size >= this.#max) this.#known.clear();
    this.#known.add(text);
  }
}
