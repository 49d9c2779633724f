/**
 * Records and sealed records, without a DHT: both sides make the same bytes of the same fields, open what the other sealed,
 * and refuse what was altered.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { concatBytes, u64le } from '../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { x25519FromEd25519Seed } from '../../src/core/crypto/x25519.ts';
import { ownerKeyFromSeed } from '../../src/core/keys/owner-key.ts';
import { encodeContent } from '../../src/core/record/content.ts';
import { openRecord } from '../../src/core/record/open.ts';
import { decodeRecord, encodeRecord, signRecord, verifyRecord } from '../../src/core/record/record.ts';
import { sealRecord, sealSecrets } from '../../src/core/record/seal.ts';
import { sealMessage } from '../../src/core/record/sealed-message.ts';
import { encryptionSeed, slotAt } from '../../src/core/record/slot.ts';
import { v0Topic } from '../../src/core/record/topic.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { OraclePanic, OracleRefusal, startOracle, type Oracle } from './support/oracle.ts';
import { fieldsOf, sampleRelease } from './support/release-fields.ts';
import { bytesOf, SAMPLE_MINUTES, seedOf } from './support/samples.ts';

const MINUTE = 29_000_000;
const TOPIC = v0Topic(ownerKeyFromSeed(seedOf('owner', 0)).publicKey);
const SLOT = slotAt(TOPIC, MINUTE);
const ENCRYPTION_SEED = toHex(encryptionSeed(TOPIC, MINUTE));
const NODE_SEED = seedOf('node', 0);
const NODE = ed25519Signer(NODE_SEED);
/** Content: nothing, what a PatchInfo has, what fills a DHT value of 996 bytes. */
const LENGTHS = [0, 1, 32, 64, 99, 100, 101, 104, 116, 117, 200, 400, 711, 712];
const MALFORMED = expect.objectContaining({ code: 'RECORD_MALFORMED' }) as Error;

const recordOf = (content: Uint8Array, minute = MINUTE): Uint8Array =>
  encodeRecord(signRecord({ topicId: TOPIC.id, minute, content }, NODE));
const secrets = () => sealSecrets((length) => systemRandom.bytes(length));

describe.each([
  ['rustpatcher-0.2.0', 'distributed-topic-tracker 0.2.1'],
  ['rustpatcher-0.2.2', 'distributed-topic-tracker 0.2.8'],
  ['current', 'distributed-topic-tracker 0.3.5'],
] as const)('%s', (workspace, versions) => {
  const row = (name: string, direction: CaseRow['direction']): CaseRow => ({ case: name, direction, versions });
  /** Up to 0.2.8 the crate panics where lengths do not fit; since 0.3 it returns an error. */
  const LengthFailure = workspace === 'current' ? OracleRefusal : OraclePanic;
  let oracle: Oracle;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle.close());

  const signByRust = (content: Uint8Array, minute = String(MINUTE)): Promise<string> =>
    oracle.ask('sign-record', { topic: toHex(TOPIC.id), minute, content: toHex(content), seed: toHex(NODE_SEED) });
  const verifyByRust = (record: Uint8Array, minute = MINUTE, topic = TOPIC.id): Promise<unknown> =>
    oracle.ask('verify-record', { record: toHex(record), topic: toHex(topic), minute: String(minute) });
  const openByRust = (value: Uint8Array): Promise<string> =>
    oracle.ask('open-record', { value: toHex(value), encryptionSeed: ENCRYPTION_SEED });
  const sealByRust = (record: Uint8Array): Promise<string> =>
    oracle.ask('seal-record', { record: toHex(record), encryptionSeed: ENCRYPTION_SEED });

  interopCase(row('record', 'both ways'), 'both sign the same bytes, for every content and minute', async (count) => {
    const cases = [
      ...LENGTHS.map((length) => [bytesOf('content', length), MINUTE] as const),
      ...SAMPLE_MINUTES.map((minute) => [bytesOf('content', 100), minute] as const),
    ];
    for (const [content, minute] of cases) {
      const ours = recordOf(content, minute);
      expect(await signByRust(content, String(minute))).toBe(toHex(ours));
      expect(await verifyByRust(ours, minute)).toEqual({
        topic: toHex(TOPIC.id),
        minute: String(minute),
        node: toHex(NODE.publicKey),
        signature: toHex(ours.subarray(-64)),
        record: toHex(ours),
      });
      verifyRecord(decodeRecord(ours), { topicId: TOPIC.id, minute });
    }
    count(3 * cases.length);
  });

  // The newest crates stand beside another signature encoding: encoding.test.ts.
  if (workspace !== 'current')
    interopCase(
      row('record', 'both ways'),
      'the release in it is the same, with hints behind it and without',
      async (count) => {
        const release = sampleRelease('1.2.3', 40);
        const hints = { addresses: ['10.0.0.1:4000', '[2001:db8::1]:4000'], relayUrl: 'https://relay.example' };
        for (const content of [
          { release, hints: { addresses: [] } },
          { release, hints },
        ].map(encodeContent)) {
          expect(await oracle.ask('record-info', { record: toHex(recordOf(content)) })).toEqual(fieldsOf(release));
        }
        count(2);
      },
    );

  const altered = row('record, altered', 'both refuse');
  interopCase(altered, 'every single byte counts', async (count) => {
    const record = recordOf(bytesOf('content', 100));
    for (let offset = 0; offset < record.length; offset++) {
      const other = record.with(offset, (record[offset] ?? 0) ^ 0x10);
      await expect(verifyByRust(other)).rejects.toThrow(OracleRefusal);
      expect(() => {
        verifyRecord(decodeRecord(other), SLOT);
      }).toThrow(MALFORMED);
    }
    count(2 * record.length);
  });

  interopCase(altered, 'it belongs to one topic and one minute', async (count) => {
    const record = recordOf(bytesOf('content', 100));
    const [otherTopic, otherMinute] = [seedOf('topic', 0), MINUTE + 1];
    await expect(verifyByRust(record, otherMinute)).rejects.toThrow(OracleRefusal);
    await expect(verifyByRust(record, MINUTE, otherTopic)).rejects.toThrow(OracleRefusal);
    expect(() => {
      verifyRecord(decodeRecord(record), { topicId: TOPIC.id, minute: otherMinute });
    }).toThrow(MALFORMED);
    expect(() => {
      verifyRecord(decodeRecord(record), { topicId: otherTopic, minute: MINUTE });
    }).toThrow(MALFORMED);
    count(4);
  });

  interopCase(altered, 'a node key of small order signs nothing', async (count) => {
    // R the neutral point and S zero: without the strict rule a signature of any message under this key.
    const neutral = fromHex(`01${'00'.repeat(31)}`);
    const body = concatBytes(TOPIC.id, u64le(MINUTE), neutral, bytesOf('content', 100));
    const record = concatBytes(body, neutral, new Uint8Array(32));
    await expect(verifyByRust(record)).rejects.toThrow(OracleRefusal);
    expect(() => {
      verifyRecord(decodeRecord(record), SLOT);
    }).toThrow(MALFORMED);
    count(2);
  });

  interopCase(
    row('record, too short', 'both refuse'),
    `Rust ${workspace === 'current' ? 'returns an error' : 'panics'}`,
    async (count) => {
      for (const length of [0, 31, 39, 71, 100, 135]) {
        const record = recordOf(new Uint8Array()).slice(0, length);
        await expect(verifyByRust(record)).rejects.toThrow(LengthFailure);
        expect(() => decodeRecord(record)).toThrow(MALFORMED);
      }
      count(12);
    },
  );

  interopCase(row('record of minute 2^53', 'differ'), 'Rust takes it, ours has no such minute', async (count) => {
    const record = fromHex(await signByRust(bytesOf('content', 100), String(2n ** 53n)));
    await oracle.ask('verify-record', { record: toHex(record), topic: toHex(TOPIC.id), minute: String(2n ** 53n) });
    expect(() => decodeRecord(record)).toThrow(MALFORMED);
    count(2);
  });

  interopCase(row('sealed record', 'both ways'), 'each opens what the other sealed', async (count) => {
    for (const length of LENGTHS) {
      const record = recordOf(bytesOf('content', length));
      const ours = await sealRecord(SLOT, decodeRecord(record), secrets());
      expect(ours).toHaveLength(284 + length);
      expect(await openByRust(ours)).toBe(toHex(record));
      const theirs = fromHex(await sealByRust(record));
      expect(theirs).toHaveLength(284 + length);
      expect(encodeRecord(await openRecord(SLOT, theirs))).toEqual(record);
    }
    count(4 * LENGTHS.length);
  });

  interopCase(row('sealed record, altered', 'both refuse'), 'every byte behind the length counts', async (count) => {
    const value = await sealRecord(SLOT, decodeRecord(recordOf(bytesOf('content', 100))), secrets());
    for (let offset = 4; offset < value.length; offset++) {
      const other = value.with(offset, (value[offset] ?? 0) ^ 0x10);
      await expect(openByRust(other)).rejects.toThrow(OracleRefusal);
      await expect(openRecord(SLOT, other)).rejects.toThrow(MALFORMED);
    }
    count(2 * (value.length - 4));
  });

  interopCase(
    row('sealed record, wrong lengths', 'both refuse'),
    `Rust ${workspace === 'current' ? 'returns errors' : 'panics where a length points beyond the end'}`,
    async (count) => {
      const value = await sealRecord(SLOT, decodeRecord(recordOf(bytesOf('content', 100))), secrets());
      const withLength = (length: number): Uint8Array => {
        const other = value.slice();
        new DataView(other.buffer).setUint32(0, length, true);
        return other;
      };
      const panics = [
        value.slice(0, 0),
        value.slice(0, 3),
        value.slice(0, 200),
        withLength(381),
        withLength(2 ** 32 - 1),
      ];
      for (const other of panics) await expect(openByRust(other)).rejects.toThrow(LengthFailure);
      const refused = [withLength(0), withLength(291), withLength(293), withLength(380), value.slice(0, -1)];
      refused.push(concatBytes(value, Uint8Array.of(0)));
      for (const other of refused) await expect(openByRust(other)).rejects.toThrow(OracleRefusal);
      for (const other of [...panics, ...refused]) await expect(openRecord(SLOT, other)).rejects.toThrow(MALFORMED);
      count(2 * (panics.length + refused.length));
    },
  );

  interopCase(
    row('sealed record, too short inside', 'both refuse'),
    `Rust ${workspace === 'current' ? 'returns an error' : 'panics'} when the seals are right and the record has 135 bytes`,
    async () => {
      const { oneTimeSeed, recordEphemeral, keyEphemeral } = secrets();
      const [record, key] = await Promise.all([
        sealMessage({
          recipientPublicKey: x25519FromEd25519Seed(oneTimeSeed).publicKey,
          ephemeralPrivateKey: recordEphemeral,
          plaintext: new Uint8Array(135),
        }),
        sealMessage({
          recipientPublicKey: SLOT.encryption.publicKey,
          ephemeralPrivateKey: keyEphemeral,
          plaintext: oneTimeSeed,
        }),
      ]);
      const value = concatBytes(u64le(record.length).subarray(0, 4), record, key);
      await expect(openByRust(value)).rejects.toThrow(LengthFailure);
      await expect(openRecord(SLOT, value)).rejects.toThrow(MALFORMED);
    },
  );
});
