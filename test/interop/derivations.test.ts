/**
 * Everything that follows from the owner's key and a minute: topic, slot, keys of the slot, target.
 *
 * The initial secret, the transfer's authentication and its protocol name are made inside rustpatcher, out of reach of its
 * public functions. A slot that Rust reads, and a transfer that it accepts, show them: slots.test.ts, live-update.test.ts.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { toHex } from '../../src/core/base/hex.ts';
import { itemTarget } from '../../src/core/dht/item.ts';
import { ed25519Signer } from '../../src/core/crypto/ed25519.ts';
import { formatPublicKey } from '../../src/core/keys/public-key.ts';
import { encryptionSeed, slotAt } from '../../src/core/record/slot.ts';
import { initialSecret, v0Topic } from '../../src/core/record/topic.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { startOracle, type Oracle } from './support/oracle.ts';
import { SAMPLE_MINUTES, SAMPLE_OWNERS } from './support/samples.ts';

/** What the Rust side says about a slot, in hexadecimal. */
interface RustSlot {
  readonly seed: string;
  readonly key: string;
  readonly salt: string;
  readonly target: string;
  readonly encryptionSeed: string;
  readonly encryptionKey: string;
}

const TOPICS = SAMPLE_OWNERS.map(({ key }) => ({
  name: `rustpatcher:${formatPublicKey(key.publicKey)}`,
  topic: v0Topic(key.publicKey),
}));
const SLOTS = TOPICS.flatMap((topic) => SAMPLE_MINUTES.map((minute) => ({ ...topic, minute })));

describe.each([
  ['rustpatcher-0.2.0', 'distributed-topic-tracker 0.2.1, mainline 5.4.0'],
  ['rustpatcher-0.2.2', 'distributed-topic-tracker 0.2.8, mainline 6.2.0'],
  ['current', 'distributed-topic-tracker 0.3.5, mainline 8.0.1'],
] as const)('%s', (workspace, versions) => {
  const row: CaseRow = { case: 'topic, slot key, encryption key', direction: 'equal', versions };
  const salt: CaseRow = { case: 'salt and target', direction: 'equal', versions };
  const isV0 = workspace !== 'current';
  let oracle: Oracle;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle.close());

  const rustSlot = ({ name, topic, minute }: (typeof SLOTS)[number]): Promise<RustSlot> =>
    oracle.ask('slot', { name, minute: String(minute), secretHash: toHex(topic.secretHash) });

  interopCase(row, 'the topic is the same, and what is kept of the initial secret', async (count) => {
    for (const { name, topic } of TOPICS) {
      expect(await oracle.ask('topic', { name })).toBe(toHex(topic.id));
      const secret = toHex(initialSecret(topic.id));
      expect(await oracle.ask('secret-hash', { name, secret })).toBe(toHex(topic.secretHash));
    }
    count(2 * TOPICS.length);
  });

  interopCase(row, 'the keys of the slot are the same, for every key and minute', async (count) => {
    for (const slot of SLOTS) {
      const { itemKey, encryption } = slotAt(slot.topic, slot.minute);
      const seed = encryptionSeed(slot.topic, slot.minute);
      const rust = await rustSlot(slot);
      expect(rust).toMatchObject({
        seed: toHex(itemKey.salt), // in this profile the salt is the seed
        key: toHex(itemKey.publicKey),
        encryptionSeed: toHex(seed),
        encryptionKey: toHex(ed25519Signer(seed).publicKey),
      });
      expect(encryption.publicKey).toHaveLength(32);
    }
    count(4 * SLOTS.length);
  });

  if (isV0) {
    interopCase(salt, 'the salt is the seed of the slot key, and the target follows', async (count) => {
      for (const slot of SLOTS) {
        const { itemKey } = slotAt(slot.topic, slot.minute);
        const rust = await rustSlot(slot);
        expect(rust.salt).toBe(toHex(itemKey.salt));
        expect(rust.target).toBe(toHex(itemTarget(itemKey.publicKey, itemKey.salt)));
      }
      count(2 * SLOTS.length);
    });
  } else {
    interopCase({ ...salt, direction: 'differ' }, 'both differ: neither finds the other', async (count) => {
      for (const slot of SLOTS) {
        const { itemKey } = slotAt(slot.topic, slot.minute);
        const rust = await rustSlot(slot);
        expect(rust.salt).not.toBe(toHex(itemKey.salt));
        expect(rust.target).not.toBe(toHex(itemTarget(itemKey.publicKey, itemKey.salt)));
      }
      count(2 * SLOTS.length);
    });
  }

  interopCase(row, 'Rust has slots beyond our last minute, up to 2^64 - 1', async (count) => {
    const { name, topic } = TOPICS[0] as (typeof TOPICS)[number];
    for (const minute of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
      const slot = await oracle.ask<RustSlot>('slot', {
        name,
        minute: String(minute),
        secretHash: toHex(topic.secretHash),
      });
      expect(slot.key).toHaveLength(64);
      expect(() => slotAt(topic, Number(minute))).toThrow(RangeError);
    }
    count(3);
  });

  interopCase(row, 'enough keys and minutes ran', () => {
    expect(TOPICS.length).toBeGreaterThanOrEqual(20);
    expect(SAMPLE_MINUTES.length).toBeGreaterThanOrEqual(50);
    expect(new Set(SAMPLE_MINUTES).size).toBe(SAMPLE_MINUTES.length);
  });
});
