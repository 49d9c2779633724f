import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EARLY_START, IMAGE, replaceOnce } from '../support/bundle.ts';
import { MUTANTS } from './mutant-list.ts';

describe('what the fault matrices replace in the product', () => {
  const standIns = [
    { name: "the program's own image", replacements: [IMAGE] },
    { name: 'what runs before spawn', replacements: EARLY_START },
  ];
  for (const { name, replacements } of [...standIns, ...MUTANTS]) {
    it(`stands there once: ${name}`, () => {
      const sources = new Map(replacements.map(({ file }) => [file, readFileSync(file, 'utf8')]));
      for (const replacement of replacements) {
        const { file } = replacement;
        sources.set(file, replaceOnce(sources.get(file) ?? '', replacement));
      }
      for (const [file, broken] of sources) expect(broken).not.toBe(readFileSync(file, 'utf8'));
    });
  }
});
