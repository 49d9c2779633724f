import { describe, expect, it } from 'vitest';
import { asciiBytes, concatBytes } from '../../../src/core/base/bytes.ts';
import { sectionName } from '../../../src/core/stamp/section.ts';

describe('sectionName', () => {
  const view = new DataView(concatBytes(asciiBytes('xx.embsig\0y'), new Uint8Array(4)).buffer);

  it('ends at the first zero', () => {
    expect(sectionName(view, 2, 8)).toBe('.embsig');
  });

  it('ends at the end of its field', () => {
    expect(sectionName(view, 2, 4)).toBe('.emb');
    expect(sectionName(view, 11, 4)).toBe('');
  });
});
