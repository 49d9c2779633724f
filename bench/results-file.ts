/**
 * bench/results.md: two parts, each written by a command of its own and left alone by the other.
 *
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

/** The heading each part opens with; the file has them in this order. */
const HEADINGS = { peerpatch: '# Figures', rustpatcher: '# Beside rustpatcher' } as const;
const RESULTS = join(import.meta.dirname, 'results.md');

export type ResultsPart = keyof typeof HEADINGS;

/** @param lines Markdown below the part's heading */
export async function writeResults(part: ResultsPart, lines: readonly string[]): Promise<void> {
  const parts = splitParts(await readFile(RESULTS, 'utf8'));
  const text = { ...parts, [part]: [HEADINGS[part], '', ...lines].join('\n') };
  const whole = [text.peerpatch, text.rustpatcher].filter((each) => each !== '').join('\n\n');
  await writeFile(RESULTS, await format(whole, { ...(await resolveConfig(RESULTS)), parser: 'markdown' }));
}

function splitParts(text: string): Readonly<Record<ResultsPart, string>> {
  const border = text.indexOf(`${HEADINGS.rustpatcher}\n`);
  if (border < 0) return { peerpatch: text, rustpatcher: '' };
  return { peerpatch: text.slice(0, border), rustpatcher: text.slice(border) };
}
