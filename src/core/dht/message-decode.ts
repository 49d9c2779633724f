/**
 * Reads KRPC messages. A packet is either understood in every field this node uses, or dropped as a whole.
 *
 * Unknown fields are ignored: extensions of other nodes must not cut us off. Values over the limits of BEP 44 are read (the
 * packet bounds them), so that a storing node can refuse them with the code that says why. Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { MAX_PACKET_BYTES, MAX_TOKEN_BYTES, MAX_TRANSACTION_BYTES } from '../base/limits.ts';
import { addressOf, type Family, type NodeAddress } from './address.ts';
import { decodeBencode, encodeBencode, isList, type Bencoded, type BencodedDictionary } from './bencode.ts';
import { decodeContacts } from './contact.ts';
import type { MutableItem } from './item.ts';
import type { Answer, Failure, KrpcMessage, PutBody, Query, QueryBody } from './message.ts';
import { ID_BYTES } from './node-id.ts';

const MAX_TEXT_CHARACTERS = 100;

/** Copies what it keeps: `bytes` may be reused. @throws PeerpatchError DHT_MESSAGE_MALFORMED */
export function decodeMessage(bytes: Uint8Array): KrpcMessage {
  if (bytes.length > MAX_PACKET_BYTES) throw malformed(`${bytes.length} bytes are more than ${MAX_PACKET_BYTES}`);
  const message = asDictionary(decodeBencode(bytes), 'the packet');
  const transaction = requireBytes(message, 't');
  if (transaction.length < 1 || transaction.length > MAX_TRANSACTION_BYTES) {
    throw malformed(`a transaction id of ${transaction.length} bytes`);
  }
  const kind = asText(message.get('y'), 'y');
  if (kind === 'q') return decodeQuery(message, transaction);
  if (kind === 'r') return decodeAnswer(message, transaction);
  if (kind === 'e') return decodeFailure(message, transaction);
  throw malformed('neither query nor answer nor failure');
}

function decodeQuery(message: BencodedDictionary, transaction: Uint8Array): Query {
  const args = asDictionary(message.get('a'), 'a');
  return {
    kind: 'query',
    transaction,
    id: requireBytes(args, 'id', ID_BYTES),
    readOnly: isReadOnly(message),
    body: decodeBody(asText(message.get('q'), 'q'), args),
  };
}

function decodeBody(method: string, args: BencodedDictionary): QueryBody {
  switch (method) {
    case 'ping':
      return { method };
    case 'find_node':
      return { method, target: requireBytes(args, 'target', ID_BYTES), ...decodeWant(args) };
    case 'get_peers':
      return { method, target: requireBytes(args, 'info_hash', ID_BYTES), ...decodeWant(args) };
    case 'get': {
      const seq = optionalInteger(args, 'seq');
      const target = requireBytes(args, 'target', ID_BYTES);
      return { method, target, ...(seq !== undefined && { seq }), ...decodeWant(args) };
    }
    case 'put':
      return decodePut(args);
    default:
      return { method: 'other', name: method };
  }
}

function decodePut(args: BencodedDictionary): PutBody {
  const token = requireBytes(args, 'token');
  const item = decodeItem(args);
  // Immutable items (no key) are not stored here, and a key without seq or signature crashes other nodes.
  if (item === undefined) throw malformed('a put without k, seq, sig and v');
  const cas = optionalInteger(args, 'cas');
  const target = args.has('target') ? requireBytes(args, 'target', ID_BYTES) : undefined;
  return {
    method: 'put',
    token,
    item,
    salt: args.has('salt') ? requireBytes(args, 'salt') : new Uint8Array(),
    ...(cas !== undefined && { cas }),
    ...(target && { target }),
  };
}

function decodeAnswer(message: BencodedDictionary, transaction: Uint8Array): Answer {
  const fields = asDictionary(message.get('r'), 'r');
  const token = fields.has('token') ? requireBytes(fields, 'token') : undefined;
  if (token !== undefined && token.length > MAX_TOKEN_BYTES) throw malformed(`a token of ${token.length} bytes`);
  const nodes = fields.has('nodes') ? decodeContacts(requireBytes(fields, 'nodes'), 'ipv4') : undefined;
  const nodes6 = fields.has('nodes6') ? decodeContacts(requireBytes(fields, 'nodes6'), 'ipv6') : undefined;
  const item = decodeItem(fields);
  const seq = item === undefined ? optionalInteger(fields, 'seq') : undefined;
  const seenAt = decodeSeenAt(message.get('ip'));
  return {
    kind: 'answer',
    transaction,
    id: requireBytes(fields, 'id', ID_BYTES),
    readOnly: isReadOnly(message),
    ...(nodes && { nodes }),
    ...(nodes6 && { nodes6 }),
    ...(token && { token }),
    ...(item && { item }),
    ...(seq !== undefined && { seq }),
    ...(seenAt && { seenAt }),
  };
}

function decodeFailure(message: BencodedDictionary, transaction: Uint8Array): Failure {
  const [code, text] = asList(message.get('e'), 'e');
  if (typeof code !== 'bigint' || code < 0n || code > 9999n) throw malformed('a failure without a code');
  return { kind: 'failure', transaction, code: Number(code), text: failureText(text) };
}

/** The mutable item in an answer or a put; undefined when there is no value or it belongs to no key. */
function decodeItem(fields: BencodedDictionary): MutableItem | undefined {
  const value = fields.get('v');
  const publicKey = fields.has('k') ? requireBytes(fields, 'k', 32) : undefined;
  const signature = fields.has('sig') ? requireBytes(fields, 'sig', 64) : undefined;
  const seq = optionalInteger(fields, 'seq');
  if (value === undefined || publicKey === undefined || signature === undefined || seq === undefined) return undefined;
  return { publicKey, seq, signature, encodedValue: encodeBencode(value) };
}

/** A foreign text goes into messages and logs: printable ASCII, short. */
function failureText(text: Bencoded | undefined): string {
  if (!(text instanceof Uint8Array)) return '';
  const printable = text.subarray(0, MAX_TEXT_CHARACTERS).map((byte) => (byte >= 0x20 && byte < 0x7f ? byte : 0x3f));
  return String.fromCharCode(...printable);
}

function decodeWant(args: BencodedDictionary): { want?: readonly Family[] } {
  if (!args.has('want')) return {};
  const texts = asList(args.get('want'), 'want').map((entry) => asText(entry, 'want'));
  const families: Family[] = [];
  if (texts.includes('n4')) families.push('ipv4');
  if (texts.includes('n6')) families.push('ipv6');
  return { want: families };
}

/** Other lengths occur in the field and are of no use: no reason to drop the packet. */
function decodeSeenAt(value: Bencoded | undefined): NodeAddress | undefined {
  if (!(value instanceof Uint8Array) || (value.length !== 6 && value.length !== 18)) return undefined;
  const [high = 0, low = 0] = value.subarray(-2);
  return addressOf(value.subarray(0, -2), (high << 8) | low);
}

function isReadOnly(message: BencodedDictionary): boolean {
  return (optionalInteger(message, 'ro') ?? 0n) !== 0n;
}

function asDictionary(value: Bencoded | undefined, name: string): BencodedDictionary {
  if (!(value instanceof Map)) throw malformed(`${name} is no dictionary`);
  return value;
}

function asList(value: Bencoded | undefined, name: string): readonly Bencoded[] {
  if (value === undefined || !isList(value)) throw malformed(`${name} is no list`);
  return value;
}

function asText(value: Bencoded | undefined, name: string): string {
  if (!(value instanceof Uint8Array) || value.length > MAX_TEXT_CHARACTERS || value.some((byte) => byte > 0x7f)) {
    throw malformed(`${name} is no short text`);
  }
  return String.fromCharCode(...value);
}

function requireBytes(fields: BencodedDictionary, name: string, length?: number): Uint8Array {
  const value = fields.get(name);
  if (!(value instanceof Uint8Array)) throw malformed(`${name} is no string`);
  if (length !== undefined && value.length !== length) {
    throw malformed(`${name} has ${value.length} bytes instead of ${length}`);
  }
  return value.slice();
}

function optionalInteger(fields: BencodedDictionary, name: string): bigint | undefined {
  const value = fields.get(name);
  if (value !== undefined && typeof value !== 'bigint') throw malformed(`${name} is no integer`);
  return value;
}

function malformed(what: string): PeerpatchError {
  return new PeerpatchError('DHT_MESSAGE_MALFORMED', `could not read a DHT packet: ${what}`);
}
