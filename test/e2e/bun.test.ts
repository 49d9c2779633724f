/**
 * Programs that "peerpatch build" did not make: a Bun executable and a C program, each with a placeholder inside. They can
 * be signed, verified and seeded like any other; an agent they have none.
 *
 * @module
 */
import { execFile, execFileSync } from 'node:child_process';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createPlaceholder } from '../../src/core/release/placeholder.ts';
import { parseVersion } from '../../src/core/release/version.ts';
import { inspectProgram } from '../../src/tools/inspect-program.ts';
import { signProgram } from '../../src/tools/sign/sign-program.ts';
import { verifyProgram } from '../../src/tools/verify-program.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { npmBinary } from './support/npm-binary.ts';
import { OWNER, PUBLIC_KEY } from './support/releases.ts';

const run = promisify(execFile);
const PROJECT = join(import.meta.dirname, '../..');
const folder = useTempFolder();
const bun = await npmBinary({
  name: '@oven/bun-linux-x64',
  version: '1.4.5',
  path: 'bin/bun',
  cache: join(PROJECT, '.cache/bun-binaries'),
});
const hasCompiler = findsCompiler();

/** Signs and verifies it; whoever changes a byte afterwards is noticed. */
async function expectSignable(program: string, version: string): Promise<void> {
  expect(await inspectProgram(program)).toMatchObject({ version, isSigned: false, boundBy: 'anchor' });
  expect(await signProgram({ program, key: OWNER })).toMatchObject({ version });
  expect(await verifyProgram({ program, publicKey: PUBLIC_KEY })).toMatchObject({ version });
  const found = await inspectProgram(program);
  expect(found).toMatchObject({ version, isSigned: true, measuredBytes: found.sizeBytes });
  const bytes = await readFile(program);
  const altered = join(folder.path, 'altered');
  bytes[found.offset - 100] = (bytes[found.offset - 100] ?? 0) ^ 1;
  await writeFile(altered, bytes);
  await expect(verifyProgram({ program: altered, publicKey: PUBLIC_KEY })).rejects.toMatchObject({
    code: 'RELEASE_MISMATCH',
  });
}

describe.runIf(bun !== undefined)('a Bun executable with an embedded placeholder', () => {
  it('is signed and verified, runs on, and its updater is disabled with the reason', async () => {
    await writeFile(folder.join('app.stamp'), createPlaceholder(parseVersion('3.2.1')));
    await symlink(join(PROJECT, 'node_modules'), folder.join('node_modules'));
    const entry = [
      `import stamp from './app.stamp' with { type: 'file' };`,
      `import { spawn } from '${PROJECT}/src/index.ts';`,
      `const updater = await spawn({ publicKey: '${PUBLIC_KEY}' });`,
      `const bytes = (await Bun.file(stamp).bytes()).length;`,
      `console.log(JSON.stringify({ bytes, state: await updater.ready, reason: updater.reason }));`,
    ];
    await writeFile(folder.join('app.ts'), entry.join('\n'));
    const program = folder.join('app');
    await run(bun ?? '', ['build', '--compile', 'app.ts', '--outfile', program], { cwd: folder.path });
    await expectSignable(program, '3.2.1');
    const { stdout, stderr } = await run(program, { cwd: '/', env: {} });
    expect(JSON.parse(stdout)).toEqual({
      bytes: 1300,
      state: 'disabled',
      reason: expect.stringContaining('no agent') as string,
    });
    expect(stderr).toBe('');
  });
});

describe.runIf(hasCompiler)('a C program with a placeholder as a constant', () => {
  it('is signed and verified, and runs on', async () => {
    const bytes = [...createPlaceholder(parseVersion('0.0.7'))];
    const source = `#include <stdio.h>
__attribute__((used)) const unsigned char stamp[${String(bytes.length)}] = {${bytes.join(',')}};
int main(void) { return printf("region of %.5s\\n", stamp + 20 + 1104 + 132) < 0; }
`;
    await writeFile(folder.join('app.c'), source);
    const program = folder.join('app');
    await run('cc', ['-O2', '-o', program, folder.join('app.c')]);
    await expectSignable(program, '0.0.7');
    expect((await run(program)).stdout).toBe('region of 0.0.7\n');
  });
});

function findsCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('SKIPPED: the test with a C program: there is no C compiler\n');
    return false;
  }
}
