import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle, type Bundle } from '../../../src/io/build/bundle.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerpatch-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function bundled(files: Readonly<Record<string, string>>): Promise<Bundle> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return await bundle({ entry: join(folder, Object.keys(files)[0] ?? ''), nodeVersion: process.versions.node });
}

/** What the bundle prints, run alone: without the files it was made of. */
async function printed(files: Readonly<Record<string, string>>): Promise<string> {
  const { code } = await bundled(files);
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await writeFile(join(folder, 'bundle.cjs'), code);
  return execFileSync(process.execPath, [join(folder, 'bundle.cjs')], { encoding: 'utf8' }).trim();
}

describe('bundle', () => {
  it('joins TypeScript, ES modules, CommonJS, JSON and installed packages into one script', async () => {
    const output = await printed({
      'app.ts': `import { b } from './b.mjs'; import c from './c.cjs'; import { e } from 'pack'; import d from './d.json' with { type: 'json' };
        const typed: number = b; console.log(typed, c.c, d.d, e);`,
      'b.mjs': 'export const b = 1;',
      'c.cjs': 'exports.c = 2;',
      'd.json': '{ "d": 3 }',
      'node_modules/pack/package.json': '{ "name": "pack", "exports": "./main.js", "type": "module" }',
      'node_modules/pack/main.js': 'export const e = 4;',
    });
    expect(output).toBe('1 2 3 4');
  });

  it('makes import.meta name the executable', async () => {
    const output = await printed({
      'app.ts': 'console.log(import.meta.url, import.meta.filename, import.meta.dirname);',
    });
    const path = process.execPath;
    expect(output).toBe(`file://${path} ${path} ${dirname(path)}`);
  });

  it('leaves Node’s own modules to Node, imported in any way', async () => {
    const output = await printed({
      'app.ts': `import { sep } from 'node:path'; import { createRequire } from 'node:module';
        const early = createRequire(import.meta.url)('node:os').EOL.length;
        import('node:fs').then(({ existsSync }) => console.log(sep, early, typeof existsSync));`,
    });
    expect(output).toBe('/ 1 function');
  });

  it('takes a script that begins like a shell script', async () => {
    const output = await printed({ 'app.js': '#!/usr/bin/env node\nconsole.log(1);' });
    expect(output).toBe('1');
    expect(
      Buffer.from((await bundled({ 'app.js': '#!/usr/bin/env node\nconsole.log(1);' })).code).subarray(0, 2),
    ).not.toEqual(Buffer.from('#!'));
  });

  it('reports what the bundler doubts', async () => {
    const { warnings } = await bundled({ 'app.ts': 'console.log(import.meta.main);' });
    expect(warnings).toEqual([expect.stringMatching(/^app\.ts:1:13: .*import\.meta/)]);
  });

  it('does not depend on the folder it is called in', async () => {
    const here = process.cwd();
    const { code } = await bundled({ 'app.ts': 'import "./b.ts"', 'b.ts': 'console.log(1)' });
    process.chdir(tmpdir());
    try {
      expect((await bundle({ entry: join(folder, 'app.ts'), nodeVersion: process.versions.node })).code).toEqual(code);
    } finally {
      process.chdir(here);
    }
  });

  const refused: [name: string, files: Record<string, string>, message: RegExp][] = [
    ['top-level await', { 'app.ts': 'await 1; export {};' }, /app\.ts:1:1: Top-level await .*async function main/],
    ['a missing package', { 'app.ts': 'import "missing";' }, /app\.ts:1:8: Could not resolve "missing".*install/],
    ['a syntax error', { 'app.ts': 'let 1;' }, /app\.ts:1:5: /],
    [
      'a native addon',
      { 'app.ts': 'import "./sub/x.node";', 'sub/x.node': 'x' },
      /sub\/x\.node is a native addon.*file beside the program/,
    ],
  ];
  for (const [name, files, message] of refused) {
    it(`refuses ${name} with the place and the way out`, async () => {
      await expect(bundled(files)).rejects.toMatchObject({
        code: 'BUILD_FAILED',
        message: expect.stringMatching(message) as string,
      });
    });
  }
});
