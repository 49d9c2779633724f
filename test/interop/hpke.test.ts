/**
 * Sealed messages: what one side seals the other opens, and neither opens what was altered.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { x25519FromEd25519Seed } from '../../src/core/crypto/x25519.ts';
import { openMessage, sealMessage } from '../../src/core/record/sealed-message.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { OracleRefusal, startOracle, type Oracle } from './support/oracle.ts';
import { bytesOf, SAMPLE_OWNERS, seedOf } from './support/samples.ts';

/** Nothing, one-time keys (32), records (136 and more), both sides of the cipher's blocks of 64 bytes. */
const LENGTHS = [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 136, 137, 200, 236, 240, 255, 256, 500, 832, 999, 1000];
const SEED = seedOf('recipient', 0);
const KEY = ed25519Signer(SEED).publicKey;
const MALFORMED = expect.objectContaining({ code: 'RECORD_MALFORMED' }) as Error;
/** X25519 keys of small order, with which anyone knows the shared secret. */
const WEAK_ENC = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
];

describe.each([
  ['rustpatcher-0.2.0', 'ed25519-dalek-hpke 0.0.4, ed25519-dalek 2.2.0'],
  ['rustpatcher-0.2.2', 'ed25519-dalek-hpke 0.0.5, ed25519-dalek 3.0.0-pre.1'],
  ['current', 'ed25519-dalek-hpke 0.0.5, ed25519-dalek 3.0.0'],
] as const)('%s', (workspace, versions) => {
  const row: CaseRow = { case: 'HPKE message', direction: 'both ways', versions };
  const refused: CaseRow = { ...row, case: 'HPKE message, altered', direction: 'both refuse' };
  let oracle: Oracle;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle.close());

  const sealByRust = (plaintext: Uint8Array, key = KEY): Promise<string> =>
    oracle.ask('seal', { key: toHex(key), plaintext: toHex(plaintext) });
  const openByRust = (sealed: Uint8Array, seed = SEED): Promise<string> =>
    oracle.ask('open', { seed: toHex(seed), sealed: toHex(sealed) });
  const sealByUs = (plaintext: Uint8Array, seed = SEED): Promise<Uint8Array> =>
    sealMessage({
      recipientPublicKey: x25519FromEd25519Seed(seed).publicKey,
      ephemeralPrivateKey: systemRandom.bytes(32),
      plaintext,
    });
  const openByUs = (sealed: Uint8Array, seed = SEED): Promise<Uint8Array> =>
    openMessage(x25519FromEd25519Seed(seed), sealed);
  const expectBothRefuse = async (sealed: Uint8Array, seed = SEED): Promise<void> => {
    await expect(openByRust(sealed, seed)).rejects.toThrow(OracleRefusal);
    await expect(openByUs(sealed, seed)).rejects.toThrow(MALFORMED);
  };

  interopCase(row, 'each opens what the other sealed, whatever its length', async (count) => {
    for (const length of LENGTHS) {
      const plaintext = bytesOf('plaintext', length);
      const fromUs = await sealByUs(plaintext);
      expect(fromUs).toHaveLength(length + 56);
      expect(await openByRust(fromUs)).toBe(toHex(plaintext));
      const fromRust = fromHex(await sealByRust(plaintext));
      expect(fromRust).toHaveLength(length + 56);
      expect(await openByUs(fromRust)).toEqual(plaintext);
    }
    count(4 * LENGTHS.length);
  });

  interopCase(row, 'one-time keys pass both ways, to every kind of key', async (count) => {
    for (const [index, { seed, key }] of SAMPLE_OWNERS.entries()) {
      const oneTimeSeed = seedOf('one-time', index);
      expect(await openByRust(await sealByUs(oneTimeSeed, seed), seed)).toBe(toHex(oneTimeSeed));
      expect(await openByUs(fromHex(await sealByRust(oneTimeSeed, key.publicKey)), seed)).toEqual(oneTimeSeed);
    }
    count(2 * SAMPLE_OWNERS.length);
  });

  for (const [name, seal] of [
    ['ours', sealByUs],
    ['Rust', async (plaintext: Uint8Array) => fromHex(await sealByRust(plaintext))],
  ] as const) {
    interopCase(refused, `every single bit of a message of ${name} counts`, async (count) => {
      const sealed = await seal(seedOf('one-time', 0));
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const byte = bit >> 3;
        await expectBothRefuse(sealed.with(byte, (sealed[byte] ?? 0) ^ (1 << (bit & 7))));
      }
      count(2 * sealed.length * 8);
    });

    interopCase(refused, `no other length of a message of ${name} opens`, async (count) => {
      const sealed = await seal(seedOf('one-time', 0));
      for (let length = 0; length < sealed.length; length++) await expectBothRefuse(sealed.slice(0, length));
      await expectBothRefuse(concatBytes(sealed, Uint8Array.of(0)));
      count(2 * (sealed.length + 1));
    });

    interopCase(refused, `another key does not open a message of ${name}`, async () => {
      await expectBothRefuse(await seal(seedOf('one-time', 0)), seedOf('recipient', 1));
    });
  }

  interopCase(refused, 'an ephemeral key of small order opens nothing', async (count) => {
    const sealed = await sealByUs(seedOf('one-time', 0));
    for (const enc of WEAK_ENC) {
      await expectBothRefuse(concatBytes(sealed.subarray(0, 8), fromHex(enc), sealed.subarray(40)));
    }
    count(2 * WEAK_ENC.length);
  });
});
