import { describe, expect, it } from 'vitest';
import { INSTALL_STEPS } from '../../../src/core/install/steps.ts';

describe('install steps', () => {
  it('come each once', () => {
    expect(new Set(INSTALL_STEPS).size).toBe(INSTALL_STEPS.length);
    expect(INSTALL_STEPS).toHaveLength(7);
  });

  it.each([
    ['the bytes are on disk before the name is', 'sync-file', 'publish'],
    ['the attributes are on disk with the bytes', 'keep-attributes', 'sync-file'],
    ['late write errors show before the name is given', 'close-file', 'publish'],
    ['what is replaced is looked at before it is replaced', 'check-target', 'publish'],
    ['the length is checked before the name is given', 'check-length', 'publish'],
    ['the name reaches the disk last', 'publish', 'sync-folder'],
  ] as const)('%s', (_name, earlier, later) => {
    expect(INSTALL_STEPS.indexOf(earlier)).toBeLessThan(INSTALL_STEPS.indexOf(later));
  });
});
