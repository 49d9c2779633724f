/**
 * The record's part of test/vectors/v0.json: every field of it is computed, compared and counted.
 *
 * @module
 */
import { expect, it } from 'vitest';
import { asciiBytes, concatBytes, u64le } from '../../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { encodeZbase32 } from '../../../src/core/base/zbase32.ts';
import { ed25519Signer } from '../../../src/core/crypto/ed25519.ts';
import { sha1, sha512Half } from '../../../src/core/crypto/hash.ts';
import { decodeRecord, encodeRecord, signRecord } from '../../../src/core/record/record.ts';
import { sealRecord } from '../../../src/core/record/seal.ts';
import { decodeSealedValue } from '../../../src/core/record/sealed-value.ts';
import { encryptionSeed, slotAt } from '../../../src/core/record/slot.ts';
import { initialSecret } from '../../../src/core/record/topic.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { OWNER, TOPIC, V0 } from '../../support/record-samples.ts';

const slot = slotAt(TOPIC, V0.slot.minute);
const node = ed25519Signer(fromHex(V0.node.seed));
const content = fromHex(V0.patch.info);
const record = signRecord({ topicId: TOPIC.id, minute: slot.minute, content }, node);

/** Section of the file to what our code makes of it, and the number of its fields. */
const sections: [name: 'topic' | 'slot' | 'node' | 'record' | 'sealed', fields: number, ours: () => unknown][] = [
  [
    'topic',
    4,
    () => ({
      name: `rustpatcher:${formatPublicKey(OWNER.publicKey)}`,
      topic: toHex(TOPIC.id),
      initialSecret: toHex(initialSecret(TOPIC.id)),
      initialSecretHash: toHex(TOPIC.secretHash),
    }),
  ],
  [
    'slot',
    10,
    () => {
      const { publicKey, salt } = slot.itemKey;
      // The salt of a later, incompatible version of the same scheme: shows that the two are not confused.
      const laterSalt = sha512Half(asciiBytes('salt'), TOPIC.id, u64le(slot.minute));
      return {
        minute: slot.minute,
        seed: toHex(salt),
        publicKey: toHex(publicKey),
        saltV02: toHex(salt),
        saltV03: toHex(laterSalt),
        targetV02: toHex(sha1(publicKey, salt)),
        targetV03: toHex(sha1(publicKey, laterSalt)),
        encryptionSeed: toHex(encryptionSeed(TOPIC, slot.minute)),
        encryptionEd25519Public: toHex(ed25519Signer(encryptionSeed(TOPIC, slot.minute)).publicKey),
        encryptionX25519Public: toHex(slot.encryption.publicKey),
      };
    },
  ],
  ['node', 3, () => ({ seed: V0.node.seed, id: toHex(node.publicKey), idText: encodeZbase32(node.publicKey) })],
  [
    'record',
    3,
    () => {
      const bytes = encodeRecord(record);
      return { bytes: toHex(bytes), length: bytes.length, signature: toHex(decodeRecord(bytes).signature) };
    },
  ],
  [
    'sealed',
    9,
    async () => {
      const { oneTimeSeed, ephemeralSecretRecord, ephemeralSecretKey } = V0.sealed;
      const value = await sealRecord(slot, record, {
        oneTimeSeed: fromHex(oneTimeSeed),
        recordEphemeral: fromHex(ephemeralSecretRecord),
        keyEphemeral: fromHex(ephemeralSecretKey),
      });
      const { sealedRecord, sealedKey } = decodeSealedValue(value);
      const signed = concatBytes(
        asciiBytes('4:salt32:'),
        slot.itemKey.salt,
        asciiBytes(`3:seqi0e1:v${value.length}:`),
        value,
      );
      return {
        oneTimeSeed,
        ephemeralSecretRecord,
        ephemeralSecretKey,
        sealedRecordLength: sealedRecord.length,
        sealedKey: toHex(sealedKey),
        sealedKeyLength: sealedKey.length,
        value: toHex(value),
        valueLength: value.length,
        itemSignatureSeq0: toHex(slot.itemKey.sign(signed)),
      };
    },
  ],
];

it.each(sections)('computes every field of "%s"', async (name, _fields, ours) => {
  expect(await ours()).toEqual(V0[name]);
});

it('checks as many fields as the file has', () => {
  expect(sections.map(([name]) => Object.keys(V0[name]).length)).toEqual(sections.map(([, fields]) => fields));
});
