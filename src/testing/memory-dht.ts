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
import { itemBytes, itemTarget, isValidItem, signItem } from '../core/dht/item.ts';
import { ItemStore } from '../core/dht/item-store.ts';
import { compareDistance } from '../core/dht/node-id.ts';
import { BUCKET_SIZE } from '../core/dht/routing-table.ts';
import type { Dht, DhtGetOptions, ItemKey, ItemValue, StoringNode } from '../ports/dht.ts';

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
    const check = (signal: AbortSignal | undefined): void => {
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
        return this.#get(key, options, check);
      },
      close: () => {
        open = false;
        return Promise.resolve();
      },
    };
  }

  #get(key: ItemKey, { onNode }: DhtGetOptions, check: (signal?: AbortSignal) => void): readonly StoringNode[] {
    const target = itemTarget(key.publicKey, key.salt);
    const closest = [...this.#nodes].sort((a, b) => compareDistance(target, a.id, b.id)).slice(0, BUCKET_SIZE);
    const found = closest.map((node): StoringNode => {
      const put = async (seq: bigint, value: Uint8Array, signal?: AbortSignal): Promise<void> => {
        const item = signItem({
          publicKey: key.publicKey,
          salt: key.salt,
          sign: (message) => key.sign(message),
          seq,
          value,
        });
        await Promise.resolve();
        check(signal);
        const refusal = node.items.put({ item, salt: key.salt, target }, this.#now());
        if (refusal !== undefined) {
          throw new PeerpatchError(
            'DHT_PUT_REFUSED',
            `${node.address} refused to store: ${refusal.code} ${refusal.text}`,
          );
        }
      };
      return { address: node.address, item: readItem(node, key, target, this.#now()), put };
    });
    for (const node of found) onNode?.(node);
    return found;
  }
}

function readItem(
  node: MemoryNode,
  { publicKey, salt }: ItemKey,
  target: Uint8Array,
  nowMs: number,
): ItemValue | undefined {
  const item = node.items.get(target, nowMs);
  if (item === undefined || !isValidItem(item, publicKey, salt)) return undefined;
  const value = itemBytes(item);
  return value && { seq: item.seq, value };
}
