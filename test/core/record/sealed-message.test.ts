import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPeerpatchError } from '../../../src/core/base/errors.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { x25519FromEd25519Seed } from '../../../src/core/crypto/x25519.ts';
import {
  decodeSealedMessage,
  encodeSealedMessage,
  openMessage,
  sealMessage,
} from '../../../src/core/record/sealed-message.ts';
import { slotAt } from '../../../src/core/record/slot.ts';
import { TOPIC, V0 } from '../../support/record-samples.ts';

const GOLDEN = fromHex(
  [
    '2000000000000000', // key length 32
    '0faa684ed28867b97f4a6a2dee5df8ce974e76b7018e3f22a1c4cf2678570f20', // enc
    '6c005a97448158e74c22eb91c9a31840291c73fdd4546e02a2f827a2d4668f0b', // ciphertext of the one-time seed
    'c7c5a0ae3cc4c33951dd161295a626e7', // tag
  ].join(''),
);
const reader = slotAt(TOPIC, V0.slot.minute).encryption;

describe('sealMessage and openMessage', () => {
  it('make and read the golden bytes', async () => {
    const sealed = await sealMessage({
      recipientPublicKey: reader.publicKey,
      ephemeralPrivateKey: fromHex(V0.sealed.ephemeralSecretKey),
      plaintext: fromHex(V0.sealed.oneTimeSeed),
    });
    expect(toHex(sealed)).toBe(toHex(GOLDEN));
    expect(toHex(await openMessage(reader, GOLDEN))).toBe(V0.sealed.oneTimeSeed);
  });

  it('refuse another reader', async () => {
    const other = x25519FromEd25519Seed(new Uint8Array(32));
    await expect(openMessage(other, GOLDEN)).rejects.toMatchObject({ code: 'RECORD_MALFORMED' });
  });

  it('refuse every change of a byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(GOLDEN.length - 1), fc.integer({ min: 1, max: 255 }), async (offset, change) => {
        // The top bit of enc is ignored by X25519 itself (RFC 7748), but the key schedule covers it.
        const bytes = GOLDEN.with(offset, (GOLDEN[offset] ?? 0) ^ change);
        await expect(openMessage(reader, bytes)).rejects.toMatchObject({ code: 'RECORD_MALFORMED' });
      }),
      { numRuns: 40 },
    );
  });
});

describe('decodeSealedMessage', () => {
  const malformed: [name: string, bytes: Uint8Array][] = [
    ['empty', new Uint8Array()],
    ['one byte below the minimum', GOLDEN.slice(0, 55)],
    ['a key length of 33', GOLDEN.with(0, 33)],
    ['a key length of 2^32 + 32', GOLDEN.with(4, 1)],
    ['a key length of 2^63 + 32', GOLDEN.with(7, 0x80)],
  ];
  it.each(malformed)('rejects: %s', (_name, bytes) => {
    expect(() => decodeSealedMessage(bytes)).toThrow(expect.objectContaining({ code: 'RECORD_MALFORMED' }));
  });

  it('is canonical: what it accepts, it writes back byte for byte', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.nat(255), fc.nat(GOLDEN.length + 1), (offset, byte, length) => {
        const bytes = Uint8Array.from({ length }, (_, index) => (index === offset ? byte : (GOLDEN[index] ?? 0)));
        try {
          expect(encodeSealedMessage(decodeSealedMessage(bytes))).toEqual(bytes);
        } catch (error) {
          if (!isPeerpatchError(error, 'RECORD_MALFORMED')) throw error;
        }
      }),
    );
  });
});
