import { describe, expect, it } from 'vitest';
import { renameOverSync, type RenameSystem } from '../../../src/io/install/rename-over.ts';

/** Refuses so often, then does it. */
function refusing(
  platform: NodeJS.Platform,
  ...codes: readonly string[]
): RenameSystem & { readonly asked: () => number } {
  let asked = 0;
  const rename = (): void => {
    const code = codes[asked++];
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };
  return { platform, rename, asked: () => asked };
}

describe('renaming over a small file', () => {
  it.each(['EBUSY', 'EPERM', 'EACCES'])('is repeated on Windows when it is refused with %s', (code) => {
    const system = refusing('win32', code, code);
    renameOverSync('a', 'b', system);
    expect(system.asked()).toBe(3);
  });

  it('is given up there after less than half a second, with what the system said', () => {
    const system = refusing('win32', ...Array.from({ length: 20 }, () => 'EPERM'));
    const began = performance.now();
    expect(() => {
      renameOverSync('a', 'b', system);
    }).toThrow('EPERM');
    expect(system.asked()).toBe(7);
    expect(performance.now() - began).toBeGreaterThan(380);
  });

  it.each([
    ['win32', 'ENOSPC'],
    ['linux', 'EPERM'],
  ] as const)('is not repeated on %s after %s', (platform, code) => {
    const system = refusing(platform, code);
    expect(() => {
      renameOverSync('a', 'b', system);
    }).toThrow(code);
    expect(system.asked()).toBe(1);
  });
});
