/**
 * bench/results.md: parts, each written by a command of its own and left alone by the others.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

/** The heading each part opens with; the file has them in this order. */
const HEADINGS = {
  peerpatch: '# Figures',
  pairs: '# Beside other delta tools',
  rustpatcher: '# Beside rustpatcher',
} as const;
const PARTS = ['peerpatch', 'pairs', 'rustpatcher'] as const;
const RESULTS = join(import.meta.dirname, 'results.md');

export type ResultsPart = (typeof PARTS)[number];

/** @param lines Markdown below the part's heading */
export async function writeResults(part: ResultsPart, lines: readonly string[]): Promise<void> {
  const parts = splitParts(await readFile(RESULTS, 'utf8'));
  const text = { ...parts, [part]: [HEADINGS[part], '', ...lines].join('\n') };
  const whole = PARTS.map((each) => text[each])
    .filter((each) => each !== '')
    .join('\n\n');
  await writeFile(RESULTS, await format(whole, { ...(await resolveConfig(RESULTS)), parser: 'markdown' }));
}

/** Each part reaches from its heading to the next one that is there. */
function splitParts(text: string): Readonly<Record<ResultsPart, string>> {
  const starts = PARTS.map((part) => ({ part, start: `\n${text}`.indexOf(`\n${HEADINGS[part]}\n`) }));
  const present = starts.filter(({ start }) => start >= 0);
  const found = { peerpatch: '', pairs: '', rustpatcher: '' };
  for (const [index, { part, start }] of present.entries()) {
    found[part] = text.slice(start, present[index + 1]?.start);
  }
  return found;
}
