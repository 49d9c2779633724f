import { describe, expect, it } from 'vitest';
import { TOKEN_BYTES, TOKEN_ROTATION_MS, TokenIssuer } from '../../../src/core/dht/token.ts';
import { countedBytes, localAddress, publicAddress } from '../../support/dht-samples.ts';

describe('write tokens', () => {
  const issuer = (): TokenIssuer => new TokenIssuer(countedBytes(), 0);

  it('are valid for the IP they were given to, from any port, and for no other', () => {
    const tokens = issuer();
    const token = tokens.issue(publicAddress(1), 0);
    expect(token).toHaveLength(TOKEN_BYTES);
    expect(tokens.isValid(token, { ...publicAddress(1), port: 9 }, 0)).toBe(true);
    expect(tokens.isValid(token, publicAddress(2), 0)).toBe(false);
  });

  it('live through one change of the secret and not through two', () => {
    const tokens = issuer();
    const token = tokens.issue(localAddress(1), 0);
    expect(tokens.isValid(token, localAddress(1), TOKEN_ROTATION_MS)).toBe(true);
    expect(tokens.isValid(token, localAddress(1), 2 * TOKEN_ROTATION_MS - 1)).toBe(true);
    expect(tokens.isValid(token, localAddress(1), 2 * TOKEN_ROTATION_MS)).toBe(false);
  });

  it('do not live through a long sleep', () => {
    const tokens = issuer();
    const token = tokens.issue(localAddress(1), 0);
    expect(tokens.isValid(token, localAddress(1), 3 * TOKEN_ROTATION_MS)).toBe(false);
  });

  it.each([
    ['an empty one', new Uint8Array()],
    ['a short one', new Uint8Array(7)],
    ['zeros', new Uint8Array(8)],
    ['a long one', new Uint8Array(1000)],
  ])('are not guessed by %s', (_, token) => {
    expect(issuer().isValid(token, localAddress(1), 0)).toBe(false);
  });
});
