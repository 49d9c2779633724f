/**
 * Node ids: 20 bytes, the XOR distance between them, and ids bound to an address (BEP 42).
 *
 * A secure id starts with 21 bits that follow from the node's public address, so that nobody picks ids next to a target
 * at will. Loopback and private addresses carry any id. Spec: docs/spec/04-dht.md. Makes no randomness itself.
 *
 * @module
 */
import { isLocalIp } from './address.ts';

export const ID_BYTES = 20;
export const ID_BITS = 160;

const MASK_V4 = [0x03, 0x0f, 0x3f, 0xff];
const MASK_V6 = [0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff];
const CRC32C_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest;
});

/** The XOR of two ids: compare distances as big-endian numbers (`compareBytes`). */
export function distance(a: Uint8Array, b: Uint8Array): Uint8Array {
  const result = new Uint8Array(ID_BYTES);
  for (let index = 0; index < ID_BYTES; index++) result[index] = (a[index] ?? 0) ^ (b[index] ?? 0);
  return result;
}

/** Negative when `a` is closer to `target` than `b`: for `sort`. */
export function compareDistance(target: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < ID_BYTES; index++) {
    const own = target[index] ?? 0;
    const difference = ((a[index] ?? 0) ^ own) - ((b[index] ?? 0) ^ own);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many leading bits two ids share: 0 to 160. */
export function sharedPrefixBits(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < ID_BYTES; index++) {
    const difference = (a[index] ?? 0) ^ (b[index] ?? 0);
    if (difference !== 0) return index * 8 + Math.clz32(difference) - 24;
  }
  return ID_BITS;
}

/**
 * The BEP 42 id for an address.
 *
 * @param ip 4 or 16 bytes, the address others see
 * @param random 20 random bytes: the parts of the id that are free
 */
export function secureNodeId(ip: Uint8Array, random: Uint8Array): Uint8Array {
  const id = random.slice(0, ID_BYTES);
  const crc = addressChecksum(ip, id[19] ?? 0);
  id[0] = crc >>> 24;
  id[1] = crc >>> 16;
  id[2] = ((crc >>> 8) & 0xf8) | ((random[2] ?? 0) & 0x07);
  return id;
}

/** Whether `id` may belong to a node at `ip` (4 or 16 bytes). Loopback and private addresses may carry any id. */
export function isSecureNodeId(id: Uint8Array, ip: Uint8Array): boolean {
  if (isLocalIp(ip)) return true;
  const crc = addressChecksum(ip, id[19] ?? 0);
  const [first = 0, second = 0, third = 0] = id;
  return first === crc >>> 24 && second === ((crc >>> 16) & 0xff) && (third & 0xf8) === ((crc >>> 8) & 0xf8);
}

function addressChecksum(ip: Uint8Array, random: number): number {
  const masked = (ip.length === 4 ? MASK_V4 : MASK_V6).map((mask, index) => (ip[index] ?? 0) & mask);
  masked[0] = (masked[0] ?? 0) | ((random & 7) << 5);
  let crc = 0xffffffff;
  for (const byte of masked) crc = (CRC32C_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
