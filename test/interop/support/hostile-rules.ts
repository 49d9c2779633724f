/**
 * What a packet of ours may never be, since some node in the field falls over it, drops it or takes it wrongly
 * (docs/spec/04-dht.md). Looks at bytes alone, not at the code that wrote them.
 *
 * @module
 */
import { equalBytes } from '../../../src/core/base/bytes.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { MAX_INTEGER, encodeBencode, type Bencoded, type BencodedDictionary } from '../../../src/core/dht/bencode.ts';
import { isValidItem, itemTarget } from '../../../src/core/dht/item.ts';
import { bytesIn, outerOf } from './hostile-wire.ts';
import type { Packet } from './hostile-recorder.ts';

const KINDS = { q: 'query', r: 'answer', e: 'failure' } as const;
export type Kind = (typeof KINDS)[keyof typeof KINDS];

export interface Checked {
  readonly packet: Packet;
  readonly kind: Kind;
  /** Of a query, or of the query that is answered. */
  readonly method: string;
  /** What it does wrong. */
  readonly faults: readonly string[];
}

/** Checks what was sent from `isOurs` ports, in the light of what they got. */
export function checkPackets(packets: readonly Packet[], isOurs: (port: number) => boolean): Checked[] {
  /** Queries received and not yet answered, by who asked whom with which transaction id. */
  const open = new Map<string, BencodedDictionary[]>();
  /** The numbers of the items that a node gave us for a target. */
  const told = new Map<string, bigint[]>();
  /** Targets of our own queries, by transaction. */
  const asked = new Map<string, Uint8Array>();
  const checked: Checked[] = [];
  for (const packet of packets) {
    if (!isOurs(packet.port)) continue;
    const name = (outer: BencodedDictionary): string =>
      `${packet.port} ${packet.other} ${toHex(bytesIn(outer, 't') ?? new Uint8Array())}`;
    if (packet.direction === 'received') {
      const outer = readable(packet.bytes);
      if (outer === undefined) continue;
      const key = name(outer);
      if (outer.has('q')) open.set(key, [...(open.get(key) ?? []), outer]);
      const target = asked.get(key);
      const fields = dictionaryIn(outer, 'r');
      const seq = fields?.get('seq');
      if (target !== undefined && typeof seq === 'bigint' && fields?.has('sig') === true) {
        const of = `${packet.other} ${toHex(target)}`;
        told.set(of, [...(told.get(of) ?? []), seq]);
      }
      continue;
    }
    const outer = outerOf(packet.bytes);
    if (outer === undefined) throw new Error('sent something that is no dictionary');
    const kind = KINDS[textIn(outer, 'y') as keyof typeof KINDS];
    const faults = envelopeFaults(packet.bytes, outer);
    if (kind === 'query') {
      const method = textIn(outer, 'q');
      const target = bytesIn(outer, 'a', 'target') ?? new Uint8Array();
      asked.set(name(outer), target);
      faults.push(...queryFaults(outer, method, told.get(`${packet.other} ${toHex(target)}`) ?? []));
      checked.push({ packet, kind, method, faults });
    } else {
      // Strangers use a transaction id twice, and some of their queries are rightly not answered: take the one it fits best.
      const queries = open.get(name(outer)) ?? [];
      const [best] = queries
        .map((query) => ({ query, method: textIn(query, 'q'), faults: replyFaults(outer, query) }))
        .sort((a, b) => a.faults.length - b.faults.length);
      if (best === undefined) faults.push('answers what nobody asked, or with another transaction id');
      else queries.splice(queries.indexOf(best.query), 1);
      checked.push({ packet, kind, method: best?.method ?? '', faults: [...faults, ...(best?.faults ?? [])] });
    }
  }
  return checked;
}

function envelopeFaults(bytes: Uint8Array, outer: BencodedDictionary): string[] {
  const faults: string[] = [];
  const fault = (isFault: boolean, text: string): void => {
    if (isFault) faults.push(text);
  };
  fault(bytes.length < 15 || bytes.length > 1400, `is ${bytes.length} bytes long`);
  fault(!equalBytes(encodeSorted(outer), bytes), 'has keys out of order');
  fault(bytesIn(outer, 'v')?.length !== 4, 'has a v that is not 4 bytes');
  fault(outer.has('ip') && bytesIn(outer, 'ip')?.length !== 6, 'has an ip that is not 6 bytes');
  fault(
    outer.has('ro') && (!outer.has('q') || outer.get('ro') !== 1n),
    'has an ro that is not that of a client asking',
  );
  return faults;
}

function queryFaults(outer: BencodedDictionary, method: string, told: readonly bigint[]): string[] {
  const faults: string[] = [];
  const fault = (isFault: boolean, text: string): void => {
    if (isFault) faults.push(text);
  };
  const id = bytesIn(outer, 't')?.length;
  fault(id !== 2 && id !== 4, 'has a transaction id that no Rust node reads');
  fault(bytesIn(outer, 'a', 'id')?.length !== 20, 'has an id that is not 20 bytes');
  if (method !== 'ping') fault(bytesIn(outer, 'a', 'target')?.length !== 20, `is a ${method} without target`);
  if (method !== 'put') return faults;
  const args = dictionaryIn(outer, 'a');
  const seq = args?.get('seq');
  fault(args?.has('cas') === true, 'is a put with cas');
  fault(bytesIn(args, 'token') === undefined, 'is a put without token');
  fault(bytesIn(args, 'v') === undefined, 'is a put of something that is no byte string');
  faults.push(...itemFaults(args));
  const target = itemTarget(bytesIn(args, 'k') ?? new Uint8Array(), bytesIn(args, 'salt') ?? new Uint8Array());
  fault(!equalBytes(target, bytesIn(args, 'target') ?? target), 'is a put under another target');
  fault(typeof seq !== 'bigint' || seq < 0n, 'is a put without a number, or below 0');
  fault(seq === MAX_INTEGER && !told.includes(seq), 'is a put that brings the last number to a node');
  const follows = told.some((held) => seq === held + 1n || (seq === held && held >= MAX_INTEGER - 1n));
  fault(seq !== 0n && !follows, 'is a put whose number does not follow one that the node has given');
  return faults;
}

function replyFaults(outer: BencodedDictionary, query: BencodedDictionary): string[] {
  return outer.has('r') ? answerFaults(outer, query, textIn(query, 'q')) : failureFaults(outer);
}

function answerFaults(outer: BencodedDictionary, query: BencodedDictionary, method: string): string[] {
  const faults: string[] = [];
  const fault = (isFault: boolean, text: string): void => {
    if (isFault) faults.push(text);
  };
  const fields = dictionaryIn(outer, 'r');
  fault(bytesIn(fields, 'id')?.length !== 20, 'has an id that is not 20 bytes');
  fault((bytesIn(fields, 'nodes')?.length ?? 0) % 26 !== 0, 'has a contact cut off');
  fault((bytesIn(fields, 'nodes6')?.length ?? 0) % 38 !== 0, 'has an IPv6 contact cut off');
  const wantsToken = method === 'get' || method === 'get_peers';
  fault(wantsToken && (bytesIn(fields, 'token')?.length ?? 0) === 0, `answers ${method} without token`);
  const has = ['k', 'sig', 'seq', 'v'].filter((key) => fields?.has(key) === true);
  const seqAlone = has.length === 1 && has[0] === 'seq' && dictionaryIn(query, 'a')?.has('seq') === true;
  fault(has.length !== 0 && has.length !== 4 && !seqAlone, `has ${has.join(', ')} and not the rest`);
  if (has.length === 4) faults.push(...itemFaults(fields));
  return faults;
}

function itemFaults(fields: BencodedDictionary | undefined): string[] {
  const publicKey = bytesIn(fields, 'k');
  const signature = bytesIn(fields, 'sig');
  const seq = fields?.get('seq');
  const value = fields?.get('v');
  if (publicKey?.length !== 32 || signature?.length !== 64 || typeof seq !== 'bigint' || value === undefined) {
    return ['has an item in which something is missing'];
  }
  const salt = bytesIn(fields, 'salt');
  // An answer does not say the salt.
  if (fields?.has('target') !== true) return [];
  const item = { publicKey, signature, seq, encodedValue: encodeBencode(value) };
  return isValidItem(item, publicKey, salt ?? new Uint8Array()) ? [] : ['has an item with a bad signature'];
}

function failureFaults(outer: BencodedDictionary): string[] {
  const [code, text] = outer.get('e') as readonly Bencoded[];
  const codes = [201n, 202n, 203n, 204n, 205n, 206n, 207n, 301n, 302n];
  const isText = text instanceof Uint8Array && text.every((byte) => byte >= 0x20 && byte < 0x7f);
  return typeof code === 'bigint' && codes.includes(code) && isText ? [] : ['is a failure without code and text'];
}

export function dictionaryIn(map: BencodedDictionary, key: string): BencodedDictionary | undefined {
  const value = map.get(key);
  return value instanceof Map ? (value as BencodedDictionary) : undefined;
}

function textIn(map: BencodedDictionary, key: string): string {
  return String.fromCharCode(...(bytesIn(map, key) ?? []));
}

/** What strangers send need not be readable. */
function readable(bytes: Uint8Array): BencodedDictionary | undefined {
  try {
    return outerOf(bytes);
  } catch {
    return undefined; // a packet that cannot be read is dropped, so nothing of ours follows from it
  }
}

/** The envelope and its dictionaries with keys sorted; what is inside an item stays as its owner signed it. */
function encodeSorted(outer: BencodedDictionary): Uint8Array {
  const sorted = (map: BencodedDictionary): BencodedDictionary =>
    new Map(
      [...map]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [
          key,
          value instanceof Map && key !== 'v' ? sorted(value as BencodedDictionary) : value,
        ]),
    );
  return encodeBencode(sorted(outer));
}
