/**
 * The DHT as the agent sees it: walk to the nodes that store a key, see what each holds, store at each.
 *
 * Real: io/dht/mainline. Fake: testing/memory-dht. Items that reach the caller are verified against the key they were asked
 * for under (BEP 44); what is inside them is not.
 *
 * @module
 */
import type { ItemName } from '../core/dht/item.ts';
import type { SignedItem } from '../core/stamp/block.ts';

/** The name of an item and the secret key to it. */
export interface ItemKey extends ItemName {
  /** Signs an item under `publicKey`. */
  sign(message: Uint8Array): Uint8Array;
}

/** One stored value, its signature verified. */
export interface ItemValue {
  /** BEP 44 sequence number, a signed 64-bit integer. */
  readonly seq: bigint;
  /** The byte string stored: without its bencoding. */
  readonly value: Uint8Array;
}

/** A node close to the item's target that answered, and what it holds for the target. */
export interface StoringNode {
  /** Host and port as `127.0.0.1:6881` or `[::1]:6881`: for logs. */
  readonly address: string;
  /** Undefined when the node holds nothing valid for the target. */
  readonly item: ItemValue | undefined;
  /**
   * Stores `value` under `seq` at this node with the token it gave; no `cas`.
   *
   * @throws PeerpatchError DHT_PUT_REFUSED, DHT_UNREACHABLE
   */
  put(seq: bigint, value: Uint8Array, signal?: AbortSignal): Promise<void>;
}

/** A {@link StoringNode} for an item whose secret key is elsewhere: it is stored as its owner signed it, or not at all. */
export interface SignedStoringNode {
  /** Host and port as `127.0.0.1:6881` or `[::1]:6881`: for logs, and the same at each look-up. */
  readonly address: string;
  /** Undefined when the node holds nothing valid for the target. */
  readonly item: SignedItem | undefined;
  /**
   * Stores the item as it is at this node with the token it gave; no `cas`.
   *
   * @throws PeerpatchError DHT_PUT_REFUSED, also for a signature that is not the name's; DHT_UNREACHABLE; RangeError for a
   * value or seq no node would store
   */
  put(item: SignedItem, signal?: AbortSignal): Promise<void>;
}

export interface DhtGetOptions<Node = StoringNode> {
  readonly signal?: AbortSignal;
  /** Called for each answering node as its answer arrives, before the walk has ended. */
  readonly onNode?: (node: Node) => void;
}

export interface Dht {
  /** Looks up the item at the closest nodes, all of them: values may differ between nodes. Closest first.
   *
   * @throws PeerpatchError DHT_UNREACHABLE when no node answered at all
   */
  get(key: ItemKey, options?: DhtGetOptions): Promise<readonly StoringNode[]>;
  /**
   * The same for an item under somebody else's key.
   *
   * @throws PeerpatchError DHT_UNREACHABLE when no node answered at all
   */
  getSigned(name: ItemName, options?: DhtGetOptions<SignedStoringNode>): Promise<readonly SignedStoringNode[]>;
  close(): Promise<void>;
}
