import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildCommand } from '../../src/cli/commands/build.ts';
import { runCli } from '../../src/cli/run.ts';
import { programName } from '../support/program-name.ts';

const APP = programName('app');
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerpatch-test-'));
  await writeFile(join(folder, 'app.ts'), 'console.log(process.argv.slice(2).join());');
  await writeFile(join(folder, 'package.json'), '{ "version": "4.5.6" }');
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function cli(args: readonly string[], { interactive = false, signal = new AbortController().signal } = {}) {
  let out = '';
  let err = '';
  const context = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    readStdin: () => Promise.resolve(''),
    env: {},
    interactive,
    signal,
  };
  const code = await runCli(['build', ...args], context, [buildCommand], '0.0.0');
  return { code, out, err };
}

describe('peerpatch build', () => {
  it('makes an executable that runs, with the version of the package', async () => {
    const { code, out, err } = await cli([join(folder, 'app.ts'), '--out', join(folder, APP), '--json'], {
      interactive: true,
    });
    expect({ code, json: JSON.parse(out) as unknown }).toEqual({
      code: 0,
      json: {
        path: join(folder, APP),
        version: '4.5.6',
        bytes: expect.any(Number) as number,
        node: process.versions.node,
        target: `${process.platform}-${process.arch}`,
        warnings: [],
      },
    });
    expect(err).toBe('inspect\nbundle\npack\ninject\ncheck\n');
    expect(execFileSync(join(folder, APP), ['a', 'b'], { encoding: 'utf8' })).toBe('a,b\n');
    expect((await readdir(folder)).sort()).toEqual([APP, 'app.ts', 'package.json'].sort());
  });

  it('says what is wrong and ends with 1', async () => {
    const out = join(folder, 'app');
    expect(await cli([join(folder, 'none.ts'), '--out', out])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^BUILD_FAILED: .*none\.ts is not a file/) as string,
    });
    const failed = await cli([join(folder, 'app.ts'), '--out', out, '--app-version', '1.0', '--json']);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject({ error: { code: 'VERSION_MALFORMED' } });
  });

  it('is cancelled by Ctrl-C', async () => {
    const result = await cli([join(folder, 'app.ts'), '--out', join(folder, 'app')], { signal: AbortSignal.abort() });
    expect(result).toMatchObject({ code: 1, err: expect.stringMatching(/^CANCELLED: /) as string });
  });

  for (const args of [[], ['app.ts'], ['--out', 'app'], ['app.ts', '--out', 'app', '--nod', 'x']]) {
    it(`ends with 2 for the wrong usage: build ${args.join(' ')}`, async () => {
      expect((await cli(args)).code).toBe(2);
    });
  }
});
