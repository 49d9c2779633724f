/**
 * Keys: both sides read the same text and derive the same public key.
 */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { RUSTPATCHERS } from './support/workspaces.ts';
import { interopCase } from './support/interop-case.ts';
import { startOracle, type Oracle } from './support/oracle.ts';

describe.each(RUSTPATCHERS)('rustpatcher %s', (version) => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = startOracle(`rustpatcher-${version}`);
  });
  afterAll(() => oracle.close());

  interopCase(
    { case: 'public key text', direction: 'equal', versions: `rustpatcher ${version}` },
    'the public key of a secret is the same',
    async () => {
      const key = await oracle.ask<{ text: string }>('public-key', {
        secret: '5wrjzq7h54t61sr8izgqdkrjx9tcqey5n6apff5ju5yadoobuj3o',
      });
      expect(key.text).toBe('axegnqus3miex47g1kxf1j7j8spczbc57go7jgpeixq8nxjfz7gy');
    },
  );
});
