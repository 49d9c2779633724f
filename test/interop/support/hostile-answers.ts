/**
 * Every wrong way to answer a DHT node of ours, one after the other, and every wrong way to ask it.
 *
 * @module
 */
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { encodeBencode, MAX_INTEGER, MIN_INTEGER, type Bencoded } from '../../../src/core/dht/bencode.ts';
import { itemMessage } from '../../../src/core/dht/item.ts';
import type { Slot } from '../../../src/core/record/slot.ts';
import { latin1 } from '../../support/dht-samples.ts';
import { releaseOf, STRANGER, valueOf } from '../../support/record-samples.ts';
import type { Script, ScriptedQuery } from './hostile-scripted-node.ts';
import { answerPacket, HAND_ID, queryPacket, type Entries } from './hostile-wire.ts';

export interface SlotItem {
  readonly name: string;
  readonly seq: bigint;
  readonly salt: Uint8Array;
  /** k, seq, sig and v. */
  readonly fields: Entries;
}

/**
 * Items under a slot's own key, correctly signed, that a stranger would put or answer.
 *
 * @param lastNumber none of them has a higher one
 */
export async function hostileItems({ itemKey, minute }: Slot, lastNumber: bigint = MAX_INTEGER): Promise<SlotItem[]> {
  const record = await valueOf({ node: 9, minute });
  const foreign = await valueOf({ node: 8, minute, release: releaseOf('9.9.9', STRANGER) });
  const older = await valueOf({ node: 7, minute, release: releaseOf('0.0.1') });
  const newer = await valueOf({ node: 6, minute: minute - 1, release: releaseOf('99.0.0') });
  const made = (name: string, seq: bigint, v: Bencoded): SlotItem => {
    const sig = itemKey.sign(itemMessage(itemKey.salt, seq, encodeBencode(v)));
    return { name, seq, salt: itemKey.salt, fields: { k: itemKey.publicKey, seq, sig, v } };
  };
  return [
    made('a record of ours with the last number', lastNumber, record),
    made('garbage with the last number', lastNumber, latin1('x'.repeat(400))),
    made('garbage with the number before', lastNumber - 1n, latin1('x'.repeat(400))),
    made('garbage with the lowest number', MIN_INTEGER, latin1('x'.repeat(400))),
    made('a negative number', -1n, foreign),
    ...[0, 1, 2, 3].map((length) => made(`${length} bytes`, 5n, new Uint8Array(length))),
    made('a length beyond the value', 6n, record.with(1, 0xff)),
    made('a record cut by one byte', 7n, record.subarray(0, -1)),
    made('a byte behind a record', 8n, concatBytes(record, Uint8Array.of(0))),
    made(
      'lengths of a record, bytes of none',
      9n,
      record.map((byte, index) => (index < 4 ? byte : ~byte)),
    ),
    made('a release of another owner', 10n, foreign),
    made('an older release', 11n, older),
    made('a record of another minute', 12n, newer),
    made('the longest value', 13n, new Uint8Array(996)),
    made('a number as value', 14n, 1n),
    made('a list as value', 15n, [latin1('a'), [1n]]),
    made('a dictionary as value', 16n, new Map([['a', 1n]])),
  ];
}

/** A node that answers each query in the next wrong way; now and then rightly, so that it stays in walks. */
export function lyingScript(items: readonly SlotItem[], contacts: Uint8Array): Script {
  let turn = 0;
  return ({ method, transaction }: ScriptedQuery) => {
    turn++;
    if (method === 'ping' || turn % 3 === 0) return undefined;
    if (method === 'put') return putAnswers(transaction)[turn % 9];
    const answers = [
      ...items.map(({ fields }) =>
        answerPacket({ nodes: contacts, token: latin1(`token ${turn}`), ...fields }, transaction),
      ),
      ...wrongAnswers(transaction, contacts),
    ];
    return answers[turn % answers.length];
  };
}

function putAnswers(transaction: Uint8Array): readonly (Uint8Array | 'silence')[] {
  const failure = (...e: readonly Bencoded[]): Uint8Array =>
    encodeBencode(
      new Map<string, Bencoded>([
        ['e', e],
        ['t', transaction],
        ['y', latin1('e')],
      ]),
    );
  return [
    answerPacket({}, transaction),
    failure(203n, latin1('Bad token')),
    failure(301n, latin1('CAS mismatched')),
    failure(302n, latin1('less than current')),
    failure(),
    failure(latin1('203'), 203n),
    failure(MAX_INTEGER, new Uint8Array(900).fill(0x1b)),
    'silence',
    answerPacket({ ro: 1n }, transaction, { ro: 1n }),
  ];
}

function wrongAnswers(transaction: Uint8Array, contacts: Uint8Array): readonly (Uint8Array | 'silence')[] {
  const answer = (fields: Entries, envelope: Entries = {}): Uint8Array => answerPacket(fields, transaction, envelope);
  const full = answer({ nodes: contacts, token: latin1('t') });
  return [
    answer({}),
    answer({ id: new Uint8Array(19) }),
    answer({ id: 5n }),
    answer({ token: new Uint8Array() }),
    answer({ token: new Uint8Array(64), nodes: contacts }),
    answer({ token: new Uint8Array(65), nodes: contacts }),
    answer({ token: 5n }),
    answer({ nodes: contacts.subarray(1) }),
    answer({ nodes: concatBytes(HAND_ID, Uint8Array.of(0, 0, 0, 0, 0, 0)) }),
    answer({ nodes: concatBytes(HAND_ID, Uint8Array.of(224, 0, 0, 1, 1, 1)) }),
    answer({ nodes6: new Uint8Array(38).fill(0xff), token: latin1('t') }),
    answer({ seq: MAX_INTEGER, token: latin1('t') }),
    answer({ nodes: contacts }, { ip: new Uint8Array(18) }),
    answer({ nodes: contacts }, { ip: Uint8Array.of(8, 8, 8, 8, 0, 53) }),
    answer({ nodes: contacts }, { v: new Uint8Array(100), ro: 1n }),
    answer({ nodes: contacts }, { y: latin1('q') }),
    answer({ nodes: contacts }, { t: new Uint8Array() }),
    answer({ nodes: contacts }, { t: concatBytes(transaction, transaction) }),
    full.subarray(0, -1),
    concatBytes(full, full),
    new Uint8Array(),
    latin1('l'.repeat(1400)),
    'silence',
  ];
}

/** Queries of a stranger: right ones, among them puts of every item with a good token, and wrong ones. */
export function hostileQueries(items: readonly SlotItem[], target: Uint8Array, token: Uint8Array): Uint8Array[] {
  const envelopes: readonly Entries[] = [{}, { ro: 1n }, { ro: -1n }, { v: new Uint8Array(3) }, { ip: latin1('x') }];
  const lengths = Array.from({ length: 18 }, (_, length) => length);
  const wants: readonly (Bencoded | undefined)[] = [undefined, [], [latin1('n4'), latin1('n6')], [latin1('n6')]];
  const seqs = [undefined, MIN_INTEGER, -1n, 0n, 12n, MAX_INTEGER];
  const tid = (length: number): Uint8Array => new Uint8Array(length).map((_, index) => index * 37);
  return [
    ...lengths.map((length) => queryPacket('ping', {}, tid(length))),
    ...envelopes.map((envelope) => queryPacket('ping', {}, tid(3), envelope)),
    ...wants.flatMap((want) => [
      queryPacket('find_node', { target, want }, tid(2)),
      queryPacket('get_peers', { info_hash: target, want }, tid(4)),
      ...seqs.map((seq) => queryPacket('get', { target, want, seq }, tid(7))),
    ]),
    ...items.flatMap(({ fields, salt }) => [
      queryPacket('put', { ...fields, salt, token, target }, tid(4)),
      queryPacket('put', { ...fields, salt, token }, tid(2)),
      queryPacket('put', { ...fields, salt, token, cas: MAX_INTEGER }, tid(5)),
      ...['k', 'seq', 'sig', 'v'].map((missing) =>
        queryPacket('put', { ...fields, salt, token, target, [missing]: undefined }, tid(4)),
      ),
    ]),
    queryPacket('announce_peer', { info_hash: target, port: 0n, token }, tid(2)),
    queryPacket('sample_infohashes', { target }, tid(16)),
    queryPacket('get', {}, tid(2)),
  ];
}
