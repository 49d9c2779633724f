/**
 * The rule of docs/guide/spawn.md: every option, state, event and exported value is in it, and it names none that is not there.
 *
 * Reads the sources as text: their form is kept by the formatter.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sectionsOf } from './markdown.ts';

const PAGE = 'docs/guide/spawn.md';

/** What is missing in the page, or too much in its tables of options, states and events. None without the page. */
export function checkReference(root: string): readonly string[] {
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  if (!existsSync(join(root, PAGE))) return [];
  const page = read(PAGE);
  const sections = sectionsOf(page, 2);
  const named = (section: string): readonly string[] => firstCells(sections.get(section) ?? '');

  const spawnOptions = membersOf(read('src/start/options/options.ts'), 'SpawnOptions');
  const probation = membersOf(read('src/start/options/probation-options.ts'), 'ProbationOptions');
  const updater = read('src/start/updater.ts');
  const states = /type UpdaterState = (.*);/.exec(updater)?.[1]?.match(/(?<=')[\w-]+(?=')/g) ?? [];
  const events = [...`${updater}${read('src/agent/events.ts')}`.matchAll(/readonly type: '([\w-]+)'/g)];
  const values = [...read('src/index.ts').matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = '']) =>
    list.split(',').map((name) => name.trim()),
  );
  const exported = values.filter((name) => /^\w+$/.test(name)); // `type Name` is none

  return [
    ...differences('option', spawnOptions, named('Options')),
    ...differences(
      'state or member',
      [...states, ...handleMembers(updater)],
      named('The handle').map((name) => name.replace(/\(.*/, '')),
    ),
    ...differences('event', [...new Set(events.map(([, type = '']) => type))], named('Events')),
    ...[...probation, ...exported].filter((name) => !new RegExp(`\\b${name}\\b`).test(page)).map(missing),
  ];
}

function missing(name: string): string {
  return `${PAGE}: says nothing of ${name}`;
}

function differences(what: string, wanted: readonly string[], found: readonly string[]): readonly string[] {
  return [
    ...wanted.filter((name) => !found.includes(name)).map(missing),
    ...found.filter((name) => !wanted.includes(name)).map((name) => `${PAGE}: there is no ${what} ${name}`),
  ];
}

/** Names in code in the first column of the tables. */
function firstCells(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => /^\|(.*?)\|/.exec(line)?.[1] ?? '')
    .flatMap((cell) => cell.match(/(?<=`)[^`,\s][^`]*(?=`)/g) ?? []);
}

function membersOf(source: string, name: string): readonly string[] {
  const body = new RegExp(`interface ${name} \\{\\n([^]*?)\\n\\}`).exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, member = '']) => member);
}

/** The public ones of the class. */
function handleMembers(source: string): readonly string[] {
  const body = /export class Updater \{\n([^]*?)\n\}/.exec(source)?.[1] ?? '';
  return [...body.matchAll(/^ {2}(?:get |async |readonly )*([a-z]\w*)(?:\(|:)/gm)]
    .map(([, member = '']) => member)
    .filter((member) => member !== 'constructor');
}
