/**
 * Typed event listeners. Unlike Node's emitter, an `error` event without listeners is not an exception: a failing agent
 * must not end its host.
 *
 * @module
 */

type ByType<Event extends { readonly type: string }> = {
  [Type in Event['type']]: Extract<Event, { readonly type: Type }>;
};

export class Listeners<Event extends { readonly type: string }> {
  readonly #byType = new Map<string, Set<(event: Event) => void>>();

  /** Calls `listener` for every event of `type`, or of any type for `'*'`. Returns the function that ends it. */
  on<Type extends Event['type']>(type: Type, listener: (event: ByType<Event>[Type]) => void): () => void;
  on(type: '*', listener: (event: Event) => void): () => void;
  on(type: string, listener: (event: never) => void): () => void {
    const listeners = this.#byType.get(type) ?? new Set();
    this.#byType.set(type, listeners);
    listeners.add(listener as (event: Event) => void);
    return () => void listeners.delete(listener as (event: Event) => void);
  }

  emit(event: Event): void {
    for (const type of [event.type, '*']) for (const listener of [...(this.#byType.get(type) ?? [])]) listener(event);
  }
}
