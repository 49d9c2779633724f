import { describe, expect, it } from 'vitest';
import { equalBytes } from '../../../src/core/base/bytes.ts';
import type { Contact } from '../../../src/core/dht/contact.ts';
import { itemTarget } from '../../../src/core/dht/item.ts';
import { ItemStore } from '../../../src/core/dht/item-store.ts';
import type { Answer, Failure, QueryBody } from '../../../src/core/dht/message.ts';
import { RoutingTable } from '../../../src/core/dht/routing-table.ts';
import { answerQuery, NODES_PER_ANSWER, type ServerState } from '../../../src/core/dht/server.ts';
import { TokenIssuer } from '../../../src/core/dht/token.ts';
import {
  contactOf,
  countedBytes,
  idOf,
  latin1,
  localAddress,
  publicAddress,
  SAMPLE_SIGNER,
  sampleItem,
} from '../../support/dht-samples.ts';

const OWN = idOf(0xaa);
const T = latin1('any length');
const SALT = latin1('s');
const TARGET = itemTarget(SAMPLE_SIGNER.publicKey, SALT);

function serverState(options: Partial<ServerState> = {}): ServerState {
  const table = new RoutingTable(OWN);
  for (let n = 1; n <= 15; n++) table.answered(contactOf(idOf(n), localAddress(n)), 0);
  return {
    family: 'ipv4',
    ownId: OWN,
    table,
    tokens: new TokenIssuer(countedBytes(), 0),
    items: new ItemStore(),
    otherFamily: undefined,
    ...options,
  };
}

function ask(state: ServerState, body: QueryBody, from = localAddress(50)): Answer | Failure {
  return answerQuery(state, { kind: 'query', transaction: T, id: idOf(1), readOnly: true, body }, from, 0);
}

function answerTo(state: ServerState, body: QueryBody, from = localAddress(50)): Answer {
  const answer = ask(state, body, from);
  if (answer.kind !== 'answer') throw new Error(`refused: ${answer.code} ${answer.text}`);
  return answer;
}

function filled(): ServerState {
  const state = serverState();
  state.items.put({ item: sampleItem(5n, 'five', SALT), salt: SALT }, 0);
  return state;
}

describe('the answers of a node', () => {
  it('carry its id, the transaction unchanged, no ro, and where it sees the asker', () => {
    expect(ask(serverState(), { method: 'ping' })).toEqual({
      kind: 'answer',
      transaction: T,
      id: OWN,
      readOnly: false,
      seenAt: localAddress(50),
    });
  });

  it('name the eight closest nodes', () => {
    const { nodes } = answerTo(serverState(), { method: 'find_node', target: idOf(4) });
    expect(nodes).toHaveLength(NODES_PER_ANSWER);
    expect(nodes?.[0]?.id[0]).toBe(4);
  });

  it('to a get carry a token and nodes with the item as well as without it', () => {
    for (const state of [serverState(), filled()]) {
      const answer = answerTo(state, { method: 'get', target: TARGET });
      expect(answer.nodes).toHaveLength(NODES_PER_ANSWER);
      expect(answer.token).toHaveLength(8);
    }
    expect(answerTo(filled(), { method: 'get', target: TARGET }).item).toEqual(sampleItem(5n, 'five', SALT));
    expect(answerTo(serverState(), { method: 'get', target: TARGET }).item).toBeUndefined();
  });

  it.each([
    [4n, true],
    [5n, false],
    [6n, false],
  ])('to a get after seq %d carry the value: %s', (seq, withValue) => {
    const answer = answerTo(filled(), { method: 'get', target: TARGET, seq });
    expect(answer.item !== undefined).toBe(withValue);
    expect(answer.seq).toBe(withValue ? undefined : 5n);
  });

  it('have an empty list of nodes where none is known', () => {
    const state = serverState({ table: new RoutingTable(OWN) });
    expect(answerTo(state, { method: 'get', target: TARGET }).nodes).toEqual([]);
  });

  it('name nodes of the families wanted', () => {
    const six: Contact = contactOf(idOf(6), { family: 'ipv6', host: '::1', port: 6 });
    const state = serverState({ otherFamily: () => [six] });
    const body = { method: 'find_node', target: idOf(4) } as const;
    expect(answerTo(state, body).nodes6).toBeUndefined();
    expect(answerTo(state, { ...body, want: ['ipv6'] })).toMatchObject({ nodes6: [six] });
    expect(answerTo(state, { ...body, want: ['ipv6'] }).nodes).toBeUndefined();
    expect(answerTo(state, { ...body, want: ['ipv4', 'ipv6'] }).nodes).toHaveLength(8);
  });

  it('do not tell the Internet about the local network', () => {
    const { nodes } = answerTo(serverState(), { method: 'find_node', target: idOf(4) }, publicAddress(1));
    expect(nodes).toEqual([]);
  });

  it('to get_peers carry a token and nodes', () => {
    const answer = answerTo(serverState(), { method: 'get_peers', target: TARGET });
    expect(answer.token).toHaveLength(8);
    expect(answer.nodes).toHaveLength(8);
  });

  it('to an unknown method are failure 204', () => {
    expect(ask(serverState(), { method: 'other', name: 'announce_peer' })).toMatchObject({
      kind: 'failure',
      code: 204,
    });
  });

  describe('to a put', () => {
    const body = (token: Uint8Array, text = 'six') =>
      ({ method: 'put', token, item: sampleItem(6n, text, SALT), salt: SALT, target: TARGET }) as const;

    it('are success and a stored item, with the token of a get', () => {
      const state = filled();
      const token = answerTo(state, { method: 'get', target: TARGET }).token ?? new Uint8Array();
      expect(ask(state, body(token))).toMatchObject({ kind: 'answer' });
      expect(equalBytes(state.items.get(TARGET, 0)?.encodedValue ?? new Uint8Array(), latin1('3:six'))).toBe(true);
    });

    it('are failure 203 with a token of another address, before anything else is looked at', () => {
      const state = filled();
      const token = state.tokens.issue(publicAddress(1), 0);
      const tooBig = { ...body(token), salt: new Uint8Array(65) };
      expect(ask(state, tooBig)).toEqual({ kind: 'failure', transaction: T, code: 203, text: 'invalid token' });
      expect(state.items.get(TARGET, 0)).toEqual(sampleItem(5n, 'five', SALT));
    });

    it('are the code of the rule that was broken', () => {
      const state = filled();
      const token = state.tokens.issue(localAddress(50), 0);
      expect(ask(state, { ...body(token), cas: 1n })).toMatchObject({ kind: 'failure', code: 301 });
    });
  });
});
