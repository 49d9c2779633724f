import { expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { initialSecret, statementTopic, v0Topic } from '../../../src/core/record/topic.ts';
import { OWNER, STRANGER, TOPIC, V0 } from '../../support/record-samples.ts';

it('is the topic of the worked example', () => {
  expect(toHex(v0Topic(OWNER.publicKey).id)).toBe(V0.topic['topic']);
  expect(toHex(initialSecret(TOPIC.id))).toBe(V0.topic['initialSecret']);
});

it('differs between owners', () => {
  expect(v0Topic(STRANGER.publicKey).id).not.toEqual(TOPIC.id);
  expect(v0Topic(STRANGER.publicKey).secretHash).not.toEqual(TOPIC.secretHash);
});

it('is one for each app, target and channel', () => {
  const name = { app: 'app', target: 'linux-x64', channel: 'stable' };
  const topics = [
    v0Topic(OWNER.publicKey),
    statementTopic(OWNER.publicKey, name),
    statementTopic(STRANGER.publicKey, name),
    ...[{ app: 'b' }, { target: 'linux-arm64' }, { channel: 'beta' }].map((other) =>
      statementTopic(OWNER.publicKey, { ...name, ...other }),
    ),
  ];
  expect(new Set(topics.map(({ id }) => toHex(id))).size).toBe(6);
  expect(new Set(topics.map(({ secretHash }) => toHex(secretHash))).size).toBe(6);
});
