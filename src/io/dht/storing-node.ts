/**
 * One node near an item's target, with the token it gave: what a walk hands to its caller.
 *
 * Tokens live five to ten minutes; an older one, or one the node no longer takes, is fetched anew before the put.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import { formatAddress, type NodeAddress } from '../../core/dht/address.ts';
import { itemOf, signItem, type ItemName, type MutableItem } from '../../core/dht/item.ts';
import type { Answer } from '../../core/dht/message.ts';
import type { QueryFailure } from '../../core/dht/pending-queries.ts';
import type { SignedItem } from '../../core/stamp/block.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ItemKey, SignedStoringNode, StoringNode } from '../../ports/dht.ts';
import type { DhtEndpoint } from './endpoint.ts';

const TOKEN_FRESH_MS: number = 4 * MINUTE_MS;
/** BEP 44: the node no longer takes the token. Also used for other faults, so it is tried once more only. */
const PROTOCOL_ERROR = 203;

export interface AnsweringNode {
  readonly endpoint: Pick<DhtEndpoint, 'query'>;
  readonly address: NodeAddress;
  /** 20 bytes. */
  readonly target: Uint8Array;
  /** What it holds, verified. */
  readonly item: SignedItem | undefined;
  readonly token: Uint8Array | undefined;
  readonly clock: Clock;
}

/** A node at which items of our own are stored: each put signs. */
export function storingNode(key: ItemKey, node: AnsweringNode): StoringNode {
  const { publicKey, salt } = key;
  const store = storeAt(node, salt);
  return {
    address: formatAddress(node.address),
    item: node.item && { seq: node.item.seq, value: node.item.value },
    put: async (seq, value, signal) => {
      await store(signItem({ publicKey, salt, sign: (message) => key.sign(message), seq, value }), signal);
    },
  };
}

/** A node at which items are stored that their owner signed elsewhere. */
export function signedStoringNode(name: ItemName, node: AnsweringNode): SignedStoringNode {
  const store = storeAt(node, name.salt);
  return {
    address: formatAddress(node.address),
    item: node.item,
    put: async (item, signal) => {
      await store(itemOf(name, item), signal);
    },
  };
}

/** Stores items at one node, with the token it gave or another one. */
function storeAt(
  { endpoint, address, target, clock, ...given }: AnsweringNode,
  salt: Uint8Array,
): (item: MutableItem, signal: AbortSignal | undefined) => Promise<void> {
  const name = formatAddress(address);
  let token = given.token;
  let tokenMs = clock.monotonic();

  const ask = async (signal: AbortSignal | undefined): Promise<void> => {
    const answer = answered(await endpoint.query(address, { method: 'get', target }, signal), name);
    token = answer.token;
    tokenMs = clock.monotonic();
  };

  return async (item, signal) => {
    let asked = clock.monotonic() - tokenMs > TOKEN_FRESH_MS;
    if (asked) await ask(signal);
    for (;;) {
      if (token === undefined) throw new PeerpatchError('DHT_PUT_REFUSED', `${name} gave no token to put with`);
      const body = { method: 'put', token, item, salt, target } as const;
      const outcome = await endpoint.query(address, body, signal);
      const retry = 'reason' in outcome && outcome.reason === 'refused' && outcome.code === PROTOCOL_ERROR && !asked;
      if (!retry) {
        answered(outcome, name);
        return;
      }
      asked = true;
      await ask(signal);
    }
  };
}

/** @throws PeerpatchError DHT_PUT_REFUSED, DHT_UNREACHABLE, CANCELLED */
function answered(outcome: Answer | QueryFailure, name: string): Answer {
  if (!('reason' in outcome)) return outcome;
  switch (outcome.reason) {
    case 'refused':
      throw new PeerpatchError('DHT_PUT_REFUSED', `${name} refused to store: ${outcome.code} ${outcome.text}`.trim());
    case 'timeout':
      throw new PeerpatchError('DHT_UNREACHABLE', `${name} did not answer`);
    case 'overloaded':
      throw new PeerpatchError('DHT_UNREACHABLE', `${name} was not asked: too many DHT queries are waiting`);
    case 'closed':
      throw new PeerpatchError('CANCELLED', 'the DHT client has been closed');
  }
}
