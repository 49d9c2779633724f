import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { hpkeOpen, hpkeSeal } from '../../../src/core/crypto/hpke.ts';
import { x25519KeyPair } from '../../../src/core/crypto/x25519.ts';

const RFC = JSON.parse(readFileSync(new URL('../../vectors/hpke-rfc9180.json', import.meta.url), 'utf8')) as Readonly<
  Record<'info' | 'pkEm' | 'skEm' | 'pkRm' | 'skRm' | 'enc' | 'pt' | 'aad' | 'ct', string>
>;

const recipient = x25519KeyPair(fromHex(RFC.skRm));
const info = fromHex(RFC.info);
const aad = fromHex(RFC.aad);
const message = { enc: fromHex(RFC.enc), ciphertext: fromHex(RFC.ct) };

describe('RFC 9180 A.2.1', () => {
  it('has the public keys of the vector', () => {
    expect(toHex(recipient.publicKey)).toBe(RFC.pkRm);
    expect(toHex(x25519KeyPair(fromHex(RFC.skEm)).publicKey)).toBe(RFC.pkEm);
  });

  it('seals to the bytes of the vector', async () => {
    const sealed = await hpkeSeal({
      recipientPublicKey: fromHex(RFC.pkRm),
      ephemeralPrivateKey: fromHex(RFC.skEm),
      info,
      aad,
      plaintext: fromHex(RFC.pt),
    });
    expect({ enc: toHex(sealed.enc), ct: toHex(sealed.ciphertext) }).toEqual({ enc: RFC.enc, ct: RFC.ct });
  });

  it('opens the bytes of the vector', async () => {
    const plaintext = await hpkeOpen({ recipient, ...message, info, aad });
    expect(plaintext && toHex(plaintext)).toBe(RFC.pt);
  });
});

describe('hpkeOpen', () => {
  const changed = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
  const refused: [name: string, change: Partial<Parameters<typeof hpkeOpen>[0]>][] = [
    ['another recipient', { recipient: x25519KeyPair(fromHex(RFC.skEm)) }],
    ['another info', { info: changed(info) }],
    ['another aad', { aad: changed(aad) }],
    ['a changed ciphertext', { ciphertext: changed(message.ciphertext) }],
    ['a changed enc', { enc: changed(message.enc) }],
    ['an enc of small order', { enc: new Uint8Array(32) }],
    ['an enc of 31 bytes', { enc: message.enc.slice(1) }],
    ['an enc of 33 bytes', { enc: Uint8Array.of(...message.enc, 0) }],
    ['a ciphertext shorter than a tag', { ciphertext: message.ciphertext.slice(0, 15) }],
    ['no ciphertext', { ciphertext: new Uint8Array() }],
  ];
  it.each(refused)('gives nothing for %s', async (_name, change) => {
    expect(await hpkeOpen({ recipient, ...message, info, aad, ...change })).toBeUndefined();
  });

  it('gives back what was sealed, also out of the middle of a larger buffer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (plaintext) => {
        const { enc, ciphertext } = await hpkeSeal({
          recipientPublicKey: recipient.publicKey,
          ephemeralPrivateKey: fromHex(RFC.skEm),
          info,
          aad,
          plaintext,
        });
        const packet = Uint8Array.of(1, 2, 3, ...ciphertext, 4);
        const opened = await hpkeOpen({ recipient, enc, ciphertext: packet.subarray(3, -1), info, aad });
        expect(opened).toEqual(plaintext);
      }),
      { numRuns: 20 },
    );
  });

  it('opens many messages at once', async () => {
    const opened = await Promise.all(Array.from({ length: 20 }, () => hpkeOpen({ recipient, ...message, info, aad })));
    expect(new Set(opened.map((bytes) => bytes && toHex(bytes)))).toEqual(new Set([RFC.pt]));
  });
});
