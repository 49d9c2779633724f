/**
 * A node's memory without files: it lasts as long as the object.
 *
 * @module
 */
import { toHex } from '../core/base/hex.ts';
import type { NodeMemory } from '../ports/memory.ts';

export class FakeMemory implements NodeMemory {
  readonly #secret: Uint8Array;
  readonly #highest = new Map<string, bigint>();

  /** @param secret 32 bytes: they decide which rollouts the node takes */
  constructor(secret: Uint8Array = new Uint8Array(32)) {
    this.#secret = secret;
  }

  secret(): Promise<Uint8Array> {
    return Promise.resolve(this.#secret);
  }

  highestSeq(nameHash: Uint8Array): Promise<bigint> {
    return Promise.resolve(this.#highest.get(toHex(nameHash)) ?? 0n);
  }

  accepted(nameHash: Uint8Array, seq: bigint): Promise<void> {
    const name = toHex(nameHash);
    if (seq > (this.#highest.get(name) ?? 0n)) this.#highest.set(name, seq);
    return Promise.resolve();
  }
}
