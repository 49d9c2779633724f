/**
 * What a storing node of each implementation answers to the same packets: puts of every kind, and transaction ids of every
 * length. The tables are those of docs/spec/04-dht.md.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { asciiBytes } from '../../src/core/base/bytes.ts';
import { encodeBencode } from '../../src/core/dht/bencode.ts';
import { itemMessage, itemTarget } from '../../src/core/dht/item.ts';
import type { Answer, Failure, PutBody } from '../../src/core/dht/message.ts';
import type { ItemKey } from '../../src/ports/dht.ts';
import { testItemKey } from '../support/dht-clients.ts';
import { isAvailable, openLoneNode, type MainlineVersion } from './support/dht-networks.ts';
import { interopCase } from './support/interop-case.ts';
import { openKrpcPeer, type KrpcPeer } from './support/krpc-peer.ts';
import { HOSTS } from './support/namespace.ts';

type Implementation = 'ours' | `mainline ${MainlineVersion}` | 'libtorrent';
const IMPLEMENTATIONS: readonly Implementation[] = [
  'ours',
  'mainline 5.4.0',
  'mainline 6.2.0',
  'mainline 8.0.1',
  'libtorrent',
];

/** A code, or what the node holds after it said success: `new`, or what it held before. */
type Verdict = number | 'new' | 'old' | 'silent';

interface PutCase {
  /** Seq of what the node holds before; nothing when absent. */
  readonly held?: bigint;
  /** Default 1. */
  readonly seq?: bigint;
  readonly cas?: bigint;
  /** Bytes of the value, without its bencoding. */
  readonly valueBytes?: number;
  readonly saltBytes?: number;
  readonly change?: (body: PutBody) => PutBody;
  /** Put from another IP than the token was given to. */
  readonly elsewhere?: boolean;
}

const STRANGER = testItemKey(99);
const withForeignKey = (body: PutBody): PutBody => ({
  ...body,
  item: { ...signed(STRANGER, body.salt, body.item.seq, body.item.encodedValue) },
});
const withoutTarget = ({ method, token, item, salt }: PutBody): PutBody => ({ method, token, item, salt });

/** Verdicts in the order of `IMPLEMENTATIONS`. */
const PUTS: readonly (readonly [name: string, put: PutCase, ...verdicts: Verdict[]])[] = [
  ['nothing is stored', {}, 'new', 'new', 'new', 'new', 'new'],
  ['a higher seq', { held: 5n, seq: 6n }, 'new', 'new', 'new', 'new', 'new'],
  ['equal seq, another value', { held: 5n, seq: 5n }, 'new', 'new', 'new', 'new', 'old'],
  ['a lower seq', { held: 5n, seq: 4n }, 302, 302, 302, 302, 302],
  ['a negative seq', { seq: -1n }, 'new', 'new', 'new', 'new', 203],
  ['the highest seq', { seq: 2n ** 63n - 1n }, 'new', 'new', 'new', 'new', 'new'],
  ['cas is the stored seq', { held: 5n, seq: 6n, cas: 5n }, 'new', 'new', 'new', 'new', 'new'],
  ['cas is another seq', { held: 5n, seq: 6n, cas: 6n }, 301, 301, 301, 301, 301],
  ['cas where nothing is stored', { seq: 6n, cas: 6n }, 'new', 'new', 'new', 'new', 'new'],
  ['cas and seq both wrong', { held: 5n, seq: 4n, cas: 4n }, 301, 301, 301, 301, 301],
  ['a value of 996 bytes', { valueBytes: 996 }, 'new', 'new', 'new', 'new', 'new'],
  ['a value of 997 bytes', { valueBytes: 997 }, 205, 'new', 'new', 'new', 205],
  ['a value of 1000 bytes', { valueBytes: 1000 }, 205, 'new', 'new', 'new', 205],
  ['a value of 1001 bytes', { valueBytes: 1001 }, 205, 205, 205, 205, 205],
  ['a salt of 64 bytes', { saltBytes: 64 }, 'new', 'new', 'new', 'new', 'new'],
  ['a salt of 65 bytes', { saltBytes: 65 }, 207, 207, 207, 207, 207],
  ['a token nobody gave', { change: (body) => ({ ...body, token: body.token.toReversed() }) }, 203, 203, 203, 203, 203],
  ['a token given to another IP', { elsewhere: true }, 203, 203, 203, 203, 203],
  [
    'a signature of another value',
    { change: ({ item, ...body }) => ({ ...body, item: { ...item, encodedValue: encodeBencode(asciiBytes('x')) } }) },
    ...([206, 206, 206, 206, 206] as const),
  ],
  // libtorrent binds tokens to the target: this one is for another.
  ['the key of another target', { change: withForeignKey }, 203, 'new', 'new', 206, 203],
  ['no target', { change: withoutTarget }, 'new', 'silent', 'silent', 'silent', 'new'],
];

/** Lengths of transaction ids. */
const IDS: readonly (readonly [bytes: number, ...answered: boolean[]])[] = [
  [1, true, false, false, false, true],
  [2, true, true, false, false, true],
  [3, true, false, false, false, true],
  [4, true, false, true, true, true],
  [8, true, false, false, false, true],
  [16, true, false, false, false, true],
];

for (const [column, implementation] of IMPLEMENTATIONS.entries()) {
  describe.skipIf(!isAvailable(implementation))(`a node of ${implementation}`, () => {
    const idBytes = implementation === 'mainline 5.4.0' ? 2 : 4;
    let node: Awaited<ReturnType<typeof openLoneNode>>;
    let peer: KrpcPeer;
    let elsewhere: KrpcPeer;
    beforeAll(async () => {
      node = await openLoneNode(implementation);
      peer = await openKrpcPeer();
      elsewhere = await openKrpcPeer(HOSTS[0]);
    });
    afterAll(async () => {
      await peer.close();
      await elsewhere.close();
      await node.stop();
    });

    const held = async (target: Uint8Array): Promise<Answer> =>
      asAnswer(await peer.ask(node.address, { method: 'get', target }, idBytes));
    const verdictOf = async (index: number, test: PutCase): Promise<Verdict> => {
      const key = testItemKey(100 + index, 's'.repeat(test.saltBytes ?? 4));
      const target = itemTarget(key.publicKey, key.salt);
      const { token = new Uint8Array() } = await held(target);
      if (test.held !== undefined)
        asAnswer(await peer.ask(node.address, putBody(key, token, { seq: test.held }, 'old'), idBytes));
      const body = putBody(key, token, test, 'new');
      const from = test.elsewhere === true ? elsewhere : peer;
      if (body.target === undefined && !(await from.answers(node.address, body, idBytes, idBytes))) return 'silent';
      const outcome = await from.ask(node.address, body, idBytes);
      if (outcome.kind === 'failure') return outcome.code;
      const { item } = await held(target);
      return item !== undefined && Buffer.from(item.encodedValue).equals(body.item.encodedValue) ? 'new' : 'old';
    };

    const row = { direction: 'equal', versions: implementation } as const;
    interopCase({ ...row, case: 'answers to puts' }, 'says what the table of the spec says', async (count) => {
      const verdicts: [string, Verdict][] = [];
      for (const [index, [name, test]] of PUTS.entries()) verdicts.push([name, await verdictOf(index, test)]);
      expect(verdicts).toEqual(PUTS.map(([name, , ...expected]) => [name, expected[column]]));
      count(verdicts.length);
    });

    interopCase({ ...row, case: 'transaction ids' }, 'reads ids of the lengths that the spec names', async (count) => {
      const answered: [number, boolean][] = [];
      for (const [bytes] of IDS) {
        answered.push([bytes, await peer.answers(node.address, { method: 'ping' }, bytes, idBytes)]);
      }
      expect(answered).toEqual(IDS.map(([bytes, ...expected]) => [bytes, expected[column]]));
      count(answered.length);
    });
  });
}

function signed(key: ItemKey, salt: Uint8Array, seq: bigint, encodedValue: Uint8Array): PutBody['item'] {
  return { publicKey: key.publicKey, seq, encodedValue, signature: key.sign(itemMessage(salt, seq, encodedValue)) };
}

function putBody(key: ItemKey, token: Uint8Array, test: PutCase, word: string): PutBody {
  const { seq = 1n, cas, valueBytes, change = (body: PutBody) => body } = test;
  const value = valueBytes === undefined ? asciiBytes(word) : new Uint8Array(valueBytes).fill(65);
  const item = signed(key, key.salt, seq, encodeBencode(value));
  const target = itemTarget(key.publicKey, key.salt);
  return change({ method: 'put', token, item, salt: key.salt, target, ...(cas !== undefined && { cas }) });
}

function asAnswer(outcome: Answer | Failure): Answer {
  if (outcome.kind === 'failure') throw new Error(`${outcome.code} ${outcome.text}`);
  return outcome;
}
