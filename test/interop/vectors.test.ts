/**
 * The committed vectors are what the Rust crates make today: equal byte for byte, or, where the crates draw keys of their own,
 * opened to the same content. With PEERPATCH_WRITE_VECTORS=1 the files are written first.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';
import { openSealed, type RecordVectors, type SealedVectors } from '../support/rust-sealed.ts';
import { rustVectors } from '../support/rust-vectors.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { formatVectors, generateVectors, RANDOM_FILE } from './support/rust-vectors.ts';

const EQUAL: CaseRow = {
  case: 'test vectors',
  direction: 'equal',
  versions: 'rustpatcher 0.2.0 and 0.2.2, mainline 5.4.0, 6.2.0, 8.0.1',
};
const OPENED: CaseRow = {
  case: 'test vectors, sealed anew',
  direction: 'ours ← Rust',
  versions: 'rustpatcher 0.2.0 and 0.2.2',
};
const FILES = ['items', 'keys', 'records', 'releases', 'slots', 'versions'];

const made = generateVectors();
const place = (file: string): URL => new URL(`../vectors/rustpatcher-${file}.json`, import.meta.url);
if (process.env['PEERPATCH_WRITE_VECTORS'] === '1') {
  for (const [file, content] of made) writeFileSync(place(file), formatVectors(content));
}

for (const file of FILES) {
  interopCase(EQUAL, `rustpatcher-${file}.json is what the crates make`, (count) => {
    const content = made.get(file);
    expect(formatVectors(content)).toBe(readFileSync(place(file), 'utf8'));
    count(rowsIn(content));
  });
}

interopCase(EQUAL, 'the crates make these files and no other', () => {
  expect([...made.keys()].sort()).toEqual([...FILES, RANDOM_FILE].sort());
});

interopCase(OPENED, 'values and messages sealed in this run open to the committed records', async (count) => {
  const records = rustVectors<RecordVectors>('records');
  const committed = rustVectors<SealedVectors>(RANDOM_FILE);
  const fresh = made.get(RANDOM_FILE) as SealedVectors;
  for (const maker of ['rustpatcher-0.2.0', 'rustpatcher-0.2.2'] as const) {
    const { opened, expected } = await openSealed(fresh[maker], records);
    expect(opened).toEqual(expected);
    expect(opened).toHaveLength(committed[maker].values.length + committed[maker].messages.length);
    count(opened.length);
  }
});

/** How many rows the sections have. */
function rowsIn(content: unknown): number {
  const sections = Object.values(content as Record<string, unknown>).filter((section) => Array.isArray(section));
  return sections.reduce((sum, rows) => sum + rows.length, 0);
}
