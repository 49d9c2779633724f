/**
 * Topics, slots and records as rustpatcher makes them (test/vectors/rustpatcher-slots.json, -records.json, -sealed.json): every
 * row is derived, signed or opened, and counted.
 *
 * @module
 */
import { expect, it } from 'vitest';
import { asciiBytes, u64le } from '../../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { ed25519Signer } from '../../../src/core/crypto/ed25519.ts';
import { sha512Half } from '../../../src/core/crypto/hash.ts';
import { itemTarget } from '../../../src/core/dht/item.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { decodeContent, encodeContent } from '../../../src/core/record/content.ts';
import { openAnnouncement } from '../../../src/core/record/open.ts';
import { decodeRecord, encodeRecord, signRecord, verifyRecord } from '../../../src/core/record/record.ts';
import { encryptionSeed, slotAt } from '../../../src/core/record/slot.ts';
import { v0Topic } from '../../../src/core/record/topic.ts';
import { verifyRelease } from '../../../src/core/release/release.ts';
import { openSealed, type RecordVectors, type SealedVectors } from '../../support/rust-sealed.ts';
import { ruleBytes, ruleOwner, rustVectors } from '../../support/rust-vectors.ts';

interface SlotVectors {
  readonly topics: readonly Readonly<Record<'name' | 'id' | 'secretHash', string> & { owner: number }>[];
  readonly slots: readonly ({ readonly owner: number; readonly minute: number } & Readonly<
    Record<'seed' | 'publicKey' | 'salt' | 'target' | 'encryptionSeed' | 'encryptionPublicKey', string>
  >)[];
  /** Of distributed-topic-tracker 0.3. */
  readonly laterSlots: readonly ({ readonly owner: number; readonly minute: number } & Readonly<
    Record<'publicKey' | 'salt' | 'target', string>
  >)[];
}

const { topics, slots, laterSlots } = rustVectors<SlotVectors>('slots');
const recordVectors = rustVectors<RecordVectors>('records');
const { records } = recordVectors;
const sealed = rustVectors<SealedVectors>('sealed');
const topicOf = (owner: number) => v0Topic(ruleOwner(owner).publicKey);
const SEALERS = ['rustpatcher-0.2.0', 'rustpatcher-0.2.2'] as const;

it('derives 3 topics', () => {
  const ours = topics.map(({ owner }) => {
    const { id, secretHash } = topicOf(owner);
    const name = `rustpatcher:${formatPublicKey(ruleOwner(owner).publicKey)}`;
    return { owner, name, id: toHex(id), secretHash: toHex(secretHash) };
  });
  expect(ours).toEqual(topics);
  expect(topics).toHaveLength(3);
});

it('derives 90 slots of 70 minutes: around seven new years, leap days, and the ends of number ranges', () => {
  const ours = slots.map(({ owner, minute }) => {
    const { itemKey } = slotAt(topicOf(owner), minute);
    const encryption = encryptionSeed(topicOf(owner), minute);
    return {
      owner,
      minute,
      seed: toHex(itemKey.salt), // the same bytes: every storing node can sign for the slot
      publicKey: toHex(itemKey.publicKey),
      salt: toHex(itemKey.salt),
      target: toHex(itemTarget(itemKey.publicKey, itemKey.salt)),
      encryptionSeed: toHex(encryption),
      encryptionPublicKey: toHex(ed25519Signer(encryption).publicKey),
    };
  });
  expect(ours).toEqual(slots);
  expect(slots).toHaveLength(90);
  const minutes = new Set(slots.map(({ minute }) => minute));
  expect(minutes.size).toBe(70);
  for (let year = 2025; year <= 2031; year++) {
    const newYear = Date.UTC(year, 0, 1) / 60_000;
    expect([newYear - 1, newYear].every((minute) => minutes.has(minute))).toBe(true);
  }
});

it('shares no place with 6 slots of distributed-topic-tracker 0.3, whose salt is another', () => {
  for (const { owner, minute, publicKey, salt, target } of laterSlots) {
    const topic = topicOf(owner);
    const { itemKey } = slotAt(topic, minute);
    expect(toHex(itemKey.publicKey)).toBe(publicKey);
    expect(toHex(sha512Half(asciiBytes('salt'), topic.id, u64le(minute)))).toBe(salt);
    expect(toHex(itemTarget(itemKey.publicKey, fromHex(salt)))).toBe(target);
    expect(toHex(itemKey.salt)).not.toBe(salt);
  }
  expect(laterSlots).toHaveLength(6);
});

it('signs 18 records byte for byte, and reads what is in them', () => {
  for (const { number, owner, minute, nodeId, info, record } of records) {
    const topic = topicOf(owner);
    const node = ed25519Signer(ruleBytes('node', number, 32));
    const signed = signRecord({ topicId: topic.id, minute, content: fromHex(info) }, node);
    expect(toHex(encodeRecord(signed))).toBe(record);
    const read = decodeRecord(fromHex(record));
    verifyRecord(read, { topicId: topic.id, minute });
    expect(toHex(read.nodeId)).toBe(nodeId);
    const { release, hints } = decodeContent(read.content);
    verifyRelease(ruleOwner(owner).publicKey, release);
    expect(toHex(encodeContent({ release, hints }))).toBe(info);
  }
  expect(records).toHaveLength(18);
});

it.each(SEALERS)('opens 18 values and 7 messages sealed by %s', async (sealer) => {
  const { opened, expected } = await openSealed(sealed[sealer], recordVectors);
  expect(opened).toEqual(expected);
  expect([sealed[sealer].values.length, sealed[sealer].messages.length]).toEqual([18, 7]);
});

it.each(SEALERS)('takes all 18 values of %s for announcements', async (sealer) => {
  for (const { record: number, value } of sealed[sealer].values) {
    const { owner = -1, minute = -1, nodeId } = records[number] ?? {};
    const slot = slotAt(topicOf(owner), minute);
    const announcement = await openAnnouncement({
      slot,
      owner: ruleOwner(owner).publicKey,
      value: fromHex(value),
    });
    expect([toHex(announcement.nodeId), announcement.minute]).toEqual([nodeId, minute]);
  }
});
