/**
 * The rule of the `spawn` page, over the page and the sources as they are, and with one thing changed in the page.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkReference } from '../../scripts/reference-rules.ts';

const PAGE = 'docs/guide/spawn.md';
const SOURCES = [
  'src/index.ts',
  'src/agent/events.ts',
  'src/start/updater.ts',
  'src/start/options/options.ts',
  'src/start/options/probation-options.ts',
];

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'peerpatch-reference-'));
  for (const file of [PAGE, ...SOURCES]) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    cpSync(file, join(root, file));
  }
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('the reference of spawn', () => {
  it('says what there is', () => {
    expect(checkReference(root)).toEqual([]);
  });

  const changes: [name: string, from: RegExp, to: string, problem: string][] = [
    ['an option without a row', /^\| `keepPrevious`.*\n/m, '', 'says nothing of keepPrevious'],
    ['an option of a probation', /hangMs/g, 'x', 'says nothing of hangMs'],
    ['a member without a row', /^\| `stop\(\)`.*\n/m, '', 'says nothing of stop'],
    ['a state without a row', /^\| `failed`.*\n/m, '', 'says nothing of failed'],
    ['an event without a row', /^\| `rolled-back`.*\n/m, '', 'says nothing of rolled-back'],
    ['a function that is left out', /`diffPrograms`/, 'x', 'says nothing of diffPrograms'],
    ['an option that is not there', /`bindHost`/, '`bindPort`', 'there is no option bindPort'],
    ['an event that is not there', /`served`/, '`given`', 'there is no event given'],
    ['a state that is not there', /`stopped`/, '`ended`', 'there is no state or member ended'],
  ];
  for (const [name, from, to, problem] of changes) {
    it(`misses ${name}`, () => {
      writeFileSync(join(root, PAGE), readFileSync(join(root, PAGE), 'utf8').replace(from, to));
      expect(checkReference(root)).toContain(`${PAGE}: ${problem}`);
    });
  }
});
