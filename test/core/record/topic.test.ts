import { expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { initialSecret, v0Topic } from '../../../src/core/record/topic.ts';
import { OWNER, STRANGER, TOPIC, V0 } from '../../support/record-samples.ts';

it('is the topic of the worked example', () => {
  expect(toHex(v0Topic(OWNER.publicKey).id)).toBe(V0.topic['topic']);
  expect(toHex(initialSecret(TOPIC.id))).toBe(V0.topic['initialSecret']);
});

it('differs between owners', () => {
  expect(v0Topic(STRANGER.publicKey).id).not.toEqual(TOPIC.id);
  expect(v0Topic(STRANGER.publicKey).secretHash).not.toEqual(TOPIC.secretHash);
});
