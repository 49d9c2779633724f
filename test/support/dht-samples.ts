/**
 * Small parts DHT tests share: ids, addresses, bencode from text, counted randomness.
 *
 * @module
 */
import type { NodeAddress } from '../../src/core/dht/address.ts';
import { ed25519Signer, type Ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import type { Contact } from '../../src/core/dht/contact.ts';
import { signItem, type MutableItem } from '../../src/core/dht/item.ts';

/** Latin-1 text as bytes: bencode is easiest to read that way. */
export function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** An id that starts with these bytes and goes on with zeros. */
export function idOf(...bytes: readonly number[]): Uint8Array {
  const id = new Uint8Array(20);
  id.set(bytes);
  return id;
}

/** The n-th node of a local network. */
export function localAddress(n: number): NodeAddress {
  return { family: 'ipv4', host: '127.0.0.1', port: 1000 + n };
}

/** The n-th node of the Internet, each with an IP of its own. */
export function publicAddress(n: number): NodeAddress {
  return { family: 'ipv4', host: `8.${n >> 16}.${(n >> 8) & 0xff}.${n & 0xff}`, port: 6881 };
}

export function contactOf(id: Uint8Array, address: NodeAddress): Contact {
  return { id, address };
}

/** Bytes that differ each time and are the same in each run. */
export function countedBytes(): (length: number) => Uint8Array {
  let state = 1;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    });
}

export const SAMPLE_SIGNER: Ed25519Signer = ed25519Signer(new Uint8Array(32).fill(3));

export function sampleItem(seq: bigint, text: string, salt: Uint8Array = new Uint8Array()): MutableItem {
  const { publicKey, sign } = SAMPLE_SIGNER;
  return signItem({ publicKey, salt, sign, seq, value: latin1(text) });
}
