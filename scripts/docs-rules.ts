/**
 * The rules of the documents, checked over a repository folder: each returns the problems it found, one sentence each.
 *
 * Does not look at the web: links with a scheme are left alone.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { anchorsOf, linksOf, sectionsOf } from './markdown.ts';
import { checkReference } from './reference-rules.ts';

/** The README is read on one screen: these two stand in it. */
export const README_COMMANDS: readonly string[] = ['npm ci && npm run demo', 'npm ci && npm test'];
export const README_MAX_LINES = 150;
export const README_SCREEN_LINES = 40;
/** What each entry of docs/guide/errors.md answers, in this order. */
export const ERROR_PARTS: readonly string[] = ['What happened', 'What is guaranteed', 'What to do'];

const SKIPPED_FOLDERS = ['node_modules', 'dist', '.git', '.cache'];
const SOURCE_FOLDERS = ['src', 'scripts', 'demo', 'bench', 'examples'];

/** Everything that is wrong with the documents under `root`; `errorCodes` is what the code can report. */
export function checkDocs(root: string, errorCodes: readonly string[]): readonly string[] {
  const documents = filesBelow(root, ['.md']);
  return [
    ...documents.flatMap((file) => checkLinks(root, file)),
    ...[...documents, '.ci/run', '.github/workflows/ci.yml'].flatMap((file) => checkScripts(root, file)),
    ...SOURCE_FOLDERS.flatMap((folder) => filesBelow(root, ['.ts', '.py'], folder)).flatMap((file) =>
      checkMentions(root, file),
    ),
    ...checkReadme(textOf(root, 'README.md')),
    ...checkErrors(textOf(root, 'docs/guide/errors.md'), errorCodes),
    ...checkReference(root),
  ];
}

/** Relative links and anchors lead somewhere inside the repository. */
function checkLinks(root: string, file: string): readonly string[] {
  return linksOf(textOf(root, file)).flatMap(({ target, line }) => {
    if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    const linked = path === '' ? file : join(dirname(file), decodeURIComponent(path));
    const where = `${file}:${line}: ${target}`;
    if (linked.startsWith('..') || path.startsWith('/')) return [`${where} leads out of the repository`];
    if (!existsSync(join(root, linked))) return [`${where} does not exist`];
    if (anchor === undefined || !linked.endsWith('.md')) return [];
    return anchorsOf(textOf(root, linked)).has(anchor) ? [] : [`${where} has no such heading`];
  });
}

/** `npm run` names scripts that exist. */
function checkScripts(root: string, file: string): readonly string[] {
  const manifest = JSON.parse(textOf(root, 'package.json') || '{}') as { scripts?: Record<string, string> };
  const named = [...textOf(root, file).matchAll(/\bnpm run (?:-\S+ )*([a-z][\w:-]*)/g)].map(([, name = '']) => name);
  return [...new Set(named)]
    .filter((name) => manifest.scripts?.[name] === undefined)
    .map((name) => `${file}: package.json has no script "${name}"`);
}

/** Documents that code points to exist; `docs/adr/0002` stands for the one file that starts so. */
function checkMentions(root: string, file: string): readonly string[] {
  const text = textOf(root, file);
  const paths = [...text.matchAll(/(?<![\w./-])docs\/(?:spec|guide|adr)\/[\w-]+(?:\.md)?/g)].map(([path]) => path);
  return [...new Set(paths)]
    .filter((path) => !(path.endsWith('.md') ? existsSync(join(root, path)) : startsFile(root, path)))
    .map((path) => `${file}: ${path} does not exist`);
}

function checkReadme(text: string): readonly string[] {
  const lines = text.trimEnd().split('\n');
  const screen = lines.slice(0, README_SCREEN_LINES).join('\n');
  const missing = README_COMMANDS.filter((command) => !screen.includes(command));
  return [
    ...(lines.length < README_MAX_LINES
      ? []
      : [`README.md: ${lines.length} lines, it must stay under ${README_MAX_LINES}`]),
    ...missing.map((command) => `README.md: "${command}" is not in the first ${README_SCREEN_LINES} lines`),
  ];
}

/** docs/guide/errors.md has one entry for each code, no other, and each entry has its three parts in order. */
export function checkErrors(text: string, errorCodes: readonly string[]): readonly string[] {
  const entries = sectionsOf(text, 3);
  const headings = [...text.matchAll(/^### (.*)$/gm)].map(([, heading = '']) => heading);
  const page = 'docs/guide/errors.md';
  return [
    ...errorCodes.filter((code) => !entries.has(code)).map((code) => `${page}: no entry for ${code}`),
    ...[...entries.keys()]
      .filter((title) => !errorCodes.includes(title))
      .map((title) => `${page}: no code is ${title}`),
    ...headings
      .filter((title, index) => headings.indexOf(title) !== index)
      .map((title) => `${page}: ${title} stands twice`),
    ...[...entries].flatMap(([title, body]) => {
      const found = [...body.matchAll(/^\*\*(.+?)\.\*\* \S/gm)].map(([, part = '']) => part);
      const complete = found.length === ERROR_PARTS.length && ERROR_PARTS.every((part, index) => part === found[index]);
      return complete ? [] : [`${page}: ${title} must answer ${ERROR_PARTS.join(', ')}, in this order`];
    }),
  ];
}

/** Files below `folder`, as paths from `root` with forward slashes. A missing folder has none. */
function filesBelow(root: string, endings: readonly string[], folder = '.'): readonly string[] {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { withFileTypes: true })
    .flatMap((entry) => {
      const path = relative(root, join(start, entry.name)).replaceAll('\\', '/');
      if (entry.isDirectory()) return SKIPPED_FOLDERS.includes(entry.name) ? [] : filesBelow(root, endings, path);
      return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : [];
    })
    .sort();
}

function startsFile(root: string, path: string): boolean {
  const folder = join(root, dirname(path));
  return (
    existsSync(folder) && readdirSync(folder).some((name) => name.startsWith(path.slice(dirname(path).length + 1)))
  );
}

/** The text of a file, empty when there is none: the rules then say what is missing. */
function textOf(root: string, file: string): string {
  const path = join(root, file);
  return existsSync(path) && statSync(path).isFile() ? readFileSync(path, 'utf8') : '';
}
