import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { isPeerpatchError, type ErrorCode } from '../../../src/core/base/errors.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { openAnnouncement, openOrIgnore } from '../../../src/core/record/open.ts';
import { signRecord, type RecordBody } from '../../../src/core/record/record.ts';
import { sealRecord, sealSecrets } from '../../../src/core/record/seal.ts';
import { slotAt } from '../../../src/core/record/slot.ts';
import { v0Topic } from '../../../src/core/record/topic.ts';
import { encodeRelease } from '../../../src/core/release/release-encoding.ts';
import {
  nodeKey,
  OWNER,
  releaseOf,
  repeatableRandom,
  STRANGER,
  TOPIC,
  V0,
  valueOf,
} from '../../support/record-samples.ts';

const slot = slotAt(TOPIC, V0.slot.minute);
const owner = OWNER.publicKey;
const GOLDEN = fromHex(V0.sealed.value);
const random = repeatableRandom();

/** A value around any record: what a stranger with the owner's public key can make. */
function sealed(body: Partial<RecordBody> & { sealedTo?: typeof slot } = {}): Promise<Uint8Array> {
  const { sealedTo = slot, ...rest } = body;
  const content = encodeRelease(releaseOf('1.2.3'));
  const record = signRecord({ topicId: TOPIC.id, minute: slot.minute, content, ...rest }, nodeKey(1));
  return sealRecord(sealedTo, record, sealSecrets(random.bytes));
}

it('opens the golden value', async () => {
  const { release, nodeId, peer, minute } = await openAnnouncement({ slot, owner, value: GOLDEN });
  expect(release).toMatchObject({ version: { major: 1, minor: 2, patch: 3 }, sizeBytes: 40 });
  expect(nodeId).toEqual(fromHex(V0.node['id'] ?? ''));
  expect(peer).toEqual({ nodeId, addresses: [] });
  expect(minute).toBe(29_000_000);
});

describe('refuses', () => {
  const otherTopic = v0Topic(STRANGER.publicKey);
  const golden = encodeRelease(releaseOf('1.2.3'));
  const refused: [name: string, code: ErrorCode, value: () => Promise<Uint8Array>][] = [
    ['no bytes', 'RECORD_MALFORMED', () => Promise.resolve(new Uint8Array())],
    ['three bytes', 'RECORD_MALFORMED', () => Promise.resolve(new Uint8Array(3))],
    ['zeros of a plausible length', 'RECORD_MALFORMED', () => Promise.resolve(new Uint8Array(384))],
    ['a byte behind the value', 'RECORD_MALFORMED', () => Promise.resolve(Uint8Array.of(...GOLDEN, 0))],
    [
      'a value sealed to the next minute',
      'RECORD_MALFORMED',
      () => sealed({ sealedTo: slotAt(TOPIC, slot.minute + 1) }),
    ],
    [
      'a record of the minute before, sealed to this one',
      'RECORD_MALFORMED',
      () => sealed({ minute: slot.minute - 1 }),
    ],
    ['a record of another topic, sealed to this one', 'RECORD_MALFORMED', () => sealed({ topicId: otherTopic.id })],
    ['no content', 'RELEASE_MALFORMED', () => sealed({ content: new Uint8Array() })],
    ['content cut off', 'RELEASE_MALFORMED', () => sealed({ content: golden.slice(0, -1) })],
    [
      'version 999.0.0 signed by a stranger',
      'RELEASE_BAD_SIGNATURE',
      () => sealed({ content: encodeRelease(releaseOf('999.0.0', STRANGER)) }),
    ],
    [
      "version 999.0.0 with another release's signature",
      'RELEASE_BAD_SIGNATURE',
      () => sealed({ content: encodeRelease({ ...releaseOf('1.2.3'), version: { major: 999, minor: 0, patch: 0 } }) }),
    ],
    [
      'a version that no program can carry',
      'RELEASE_MALFORMED',
      () => sealed({ content: encodeRelease(releaseOf('12345.67890.12345')) }),
    ],
    [
      'a version that no program can carry, signed by a stranger: the signature decides',
      'RELEASE_BAD_SIGNATURE',
      () => sealed({ content: encodeRelease(releaseOf('12345.67890.12345', STRANGER)) }),
    ],
    [
      'another size than signed',
      'RELEASE_BAD_SIGNATURE',
      () => sealed({ content: encodeRelease({ ...releaseOf('1.2.3'), sizeBytes: 1_000_001 }) }),
    ],
    [
      'another hash than signed',
      'RELEASE_BAD_SIGNATURE',
      () => sealed({ content: encodeRelease({ ...releaseOf('1.2.3'), hash: new Uint8Array(32) }) }),
    ],
  ];
  it.each(refused)('%s', async (_name, code, value) => {
    const bytes = await value();
    await expect(openAnnouncement({ slot, owner, value: bytes })).rejects.toMatchObject({ code });
    expect(await openOrIgnore({ slot, owner, value: bytes })).toBeUndefined();
  });

  it("another owner's slot", async () => {
    const options = { slot: slotAt(otherTopic, slot.minute), owner: STRANGER.publicKey, value: GOLDEN };
    await expect(openAnnouncement(options)).rejects.toMatchObject({ code: 'RECORD_MALFORMED' });
  });
});

it('reads the form of a release with a length before its signature', async () => {
  const content = encodeRelease(releaseOf('1.2.3'));
  const prefixed = concatBytes(content.subarray(0, -64), Uint8Array.of(0x40), content.subarray(-64));
  const value = await sealed({ content: prefixed });
  expect((await openAnnouncement({ slot, owner, value })).release).toEqual(releaseOf('1.2.3'));
});

it('keeps a release whose hints cannot be read', async () => {
  const content = concatBytes(encodeRelease(releaseOf('1.2.3')), Uint8Array.of(9, 9, 9));
  const { peer } = await openAnnouncement({ slot, owner, value: await sealed({ content }) });
  expect(peer.addresses).toEqual([]);
});

it('opens a value that is part of a larger packet, and keeps nothing of the packet', async () => {
  const value = await valueOf({ node: 1, minute: slot.minute });
  const packet = concatBytes(new Uint8Array(7), value, new Uint8Array(9));
  const announcement = await openAnnouncement({ slot, owner, value: packet.subarray(7, 7 + value.length) });
  packet.fill(0);
  expect(announcement.nodeId).toEqual(nodeKey(1).publicKey);
});

it('refuses every change of a byte with its own error', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(GOLDEN.length - 1), fc.integer({ min: 1, max: 255 }), async (offset, change) => {
      const value = GOLDEN.with(offset, (GOLDEN[offset] ?? 0) ^ change);
      const failure = await openAnnouncement({ slot, owner, value }).catch((error: unknown) => error);
      expect(isPeerpatchError(failure, 'RECORD_MALFORMED')).toBe(true);
    }),
    { numRuns: 40 },
  );
});
