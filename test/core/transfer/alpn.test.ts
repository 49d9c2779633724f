import { expect, it } from 'vitest';
import { v0Alpn } from '../../../src/core/transfer/alpn.ts';
import { OWNER, V0 } from '../../support/transfer-samples.ts';

it('the v0 protocol name is the one of the example, 68 characters long', () => {
  expect(v0Alpn(OWNER.publicKey)).toBe(V0.transfer.alpn);
  expect(v0Alpn(OWNER.publicKey)).toHaveLength(68);
});
