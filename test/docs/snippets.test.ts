import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const PAGES = ['README.md', 'docs/guide/start.md', 'docs/guide/testing-your-updates.md'];

/** Blocks that import something are whole programs; the others show a detail. */
function snippetsOf(page: string): readonly string[] {
  const blocks = [...readFileSync(page, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code);
  return blocks.filter((code) => code.startsWith('import '));
}

/** What the compiler says about the files, with `peerpatch` meaning this repository. */
function problemsOf(files: ReadonlyMap<string, string>): readonly string[] {
  const { config } = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path)) as { config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, '.');
  const paths = { peerpatch: ['./src/index.ts'], 'peerpatch/testing': ['./src/testing/index.ts'] };
  const host = ts.createCompilerHost(options);
  host.fileExists = (path) => files.has(path) || ts.sys.fileExists(path);
  host.readFile = (path) => files.get(path) ?? ts.sys.readFile(path);
  const program = ts.createProgram([...files.keys()], { ...options, paths, noUnusedLocals: false }, host);
  return [...files.keys()].flatMap((path) =>
    [
      ...program.getSyntacticDiagnostics(program.getSourceFile(path)),
      ...program.getSemanticDiagnostics(program.getSourceFile(path)),
    ].map(({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  );
}

describe('programs in the documents', () => {
  const files = new Map(
    PAGES.flatMap((page) =>
      snippetsOf(page).map((code, index) => [
        resolve(join('test/docs', `${page.replaceAll('/', '-')}-${index}.ts`)),
        code,
      ]),
    ),
  );

  it('are found', () => {
    expect(files.size).toBe(5);
  });

  it('compile against this package', { timeout: 60_000 }, () => {
    expect(problemsOf(files)).toEqual([]);
  });

  it('would not compile with an option that does not exist', { timeout: 60_000 }, () => {
    const [[path, code] = ['', '']] = files;
    const wrong = code.replace('mode:', 'moode:');
    expect(problemsOf(new Map([[path, wrong]])).join('\n')).toContain('moode');
  });
});
