import { expect, it } from 'vitest';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { v0Alpn, v1Alpn } from '../../../src/core/transfer/alpn.ts';
import { OWNER, V0 } from '../../support/transfer-samples.ts';

it('the v0 protocol name is the one of the example, 68 characters long', () => {
  expect(v0Alpn(OWNER.publicKey)).toBe(V0.transfer.alpn);
  expect(v0Alpn(OWNER.publicKey)).toHaveLength(68);
});

it('the v1 protocol name has our own prefix and 66 characters', () => {
  expect(v1Alpn(OWNER.publicKey)).toBe(`/peerpatch/${formatPublicKey(OWNER.publicKey)}/v1`);
  expect(v1Alpn(OWNER.publicKey)).toHaveLength(66);
});
