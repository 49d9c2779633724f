/**
 * KRPC messages as values: queries, answers, failures (BEP 5, 32, 42, 43, 44), and how they are written.
 *
 * query    { a: {id, ...}, q: method, ro: 1 from clients, t, v, y: "q" }
 * answer   { ip, r: {id, ...}, t, v, y: "r" }
 * failure  { e: [code, text], t, v, y: "e" }
 *
 * Keys are written sorted. `v` names the implementation in exactly 4 bytes and `ip` is sent to IPv4 only: nodes in the
 * field drop packets with other lengths. message-decode.ts reads. Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import { asciiBytes } from '../base/bytes.ts';
import type { Family, NodeAddress } from './address.ts';
import { decodeBencode, dictionary, encodeBencode, type Bencoded } from './bencode.ts';
import { encodeContacts, encodeEndpoint, type Contact } from './contact.ts';
import type { MutableItem } from './item.ts';

/** What a query asks for, apart from who asks. */
export type QueryBody =
  | { readonly method: 'ping' }
  | { readonly method: 'find_node' | 'get_peers'; readonly target: Uint8Array; readonly want?: readonly Family[] }
  | {
      readonly method: 'get';
      readonly target: Uint8Array;
      /** BEP 44: leave the value out unless it is newer than this. */
      readonly seq?: bigint;
      readonly want?: readonly Family[];
    }
  | PutBody
  /** A method this node does not know. */
  | { readonly method: 'other'; readonly name: string };

export interface PutBody {
  readonly method: 'put';
  readonly token: Uint8Array;
  readonly item: MutableItem;
  readonly salt: Uint8Array;
  /** Store only over an item of this seq. */
  readonly cas?: bigint;
  /** Not in BEP 44, but nodes in the field drop a put without it. */
  readonly target?: Uint8Array;
}

export interface Query {
  readonly kind: 'query';
  /** 1 to 16 bytes, chosen by who asks. */
  readonly transaction: Uint8Array;
  readonly id: Uint8Array;
  /** BEP 43: who asks answers no queries and belongs in no routing table. */
  readonly readOnly: boolean;
  readonly body: QueryBody;
}

export interface Answer {
  readonly kind: 'answer';
  readonly transaction: Uint8Array;
  readonly id: Uint8Array;
  readonly nodes?: readonly Contact[];
  readonly nodes6?: readonly Contact[];
  readonly token?: Uint8Array;
  /** A mutable item: complete or absent. */
  readonly item?: MutableItem;
  /** The item's seq alone: it is not newer than asked for. */
  readonly seq?: bigint;
  /** BEP 42: the address the answering node sees us at. */
  readonly seenAt?: NodeAddress;
  /** The sender calls itself a client although it answers. */
  readonly readOnly: boolean;
}

export interface Failure {
  readonly kind: 'failure';
  readonly transaction: Uint8Array;
  /** BEP 5 and 44: 201 to 207, 301, 302. */
  readonly code: number;
  readonly text: string;
}

export type KrpcMessage = Query | Answer | Failure;

/** Names this implementation to others: `PP`, version 1. */
export const CLIENT_VERSION: Uint8Array = Uint8Array.of(0x50, 0x50, 0x00, 0x01);

const WANT: Readonly<Record<Family, Uint8Array>> = { ipv4: asciiBytes('n4'), ipv6: asciiBytes('n6') };

export function encodeMessage(message: KrpcMessage): Uint8Array {
  const envelope = { t: message.transaction, v: CLIENT_VERSION };
  switch (message.kind) {
    case 'query':
      return encodeBencode(
        dictionary({
          ...envelope,
          y: asciiBytes('q'),
          q: asciiBytes(message.body.method === 'other' ? message.body.name : message.body.method),
          a: dictionary({ id: message.id, ...bodyEntries(message.body) }),
          ro: message.readOnly ? 1n : undefined,
        }),
      );
    case 'answer':
      return encodeBencode(
        dictionary({
          ...envelope,
          y: asciiBytes('r'),
          r: dictionary(answerEntries(message)),
          ip: message.seenAt?.family === 'ipv4' ? encodeEndpoint(message.seenAt, 'ipv4') : undefined,
          ro: message.readOnly ? 1n : undefined,
        }),
      );
    case 'failure':
      return encodeBencode(
        dictionary({ ...envelope, y: asciiBytes('e'), e: [BigInt(message.code), asciiBytes(message.text)] }),
      );
  }
}

type Entries = Record<string, Bencoded | undefined>;

function bodyEntries(body: QueryBody): Entries {
  switch (body.method) {
    case 'ping':
    case 'other':
      return {};
    case 'find_node':
      return { target: body.target, want: wantList(body.want) };
    case 'get_peers':
      return { info_hash: body.target, want: wantList(body.want) };
    case 'get':
      return { target: body.target, seq: body.seq, want: wantList(body.want) };
    case 'put':
      return {
        ...itemEntries(body.item),
        token: body.token,
        cas: body.cas,
        target: body.target,
        salt: body.salt.length > 0 ? body.salt : undefined,
      };
  }
}

function answerEntries(answer: Answer): Entries {
  return {
    id: answer.id,
    nodes: answer.nodes && encodeContacts(answer.nodes, 'ipv4'),
    nodes6: answer.nodes6 && encodeContacts(answer.nodes6, 'ipv6'),
    token: answer.token,
    seq: answer.seq,
    ...(answer.item && itemEntries(answer.item)),
  };
}

function itemEntries(item: MutableItem): Entries {
  return { k: item.publicKey, seq: item.seq, sig: item.signature, v: decodeBencode(item.encodedValue) };
}

function wantList(want: readonly Family[] | undefined): Bencoded | undefined {
  return want?.map((family) => WANT[family]);
}
