/**
 * What a node answers to a query (BEP 5, 32, 44). Clients answer nothing and do not come here.
 *
 * Every `get` answer has a token and the closest nodes, also when it has the value: a walk must not end at the first copy.
 * Nodes are named only while they answer. Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import type { Family, NodeAddress } from './address.ts';
import { isLocalHost, type Contact } from './contact.ts';
import type { ItemStore } from './item-store.ts';
import type { Answer, Failure, Query } from './message.ts';
import type { RoutingTable } from './routing-table.ts';
import type { TokenIssuer } from './token.ts';

/** BEP 5: nodes named in one answer. */
export const NODES_PER_ANSWER = 8;

export interface ServerState {
  readonly family: Family;
  readonly ownId: Uint8Array;
  readonly table: RoutingTable;
  readonly tokens: TokenIssuer;
  readonly items: ItemStore;
  /** The closest nodes of the other address family, when this node speaks both. */
  readonly otherFamily: ((target: Uint8Array, count: number) => readonly Contact[]) | undefined;
}

export function answerQuery(state: ServerState, query: Query, from: NodeAddress, nowMs: number): Answer | Failure {
  const { transaction, body } = query;
  const basis = { kind: 'answer', transaction, id: state.ownId, readOnly: false, seenAt: from } as const;
  switch (body.method) {
    case 'ping':
      return basis;
    case 'find_node':
      return { ...basis, ...closestNodes(state, body.target, body.want, from) };
    case 'get_peers':
      return {
        ...basis,
        token: state.tokens.issue(from, nowMs),
        ...closestNodes(state, body.target, body.want, from),
      };
    case 'get': {
      const item = state.items.get(body.target, nowMs);
      const isNewer = item !== undefined && (body.seq === undefined || item.seq > body.seq);
      return {
        ...basis,
        token: state.tokens.issue(from, nowMs),
        ...closestNodes(state, body.target, body.want, from),
        ...(item && (isNewer ? { item } : { seq: item.seq })),
      };
    }
    case 'put': {
      const refusal = state.tokens.isValid(body.token, from, nowMs)
        ? state.items.put(body, nowMs)
        : { code: 203, text: 'invalid token' };
      return refusal === undefined ? basis : { kind: 'failure', transaction, ...refusal };
    }
    case 'other':
      return { kind: 'failure', transaction, code: 204, text: 'method unknown' };
  }
}

function closestNodes(
  state: ServerState,
  target: Uint8Array,
  want: readonly Family[] | undefined,
  from: NodeAddress,
): Pick<Answer, 'nodes' | 'nodes6'> {
  const wanted = want === undefined || want.length === 0 ? [state.family] : want;
  const own = state.table.closest(target, NODES_PER_ANSWER, true);
  const other = state.otherFamily?.(target, NODES_PER_ANSWER) ?? [];
  // Addresses of a local network are of no use to the Internet, and none of its business.
  const visible = (contacts: readonly Contact[]): readonly Contact[] =>
    isLocalHost(from) ? contacts : contacts.filter(({ address }) => !isLocalHost(address));
  const ofFamily = (family: Family): readonly Contact[] => visible(family === state.family ? own : other);
  return {
    ...(wanted.includes('ipv4') && { nodes: ofFamily('ipv4') }),
    ...(wanted.includes('ipv6') && { nodes6: ofFamily('ipv6') }),
  };
}
