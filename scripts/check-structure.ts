/**
 * Fails when the source tree breaks its own rules: layers, order inside core, cycles, length, headers, mirrored tests.
 *
 * Run by `npm run check`. The rules are data; ARCHITECTURE.md explains them.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** layer -> what it may import. Lowest layer first. A file directly under src is a layer of its own. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ['core'],
  ports: ['core', 'ports'],
  io: ['core', 'ports', 'io'],
  agent: ['core', 'ports', 'agent'],
  start: ['core', 'ports', 'io', 'agent', 'start'],
  tools: ['core', 'ports', 'io', 'agent', 'start', 'tools'],
  testing: ['core', 'ports', 'io', 'testing'],
  index: ['core', 'ports', 'agent', 'start', 'tools'],
  cli: ['index', 'cli'],
};
/**
 * Inside these layers a folder may import only itself and folders to its left. Files directly in the layer may import all of
 * them, and be imported by all.
 */
const FOLDER_ORDER: Readonly<Record<string, readonly string[]>> = {
  core: 'base crypto keys stamp codesign release dht record content delta statement transfer install schedule update'.split(
    ' ',
  ),
  agent: 'collect delta offer fetch find'.split(' '),
  start: 'options probation thread'.split(' '),
  tools: 'sign diff mirror network installed'.split(' '),
};
/** The only place of `core` that may use the runtime, and the only module it may use. */
const CORE_RUNTIME: Readonly<Record<string, readonly string[]>> = { crypto: ['node:crypto'] };
/** Pure packages that `core` may import. */
const CORE_PACKAGES = [
  '@hpke/core',
  '@hpke/dhkem-x25519',
  '@hpke/chacha20poly1305',
  'semver/functions/compare.js',
  'semver/functions/parse.js',
];
/** Entries of the package: for users only. */
const ENTRIES = ['index', 'testing/index'];
const MAX_LINES = 300;

const problems: string[] = [];
const imports = new Map<string, string[]>();

for (const file of sourceFiles('src')) {
  const text = readFileSync(file, 'utf8');
  const name = file.replace(/^src\//, '').replace(/\.ts$/, '');
  const targets: string[] = [];
  for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
    if (fileName.startsWith('.')) {
      const target = join(dirname(name), fileName).replaceAll('\\', '/').replace(/\.ts$/, '');
      targets.push(target);
      checkImport(file, name, target);
    } else checkPackage(file, name, fileName);
  }
  imports.set(name, targets);
  const lines = text.trimEnd().split('\n').length;
  if (lines > MAX_LINES) problems.push(`${file}: ${lines} lines, the limit is ${MAX_LINES}`);
  if (!text.startsWith('/**') && !text.startsWith('#!')) problems.push(`${file}: no module comment`);
  if (name.startsWith('core/') && !existsSync(`test/${name}.test.ts`))
    problems.push(`${file}: no test/${name}.test.ts`);
}
for (const start of imports.keys()) reportCycle(start);

for (const problem of problems) console.error(problem);
if (problems.length === 0)
  console.log(`structure: ${imports.size} files, ${[...imports.values()].flat().length} imports, no problem`);
process.exitCode = problems.length === 0 ? 0 : 1;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((entry) => entry.endsWith('.ts'))
    .map((entry) => join(folder, entry).replaceAll('\\', '/'))
    .sort();
}

function checkImport(file: string, name: string, target: string): void {
  const layer = name.split('/')[0] ?? '';
  const allowed = MAY_IMPORT[layer]?.some((prefix) => target === prefix || target.startsWith(`${prefix}/`));
  if (allowed !== true) problems.push(`${file}: ${layer} may not import ${target}`);
  if (layer !== 'cli' && ENTRIES.includes(target)) problems.push(`${file}: import the file, not ${target}`);
  const order = FOLDER_ORDER[layer];
  if (order === undefined || !target.startsWith(`${layer}/`)) return;
  const [from, to] = [placeOf(name, order), placeOf(target, order)];
  if (from === -1) problems.push(`${file}: its folder has no place in the order of ${layer}`);
  else if (from !== undefined && to !== undefined && to > from)
    problems.push(`${file}: ${target} stands to the right of it in the order of ${layer}`);
}

/** Undefined for a file directly in its layer, -1 for a folder that the order does not name. */
function placeOf(path: string, order: readonly string[]): number | undefined {
  const [, folder, file] = path.split('/');
  return file === undefined ? undefined : order.indexOf(folder ?? '');
}

function checkPackage(file: string, name: string, imported: string): void {
  const [layer, folder = ''] = name.split('/');
  if (layer !== 'core') return;
  if (CORE_PACKAGES.includes(imported) || CORE_RUNTIME[folder]?.includes(imported) === true) return;
  problems.push(`${file}: core may not import ${imported}`);
}

function reportCycle(start: string): void {
  const seen = new Set<string>();
  const path: string[] = [];
  const leadsBack = (name: string): boolean => {
    if (name === start && path.length > 0) return true;
    if (seen.has(name)) return false;
    seen.add(name);
    path.push(name);
    if (imports.get(name)?.some(leadsBack) === true) return true;
    path.pop();
    return false;
  };
  if (leadsBack(start)) problems.push(`cycle: ${[...path, start].join(' -> ')}`);
}
