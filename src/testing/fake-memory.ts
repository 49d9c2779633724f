/**
 * A node's memory without files: it lasts as long as the object.
 *
 * @module
 */
import { toHex } from '../core/base/hex.ts';
import type { SignedItem } from '../core/stamp/block.ts';
import { compareAppVersions } from '../core/statement/app-version.ts';
import type { NodeMemory } from '../ports/memory.ts';

export class FakeMemory implements NodeMemory {
  readonly #secret: Uint8Array;
  readonly #highest = new Map<string, bigint>();
  readonly #versions = new Map<string, string>();
  readonly #statements = new Map<string, SignedItem>();

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

  highestVersion(nameHash: Uint8Array | undefined): Promise<string | undefined> {
    return Promise.resolve(this.#versions.get(keyOf(nameHash)));
  }

  acceptedVersion(nameHash: Uint8Array | undefined, version: string): Promise<void> {
    const key = keyOf(nameHash);
    const known = this.#versions.get(key);
    if (known === undefined || compareAppVersions(version, known) > 0) this.#versions.set(key, version);
    return Promise.resolve();
  }

  seenStatement(nameHash: Uint8Array): Promise<SignedItem | undefined> {
    return Promise.resolve(this.#statements.get(toHex(nameHash)));
  }

  sawStatement(nameHash: Uint8Array, item: SignedItem): Promise<void> {
    const name = toHex(nameHash);
    if (item.seq >= (this.#statements.get(name)?.seq ?? 0n)) this.#statements.set(name, item);
    return Promise.resolve();
  }

  forgetStatement(nameHash: Uint8Array, seq: bigint): Promise<void> {
    const name = toHex(nameHash);
    if (this.#statements.get(name)?.seq === seq) this.#statements.delete(name);
    return Promise.resolve();
  }
}

function keyOf(nameHash: Uint8Array | undefined): string {
  return nameHash === undefined ? 'no name' : toHex(nameHash);
}
