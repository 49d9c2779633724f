/**
 * Contacts: a node's id and address, and their compact form in KRPC answers (BEP 5, BEP 32).
 *
 * offset  size    field
 *      0    20    node id
 *     20  4 | 16  IP, network order
 *     -2     2    port, u16 BE
 *
 * 26 bytes for IPv4 (`nodes`), 38 for IPv6 (`nodes6`), one behind the other. Spec: docs/spec/04-dht.md.
 *
 * @module
 */
import { concatBytes } from '../base/bytes.ts';
import { PeerpatchError } from '../base/errors.ts';
import { addressOf, isLocalIp, isSendable, parseIp, type Family, type NodeAddress } from './address.ts';
import { ID_BYTES } from './node-id.ts';

export interface Contact {
  /** 20 bytes. */
  readonly id: Uint8Array;
  readonly address: NodeAddress;
}

const IP_BYTES: Readonly<Record<Family, number>> = { ipv4: 4, ipv6: 16 };

/** Contacts of another family than `family` are a RangeError. */
export function encodeContacts(contacts: readonly Contact[], family: Family): Uint8Array {
  return concatBytes(...contacts.map(({ id, address }) => concatBytes(id, encodeEndpoint(address, family))));
}

/**
 * Reads compact node info. Contacts nobody can send to (port 0, multicast, unspecified) are left out.
 *
 * @throws PeerpatchError DHT_MESSAGE_MALFORMED when the length is no multiple of one contact's
 */
export function decodeContacts(bytes: Uint8Array, family: Family): Contact[] {
  const stride = ID_BYTES + IP_BYTES[family] + 2;
  if (bytes.length % stride !== 0) {
    throw new PeerpatchError(
      'DHT_MESSAGE_MALFORMED',
      `could not read contacts: ${bytes.length} bytes are no multiple of ${stride}`,
    );
  }
  const contacts: Contact[] = [];
  for (let offset = 0; offset < bytes.length; offset += stride) {
    const ip = bytes.subarray(offset + ID_BYTES, offset + stride - 2);
    const port = ((bytes[offset + stride - 2] ?? 0) << 8) | (bytes[offset + stride - 1] ?? 0);
    if (!isSendable(ip, port)) continue;
    contacts.push({ id: bytes.slice(offset, offset + ID_BYTES), address: addressOf(ip, port) });
  }
  return contacts;
}

/** IP and port in network order: 6 or 18 bytes. Also the `ip` field of BEP 42. */
export function encodeEndpoint(address: NodeAddress, family: Family): Uint8Array {
  const ip = parseIp(address.host);
  if (ip?.length !== IP_BYTES[family]) throw new RangeError(`not an ${family} address: ${address.host}`);
  return Uint8Array.of(...ip, address.port >> 8, address.port & 0xff);
}

/**
 * Whether a node at `from` may tell about `contact`. A stranger on the Internet must not point us at machines of our own
 * network.
 */
export function mayName(from: NodeAddress, contact: Contact): boolean {
  return !isLocalHost(contact.address) || isLocalHost(from);
}

export function isLocalHost(address: NodeAddress): boolean {
  const ip = parseIp(address.host);
  return ip !== undefined && isLocalIp(ip);
}
