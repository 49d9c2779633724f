/**
 * z-base-32, the text form of keys: 32 bytes are 52 characters.
 *
 * Five bits a character, most significant bit first, no padding characters, lower case only. Canonical: one text per
 * value, so unused bits of the last character must be zero. Spec: docs/spec/01-key.md.
 *
 * @module
 */

const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';

/** The z-base-32 text of `bytes`. */
export function encodeZbase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let buffer = 0;
  for (const byte of bytes) {
    buffer = ((buffer << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((buffer >>> bits) & 31);
    }
  }
  if (bits > 0) text += ALPHABET.charAt((buffer << (5 - bits)) & 31);
  return text;
}

/** The bytes of a z-base-32 text, or undefined when it is not the one text of any bytes. */
export function decodeZbase32(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8));
  let bits = 0;
  let buffer = 0;
  let length = 0;
  for (const character of text) {
    const value = ALPHABET.indexOf(character);
    if (value === -1) return undefined;
    buffer = ((buffer << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (buffer >>> bits) & 0xff;
    }
  }
  // Left-over bits must be padding: fewer than a character's worth, and zero.
  if (bits >= 5 || (buffer & ((1 << bits) - 1)) !== 0) return undefined;
  return bytes;
}
