import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../../src/core/install/shell-word.ts';

describe('a word for a shell', () => {
  it('is in single quotes, and its own quotes end and begin them', () => {
    expect(shellWord('/opt/app')).toBe("'/opt/app'");
    expect(shellWord("it's $(here)")).toBe(String.raw`'it'\''s $(here)'`);
  });

  it.skipIf(process.platform === 'win32')('is read by a shell as what it was made of, whatever that is', () => {
    const text = fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).filter((each) => !each.includes('\0'));
    fc.assert(
      fc.property(text, (each) => {
        expect(execFileSync('/bin/sh', ['-c', `printf %s ${shellWord(each)}`], { encoding: 'utf8' })).toBe(each);
      }),
      { numRuns: 30 },
    );
  });
});
