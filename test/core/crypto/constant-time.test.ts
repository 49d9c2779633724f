import { describe, expect, it } from 'vitest';
import { constantTimeEqual } from '../../../src/core/crypto/constant-time.ts';

describe('constant-time comparison', () => {
  const cases: [name: string, a: number[], b: number[], equal: boolean][] = [
    ['same bytes', [1, 2, 3], [1, 2, 3], true],
    ['nothing and nothing', [], [], true],
    ['first byte differs', [9, 2, 3], [1, 2, 3], false],
    ['last byte differs', [1, 2, 3], [1, 2, 9], false],
    ['one is longer', [1, 2, 3], [1, 2], false],
  ];
  it.each(cases)('%s', (_name, a, b, equal) => {
    expect(constantTimeEqual(Uint8Array.from(a), Uint8Array.from(b))).toBe(equal);
  });
});
