/**
 * A DHT whose every node and lookup can be told to fail, lie or wait: what the memory DHT, being honest, cannot show.
 *
 * @module
 */
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { toHex } from '../../src/core/base/hex.ts';
import type { ItemName } from '../../src/core/dht/item.ts';
import type { SignedItem } from '../../src/core/stamp/block.ts';
import type { Dht, DhtGetOptions, ItemKey, ItemValue, SignedStoringNode, StoringNode } from '../../src/ports/dht.ts';

/** How a node answers a put. `keeps` says yes and keeps what it has. */
export type PutAnswer = 'stores' | 'refuses' | 'keeps';

export interface ScriptedDht extends Dht {
  /** Lookups so far: the public keys in hex. */
  readonly lookups: string[];
  /** All puts so far. */
  readonly puts: { readonly node: number; readonly seq: bigint; readonly value: Uint8Array }[];
  /** What node `node` holds under a name, signed or not. */
  set(node: number, name: ItemName, item: ItemValue | undefined): void;
  held(node: number, name: ItemName): ItemValue | undefined;
}

export interface ScriptedDhtOptions {
  readonly nodes: number;
  /** Called before each lookup; what it throws fails the lookup. */
  readonly beforeGet?: (name: ItemName, count: number) => Promise<void> | void;
  /** Called after the nodes of a lookup were reported one by one; what it throws fails the lookup. */
  readonly afterNodes?: (name: ItemName) => Promise<void> | void;
  /** Default: all store. */
  readonly answer?: (node: number, count: number) => PutAnswer;
  /** Called after each put. */
  readonly afterPut?: (node: number, name: ItemName) => void;
}

export function scriptedDht(options: ScriptedDhtOptions): ScriptedDht {
  const { nodes, beforeGet, afterNodes, answer = () => 'stores', afterPut } = options;
  const stores = Array.from({ length: nodes }, () => new Map<string, ItemValue & Partial<SignedItem>>());
  const nameOf = (name: ItemName): string => toHex(name.publicKey);

  const put = async (node: number, name: ItemName, item: ItemValue): Promise<void> => {
    await Promise.resolve();
    dht.puts.push({ node, seq: item.seq, value: item.value });
    const said = answer(node, dht.puts.length);
    if (said === 'refuses') throw new PeerpatchError('DHT_PUT_REFUSED', `node ${node} says no`);
    if (said === 'stores') stores[node]?.set(nameOf(name), item);
    afterPut?.(node, name);
  };
  const find = async <Node>(
    name: ItemName,
    asNode: (node: number, item: (ItemValue & Partial<SignedItem>) | undefined) => Node,
    { onNode }: DhtGetOptions<Node>,
  ): Promise<readonly Node[]> => {
    dht.lookups.push(nameOf(name));
    await beforeGet?.(name, dht.lookups.length);
    const found = stores.map((store, node) => asNode(node, store.get(nameOf(name))));
    for (const node of found) onNode?.(node);
    await afterNodes?.(name);
    return found;
  };

  const dht: ScriptedDht = {
    lookups: [],
    puts: [],
    set: (node, name, item) => {
      if (item === undefined) stores[node]?.delete(nameOf(name));
      else stores[node]?.set(nameOf(name), item);
    },
    held: (node, name) => stores[node]?.get(nameOf(name)),
    get: (key: ItemKey, getOptions: DhtGetOptions = {}) =>
      find<StoringNode>(
        key,
        (node, item) => ({
          address: `node:${node}`,
          item: item && { seq: item.seq, value: item.value },
          put: (seq, value) => put(node, key, { seq, value }),
        }),
        getOptions,
      ),
    getSigned: (name, getOptions = {}) =>
      find<SignedStoringNode>(
        name,
        (node, item) => ({
          address: `node:${node}`,
          item: item && { signature: new Uint8Array(64), ...item },
          put: (signed) => put(node, name, signed),
        }),
        getOptions,
      ),
    close: () => Promise.resolve(),
  };
  return dht;
}
