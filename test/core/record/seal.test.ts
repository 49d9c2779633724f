import { expect, it } from 'vitest';
import { openAnnouncement } from '../../../src/core/record/open.ts';
import { signRecord } from '../../../src/core/record/record.ts';
import { MAX_SLOT_VALUE_BYTES, sealAnnouncement, sealRecord, sealSecrets } from '../../../src/core/record/seal.ts';
import { slotAt } from '../../../src/core/record/slot.ts';
import { nodeKey, OWNER, releaseOf, repeatableRandom, TOPIC } from '../../support/record-samples.ts';

const random = repeatableRandom();
const slot = slotAt(TOPIC, 29_000_000);
const recordOf = (contentBytes: number) =>
  signRecord({ topicId: TOPIC.id, minute: slot.minute, content: new Uint8Array(contentBytes) }, nodeKey(1));

it('seals what openAnnouncement opens', async () => {
  const release = releaseOf('2.0.1');
  const hints = { addresses: ['127.0.0.1:4433', '[2001:db8::1]:4433'], relayUrl: 'https://relay.test' };
  const options = { slot, release, hints, nodeKey: nodeKey(1), secrets: sealSecrets(random.bytes) };
  const value = await sealAnnouncement(options);
  expect(await openAnnouncement({ slot, owner: OWNER.publicKey, value })).toEqual({
    release,
    nodeId: nodeKey(1).publicKey,
    peer: { nodeId: nodeKey(1).publicKey, ...hints },
    minute: slot.minute,
  });
});

it('fits a DHT value whatever the release and the hints', async () => {
  const value = await sealAnnouncement({
    slot,
    release: releaseOf('2147483647.999.9'),
    hints: {
      addresses: [1, 2, 3, 4].map((last) => `[2001:db8:1:2:3:4:5:${last}]:65535`),
      relayUrl: `https://${'a'.repeat(59)}.${'b'.repeat(60)}`,
    },
    nodeKey: nodeKey(1),
    secrets: sealSecrets(random.bytes),
  });
  // 284 bytes around it, 107 of release, 207 of hints.
  expect(value.length).toBeGreaterThan(590);
  expect(value.length).toBeLessThanOrEqual(MAX_SLOT_VALUE_BYTES);
});

it('accepts a value of 996 bytes and refuses one of 997', async () => {
  expect((await sealRecord(slot, recordOf(712), sealSecrets(random.bytes))).length).toBe(996);
  await expect(sealRecord(slot, recordOf(713), sealSecrets(random.bytes))).rejects.toThrow(RangeError);
});

it('makes another value from other secrets', async () => {
  const values = await Promise.all([1, 2].map(() => sealRecord(slot, recordOf(0), sealSecrets(random.bytes))));
  expect(values[0]).not.toEqual(values[1]);
});

it('takes three different secrets', () => {
  const { oneTimeSeed, recordEphemeral, keyEphemeral } = sealSecrets(random.bytes);
  expect(new Set([oneTimeSeed, recordEphemeral, keyEphemeral].map(String)).size).toBe(3);
  expect([oneTimeSeed.length, recordEphemeral.length, keyEphemeral.length]).toEqual([32, 32, 32]);
});
