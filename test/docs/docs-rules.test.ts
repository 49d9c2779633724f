import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkDocs, README_MAX_LINES, README_SCREEN_LINES } from '../../scripts/docs-rules.ts';

const ENTRY = '### A\n\n**What happened.** This.\n\n**What is guaranteed.** That.\n\n**What to do.** So.\n';
const README = '# T\n\nnpm ci && npm run demo\nnpm ci && npm test\n\n[spec](docs/spec/01-key.md#byte-table)\n';
/** A repository that breaks no rule. */
const GOOD: Readonly<Record<string, string>> = {
  'package.json': '{"scripts":{"demo":"x","check":"y"}}',
  'README.md': README,
  'docs/guide/errors.md': ENTRY,
  'docs/spec/01-key.md': '# Key\n\n## Byte table\n\n[up](../../README.md) [here](#key) [web](https://example.org/#x)\n',
  'docs/adr/0001-one.md': '# One\n',
  'src/a.ts': '/** Spec: docs/spec/01-key.md, docs/adr/0001 */\n',
};

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'peerpatch-docs-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function problemsWith(changes: Readonly<Record<string, string>>): string {
  for (const [file, text] of Object.entries({ ...GOOD, ...changes })) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return checkDocs(root, ['A']).join('\n');
}

describe('the rules of the documents', () => {
  it('report nothing for a repository that keeps them', () => {
    expect(problemsWith({})).toBe('');
  });

  const cases: [name: string, changes: Record<string, string>, problem: string][] = [
    ['a link to a missing file', { 'docs/a.md': '\n[b](b.md)\n' }, 'docs/a.md:2: b.md does not exist'],
    ['a link to a missing heading', { 'docs/a.md': '[k](spec/01-key.md#no)' }, 'spec/01-key.md#no has no such heading'],
    ['a missing heading of the same file', { 'docs/a.md': '[k](#no)' }, '#no has no such heading'],
    ['a link definition to a missing file', { 'docs/a.md': '[k][k]\n\n[k]: b.md\n' }, 'b.md does not exist'],
    ['a link out of the repository', { 'docs/a.md': '[k](../../b.md)' }, 'leads out of the repository'],
    ['a script that does not exist', { 'docs/a.md': '`npm run --silent no:such`' }, 'no script "no:such"'],
    ['a script of the CI that does not exist', { '.ci/run': 'npm run no-such\n' }, 'no script "no-such"'],
    ['a spec page named in code', { 'src/b.ts': '// docs/spec/02-no.md' }, 'src/b.ts: docs/spec/02-no.md does not'],
    ['a decision named in code', { 'src/b.ts': '// (docs/adr/0002)' }, 'src/b.ts: docs/adr/0002 does not'],
    ['a README that is too long', { 'README.md': README + 'x\n'.repeat(README_MAX_LINES) }, 'must stay under'],
    ['a README without a command', { 'README.md': README.replace('test', 't') }, '"npm ci && npm test" is not in'],
    ['a command below the first screen', { 'README.md': '\n'.repeat(README_SCREEN_LINES) + README }, 'is not in'],
    ['a README that is missing', { 'README.md': '' }, '"npm ci && npm run demo" is not in'],
    ['a code without an entry', { 'docs/guide/errors.md': '' }, 'no entry for A'],
  ];
  it.each(cases)('report: %s', (_, changes, problem) => {
    expect(problemsWith(changes)).toContain(problem);
  });
});
