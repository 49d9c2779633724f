/**
 * A DHT whose every node and lookup can be told to fail, lie or wait: what the memory DHT, being honest, cannot show.
 *
 * @module
 */
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { toHex } from '../../src/core/base/hex.ts';
import type { Dht, DhtGetOptions, ItemKey, ItemValue, StoringNode } from '../../src/ports/dht.ts';

/** How a node answers a put. `keeps` says yes and keeps what it has. */
export type PutAnswer = 'stores' | 'refuses' | 'keeps';

export interface ScriptedDht extends Dht {
  /** Lookups so far: the public keys in hex. */
  readonly lookups: string[];
  /** All puts so far. */
  readonly puts: { readonly node: number; readonly seq: bigint; readonly value: Uint8Array }[];
  /** What node `node` holds for a key. */
  set(node: number, key: ItemKey, item: ItemValue): void;
  held(node: number, key: ItemKey): ItemValue | undefined;
}

export interface ScriptedDhtOptions {
  readonly nodes: number;
  /** Called before each lookup; what it throws fails the lookup. */
  readonly beforeGet?: (key: ItemKey, count: number) => Promise<void> | void;
  /** Called after the nodes of a lookup were reported one by one; what it throws fails the lookup. */
  readonly afterNodes?: (key: ItemKey) => Promise<void> | void;
  /** Default: all store. */
  readonly answer?: (node: number, count: number) => PutAnswer;
  /** Called after each put. */
  readonly afterPut?: (node: number, key: ItemKey) => void;
}

export function scriptedDht(options: ScriptedDhtOptions): ScriptedDht {
  const { nodes, beforeGet, afterNodes, answer = () => 'stores', afterPut } = options;
  const stores = Array.from({ length: nodes }, () => new Map<string, ItemValue>());
  const nameOf = (key: ItemKey): string => toHex(key.publicKey);
  const dht: ScriptedDht = {
    lookups: [],
    puts: [],
    set: (node, key, item) => void stores[node]?.set(nameOf(key), item),
    held: (node, key) => stores[node]?.get(nameOf(key)),
    get: async (key, { onNode }: DhtGetOptions = {}) => {
      dht.lookups.push(nameOf(key));
      await beforeGet?.(key, dht.lookups.length);
      const found = stores.map((store, node): StoringNode => {
        const put = async (seq: bigint, value: Uint8Array): Promise<void> => {
          await Promise.resolve();
          dht.puts.push({ node, seq, value });
          const said = answer(node, dht.puts.length);
          if (said === 'refuses') throw new PeerpatchError('DHT_PUT_REFUSED', `node ${node} says no`);
          if (said === 'stores') store.set(nameOf(key), { seq, value });
          afterPut?.(node, key);
        };
        return { address: `node:${node}`, item: store.get(nameOf(key)), put };
      });
      for (const node of found) onNode?.(node);
      await afterNodes?.(key);
      return found;
    },
    close: () => Promise.resolve(),
  };
  return dht;
}
