import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { ownerKeyFromSeed } from '../../../src/core/keys/owner-key.ts';
import { AUTH_BYTES, isTransferAuth, transferAuth } from '../../../src/core/transfer/auth.ts';
import { flipped, OWNER, V0 } from '../../support/transfer-samples.ts';

const { publicKey } = OWNER;
const { minute } = V0.slot;

describe('transfer auth', () => {
  it('is the one of the example', () => {
    expect(toHex(transferAuth(publicKey, minute))).toBe(V0.transfer.auth);
  });

  const minutes: [clientIsAheadBy: number, accepted: boolean][] = [
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
    [60, false],
  ];
  it.each(minutes)('a client whose clock is %i minutes ahead is accepted: %s', (ahead, accepted) => {
    expect(isTransferAuth(publicKey, minute, transferAuth(publicKey, minute + ahead))).toBe(accepted);
  });

  it('works in the first minute of 1970, on a machine without a clock', () => {
    expect(isTransferAuth(publicKey, 0, transferAuth(publicKey, 1))).toBe(true);
  });

  it('refuses the auth of another owner', () => {
    const other = ownerKeyFromSeed(new Uint8Array(32).fill(5)).publicKey;
    expect(isTransferAuth(publicKey, minute, transferAuth(other, minute))).toBe(false);
  });

  it('refuses every changed byte and every other length', () => {
    const auth = transferAuth(publicKey, minute);
    for (let offset = 0; offset < AUTH_BYTES; offset++) {
      expect(isTransferAuth(publicKey, minute, flipped(auth, offset))).toBe(false);
    }
    expect(isTransferAuth(publicKey, minute, auth.subarray(1))).toBe(false);
    expect(isTransferAuth(publicKey, minute, new Uint8Array(65))).toBe(false);
  });

  it('refuses whatever else comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(isTransferAuth(publicKey, minute, bytes)).toBe(false);
      }),
    );
  });
});
