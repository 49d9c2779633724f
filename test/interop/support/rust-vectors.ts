/**
 * Makes the files test/vectors/rustpatcher-*.json: runs the generators (rust/shared/vectors) and lays their answers together.
 *
 * Where all makers agree a value stands once; where they differ, an object names each maker's.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { program, WORKSPACES, type Workspace } from './workspaces.ts';

type Maker = Workspace['name'];
/** What one generator prints: file to section to rows. */
type Printed = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
type Made = readonly (readonly [maker: Maker, value: unknown])[];

/** Differs from run to run: each maker's rows are kept. */
export const RANDOM_FILE = 'sealed';

const GENERATOR = 'test/interop/rust/shared/vectors; see test/vectors/README.md';
/** Crates of the generators that decide no byte. */
const TOOLS: ReadonlySet<string> = new Set(['anyhow', 'hex', 'rand', 'serde_json', 'tokio']);
const BUFFER_BYTES = 64 * 1024 * 1024;

/** The content of each file by its name, `rustpatcher-<name>.json`. */
export function generateVectors(): ReadonlyMap<string, unknown> {
  const printed = WORKSPACES.map(({ name }): [Maker, Printed] => {
    const text = execFileSync(program(name, 'vectors'), { encoding: 'utf8', maxBuffer: BUFFER_BYTES });
    return [name, JSON.parse(text) as Printed];
  });
  const files = new Set(printed.flatMap(([, documents]) => Object.keys(documents)));
  return new Map(
    [...files].map((file) => {
      const made = printed.flatMap(([maker, documents]) => {
        const sections = documents[file];
        return sections === undefined ? [] : [[maker, sections] as const];
      });
      const crates = Object.fromEntries(made.map(([maker]) => [maker, cratesOf(maker)]));
      const content = file === RANDOM_FILE ? Object.fromEntries(made) : mergeSections(made);
      return [file, { generator: GENERATOR, crates, ...content }];
    }),
  );
}

/** As the file holds it. */
export function formatVectors(content: unknown): string {
  return `${JSON.stringify(content, undefined, 2)}\n`;
}

/** A maker need not have every section. */
function mergeSections(made: readonly (readonly [Maker, Readonly<Record<string, unknown>>])[]): object {
  const names = new Set(made.flatMap(([, sections]) => Object.keys(sections)));
  const rowsOf = (name: string): Made =>
    made.flatMap(([maker, sections]) => (name in sections ? [[maker, sections[name]] as const] : []));
  return Object.fromEntries([...names].map((name) => [name, merge(rowsOf(name))]));
}

function merge(made: Made): unknown {
  const [first, ...others] = made.map(([, value]) => value);
  if (others.every((value) => isDeepStrictEqual(value, first))) return first;
  const keys = keysOf(first);
  if (keys === undefined || !others.every((value) => isDeepStrictEqual(keysOf(value), keys))) {
    return Object.fromEntries(made);
  }
  const member = (key: string): unknown =>
    merge(made.map(([maker, value]) => [maker, (value as Record<string, unknown>)[key]]));
  return Array.isArray(first) ? keys.map(member) : Object.fromEntries(keys.map((key) => [key, member(key)]));
}

/** The members of an object or array; undefined for anything else. */
function keysOf(value: unknown): string[] | undefined {
  return typeof value === 'object' && value !== null ? Object.keys(value) : undefined;
}

/** `rustpatcher 0.2.0, mainline 5.4.0, …`: what the lock file gives the generator. */
function cratesOf(maker: Maker): string {
  const lock = readFileSync(join(import.meta.dirname, '../rust', maker, 'Cargo.lock'), 'utf8');
  const own = /name = "vectors"\nversion = .*\ndependencies = \[\n([^\]]*)\]/.exec(lock)?.[1] ?? '';
  const names = [...own.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
  // A name alone: the lock has one version of it. Otherwise the version stands behind it.
  const version = (name: string): string =>
    new RegExp(`name = "${name}"\nversion = "([^"]+)"`).exec(lock)?.[1] ?? 'unknown';
  return names
    .filter((name) => !TOOLS.has(name.split(' ')[0] ?? ''))
    .map((name) => (name.includes(' ') ? name : `${name} ${version(name)}`))
    .join(', ');
}
