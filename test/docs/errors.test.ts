import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkErrors, ERROR_PARTS } from '../../scripts/docs-rules.ts';
import { sectionsOf } from '../../scripts/markdown.ts';
import { ERROR_CODES } from '../../src/core/base/errors.ts';

const page = readFileSync('docs/guide/errors.md', 'utf8');
const entries = sectionsOf(page, 3);

describe('docs/guide/errors.md', () => {
  it('explains every code, and nothing that is not a code', () => {
    expect([...entries.keys()].sort()).toEqual([...ERROR_CODES].sort());
  });

  it.each(ERROR_CODES)('%s: says what happened, what is guaranteed and what to do', (code) => {
    const parts = [...(entries.get(code) ?? '').matchAll(/^\*\*(.+?)\.\*\* (.+)$/gm)];
    expect(parts.map(([, part]) => part)).toEqual(ERROR_PARTS);
    for (const [, part, text = ''] of parts) expect(text.length, `${code}: ${part}`).toBeGreaterThan(15);
  });

  it('passes the rule that npm run docs:check applies', () => {
    expect(checkErrors(page, ERROR_CODES)).toEqual([]);
  });
});

describe('the rule for docs/guide/errors.md', () => {
  const entry = (code: string): string =>
    `### ${code}\n\n**What happened.** This.\n\n**What is guaranteed.** That.\n\n**What to do.** So.\n\n`;

  const cases: [name: string, text: string, problem: string][] = [
    ['a code without an entry', entry('A'), 'no entry for B'],
    ['an entry without a code', entry('A') + entry('B') + entry('C'), 'no code is C'],
    ['an entry that stands twice', entry('A') + entry('B') + entry('A'), 'A stands twice'],
    ['a part missing', entry('A') + entry('B').replace('**What is guaranteed.** That.', ''), 'B must answer'],
    ['a part without text', entry('A') + entry('B').replace(' So.', ''), 'B must answer'],
    ['parts in another order', entry('A') + entry('B').replace('guaranteed', 'x'), 'B must answer'],
  ];
  it.each(cases)('reports: %s', (_, text, problem) => {
    expect(checkErrors(text, ['A', 'B']).join('\n')).toContain(problem);
  });

  it('reports nothing for a complete page', () => {
    expect(checkErrors(`# Errors\n\n## Group\n\n${entry('A')}## Group\n\n${entry('B')}`, ['A', 'B'])).toEqual([]);
  });
});
