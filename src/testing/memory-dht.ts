/**
 * A DHT in memory: the Dht port without packets, for tests of what stands above it.
 *
 * Its nodes keep items by the rules of real ones (core/dht/item-store) but know no tokens, no loss and no routing. Passes the
 * same contract suite as io/dht/mainline.
 *
 * @module
 */
import { asciiBytes } from '../core/base/bytes.ts';
import { PeerpatchError } from '../core/base/errors.ts';
import { sha1 } from '../core/crypto/hash.ts';
import { itemOf, itemTarget, signedItemOf, signItem, type ItemName, type MutableItem } from '../core/dht/item.ts';
import { ItemStore } from '../core/dht/item-store.ts';
import { compareDistance } from '../core/dht/node-id.ts';
import { BUCKET_SIZE } from '../core/dht/routing-table.ts';
import type { SignedItem } from '../core/stamp/block.ts';
import type { Dht, DhtGetOptions } from '../ports/dht.ts';

export interface MemoryDhtOptions {
  /** Storing nodes. Default 20. */
  readonly nodes?: number;
  /** Milliseconds, for the age of items. Default: time stands still. */
  readonly now?: () => number;
}

interface MemoryNode {
  readonly id: Uint8Array;
  readonly address: string;
  readonly items: ItemStore;
}

type Check = (signal?: AbortSignal) => void;

interface AnsweringNode {
  readonly address: string;
  readonly item: SignedItem | undefined;
  readonly store: (make: () => MutableItem, check: Check, signal?: AbortSignal) => Promise<void>;
}

/** The network: shared by everyone who joins it. */
export class MemoryDht {
  readonly #nodes: readonly MemoryNode[];
  readonly #now: () => number;
  #online = true;

  constructor({ nodes = 20, now = () => 0 }: MemoryDhtOptions = {}) {
    this.#now = now;
    this.#nodes = Array.from({ length: nodes }, (_, index) => ({
      id: sha1(asciiBytes(`memory node ${index}`)),
      address: `127.0.0.1:${index + 1}`,
      items: new ItemStore(),
    }));
  }

  /** While false, nobody answers anybody: a lost network. */
  setOnline(online: boolean): void {
    this.#online = online;
  }

  /** A client of the network. */
  join(): Dht {
    let open = true;
    const check: Check = (signal) => {
      signal?.throwIfAborted();
      if (!open) throw new PeerpatchError('CANCELLED', 'the DHT client has been closed');
      if (!this.#online || this.#nodes.length === 0) {
        throw new PeerpatchError('DHT_UNREACHABLE', 'no DHT node answered: the network in memory is off');
      }
    };
    return {
      get: async (key, options = {}) => {
        await Promise.resolve();
        check(options.signal);
        return this.#find(key, options, ({ address, item, store }) => ({
          address,
          item: item && { seq: item.seq, value: item.value },
          put: (seq, value, signal) =>
            store(() => signItem({ ...key, sign: (message) => key.sign(message), seq, value }), check, signal),
        }));
      },
      getSigned: async (name, options = {}) => {
        await Promise.resolve();
        check(options.signal);
        return this.#find(name, options, ({ address, item, store }) => ({
          address,
          item,
          put: (signed, signal) => store(() => itemOf(name, signed), check, signal),
        }));
      },
      close: () => {
        open = false;
        return Promise.resolve();
      },
    };
  }

  #find<Node>(name: ItemName, { onNode }: DhtGetOptions<Node>, asNode: (node: AnsweringNode) => Node): readonly Node[] {
    const target = itemTarget(name.publicKey, name.salt);
    const closest = [...this.#nodes].sort((a, b) => compareDistance(target, a.id, b.id)).slice(0, BUCKET_SIZE);
    const found = closest.map(({ address, items }) => {
      const store: AnsweringNode['store'] = async (make, check, signal) => {
        const item = make();
        await Promise.resolve();
        check(signal);
        const refusal = items.put({ item, salt: name.salt, target }, this.#now());
        if (refusal === undefined) return;
        throw new PeerpatchError('DHT_PUT_REFUSED', `${address} refused to store: ${refusal.code} ${refusal.text}`);
      };
      const item = items.get(target, this.#now());
      return asNode({ address, item: item && signedItemOf(item), store });
    });
    if (onNode)
      found.forEach((node) => {
        onNode(node);
      });
    return found;
  }
}
