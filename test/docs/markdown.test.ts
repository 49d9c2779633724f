import { describe, expect, it } from 'vitest';
import { anchorsOf, linksOf, sectionsOf } from '../../scripts/markdown.ts';

describe('anchorsOf', () => {
  const cases: [heading: string, anchor: string][] = [
    ['# Byte table', 'byte-table'],
    ['### KEY_MALFORMED', 'key_malformed'],
    ['## `peerpatch gen [path]`', 'peerpatch-gen-path'],
    ['## What to do?  ##', 'what-to-do'],
    ['## [Linked](x.md) text', 'linked-text'],
    ['<a id="own-id"></a>', 'own-id'],
  ];
  it.each(cases)('%s has the anchor %s', (heading, anchor) => {
    expect([...anchorsOf(heading)]).toEqual([anchor]);
  });

  it('numbers headings that repeat', () => {
    expect([...anchorsOf('# A\n# A\n# A\n')]).toEqual(['a', 'a-1', 'a-2']);
  });

  it('ignores comments in fenced code', () => {
    expect([...anchorsOf('```sh\n# not a heading\n```\n# A\n')]).toEqual(['a']);
  });
});

describe('linksOf', () => {
  it('finds links, images and definitions with their lines', () => {
    expect(linksOf('[a](a.md) ![b](<b.png>)\n\n[c]: c.md#x\n[d](d.md "title")')).toEqual([
      { target: 'a.md', line: 1 },
      { target: 'b.png', line: 1 },
      { target: 'c.md#x', line: 3 },
      { target: 'd.md', line: 4 },
    ]);
  });

  it('ignores code, fenced and inline', () => {
    expect(linksOf('`[a](a.md)` ``[`b`](b.md)``\n~~~\n[c](c.md)\n~~~\n')).toEqual([]);
  });
});

describe('sectionsOf', () => {
  it('ends a section at the next heading of its level or above', () => {
    const sections = sectionsOf('# T\nx\n### A\none\n#### deeper\n### B\n## G\ny\n### C\nthree\n', 3);
    expect([...sections.keys()]).toEqual(['A', 'B', 'C']);
    expect(sections.get('A')).toContain('one');
    expect(sections.get('B')).toBe('');
    expect(sections.get('C')).not.toContain('y');
  });
});
