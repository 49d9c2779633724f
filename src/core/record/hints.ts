/**
 * Address hints: where a node can be reached, behind the release in a record's content.
 *
 * offset  size  field
 *      0     1  version    0x01
 *      1     1  count      0 to 4 socket addresses
 *      2        addresses  each: family (4 or 6), IP (4 or 16 bytes), port u16 BE
 *    ...     1  length     of the relay's URL, 0 to 128; 0 = no relay
 *    ...        URL        ASCII, http or https
 *
 * Nodes without this format ignore the bytes. Hints may be wrong: a connection proves the node's id by itself.
 * Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { asciiBytes, concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { MAX_HINT_ADDRESSES, MAX_RELAY_URL_BYTES } from '../base/limits.ts';
import { addressOf, formatAddress, isSendable, parseIp } from '../dht/address.ts';

const HINT_VERSION = 0x01;

export interface AddressHints {
  /** `host:port`, IPv6 in brackets. */
  readonly addresses: readonly string[];
  readonly relayUrl?: string;
}

/** Hints of a node that gives none. */
export const NO_HINTS: AddressHints = { addresses: [] };

/**
 * The hints worth sending, and worth dialling: numeric unicast addresses, each once, the first four; the relay if its
 * URL can be written.
 */
export function usableHints({ addresses, relayUrl }: AddressHints): AddressHints {
  const usable = addresses
    .map(parseSocketAddress)
    .filter((address) => address !== undefined)
    .filter(({ ip, port }) => isSendable(ip, port))
    .map(({ ip, port }) => formatAddress(addressOf(ip, port)));
  return {
    addresses: [...new Set(usable)].slice(0, MAX_HINT_ADDRESSES),
    ...(relayUrl !== undefined && isRelayUrl(relayUrl) && { relayUrl }),
  };
}

/**
 * The bytes of hints; none at all when there is nothing to say.
 *
 * @throws RangeError for what the format cannot hold: {@link usableHints} leaves only what it can
 */
export function encodeHints({ addresses, relayUrl = '' }: AddressHints): Uint8Array {
  if (addresses.length === 0 && relayUrl === '') return new Uint8Array();
  if (addresses.length > MAX_HINT_ADDRESSES) throw new RangeError(`too many hint addresses: ${addresses.length}`);
  if (relayUrl !== '' && !isRelayUrl(relayUrl)) throw new RangeError(`not a relay url: ${relayUrl}`);
  return concatBytes(
    Uint8Array.of(HINT_VERSION, addresses.length),
    ...addresses.map(encodeAddress),
    Uint8Array.of(relayUrl.length),
    asciiBytes(relayUrl),
  );
}

/**
 * Reads hints strictly: one encoding for each. Addresses may be ones that {@link usableHints} drops.
 *
 * @throws PeerpatchError RECORD_MALFORMED
 */
export function decodeHints(bytes: Uint8Array): AddressHints {
  if (bytes.length === 0) return NO_HINTS;
  const [version, count = 0] = bytes;
  if (version !== HINT_VERSION) throw malformed(`unknown version ${version ?? 0}`);
  if (count > MAX_HINT_ADDRESSES) throw malformed(`${count} addresses, at most ${MAX_HINT_ADDRESSES} are allowed`);

  const addresses: string[] = [];
  let offset = 2;
  for (let index = 0; index < count; index++) {
    const ipLength = bytes[offset] === 4 ? 4 : bytes[offset] === 6 ? 16 : undefined;
    if (ipLength === undefined) throw malformed(`address ${index} is neither IPv4 nor IPv6`);
    const address = bytes.subarray(offset + 1, offset + 1 + ipLength + 2);
    if (address.length !== ipLength + 2) throw malformed(`address ${index} is cut off`);
    const port = ((address[ipLength] ?? 0) << 8) | (address[ipLength + 1] ?? 0);
    addresses.push(formatAddress(addressOf(address.subarray(0, ipLength), port)));
    offset += 1 + ipLength + 2;
  }

  const urlLength = bytes[offset];
  if (urlLength === undefined || urlLength !== bytes.length - offset - 1) {
    throw malformed('the length of the relay url does not fit');
  }
  if (count === 0 && urlLength === 0) throw malformed('no hints are written as no bytes');
  const relayUrl = String.fromCharCode(...bytes.subarray(offset + 1));
  if (relayUrl !== '' && !isRelayUrl(relayUrl)) throw malformed('the relay url is not one');
  return { addresses, ...(relayUrl !== '' && { relayUrl }) };
}

function encodeAddress(text: string): Uint8Array {
  const address = parseSocketAddress(text);
  if (address === undefined) throw new RangeError(`not a socket address: ${text}`);
  const { ip, port } = address;
  return concatBytes(Uint8Array.of(ip.length === 4 ? 4 : 6), ip, Uint8Array.of(port >> 8, port & 0xff));
}

/** The address of `host:port`; numbers only, since a name would let a stranger choose what we look up. */
function parseSocketAddress(text: string): { ip: Uint8Array; port: number } | undefined {
  const [, bracketed, plain = '', digits] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(0|[1-9]\d{0,4})$/i.exec(text) ?? [];
  const ip = parseIp(bracketed ?? plain);
  const port = Number(digits);
  const fits = ip?.length === (bracketed === undefined ? 4 : 16) && port <= 0xffff;
  return ip !== undefined && fits ? { ip, port } : undefined;
}

function isRelayUrl(text: string): boolean {
  return text.length <= MAX_RELAY_URL_BYTES && /^https?:\/\/[\x21-\x7e]+$/.test(text) && URL.canParse(text);
}

function malformed(reason: string): PeerpatchError {
  return new PeerpatchError('RECORD_MALFORMED', `the address hints are malformed: ${reason}`);
}
