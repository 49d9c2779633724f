import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inspectNode, seaFuse } from '../../../src/io/build/node-binary.ts';
import { HAS_SHELL } from '../../support/this-system.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerpatch-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A shell script that carries what `fuses` gives for the offset it will stand at, and would betray that it was run. */
async function binary(
  fuses: (offset: number) => string,
  script = `touch ${folder}/was-run; echo '{}'`,
): Promise<string> {
  const path = join(folder, 'node');
  const head = `#!/bin/sh\n${script}\nexit\n`;
  await writeFile(path, `${head}${fuses(head.length)}\n`);
  await chmod(path, 0o755);
  return path;
}

describe('inspectNode', () => {
  it('says what the running Node is', async () => {
    const { version, platform, arch } = process;
    expect(await inspectNode(process.execPath)).toMatchObject({
      path: process.execPath,
      version: version.slice(1),
      platform,
      arch,
      usesGlibc:
        (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header.glibcVersionRuntime !==
        undefined,
    });
  });

  it('does not give NODE_OPTIONS to the binary', async () => {
    process.env['NODE_OPTIONS'] = '--require=/missing';
    try {
      await expect(inspectNode(process.execPath)).resolves.toMatchObject({ platform: process.platform });
    } finally {
      delete process.env['NODE_OPTIONS'];
    }
  });

  const refused: [name: string, fuses: (offset: number) => string, message: string][] = [
    [
      'no fuse: no Node, or one that keeps its code in a library',
      () => '',
      'not a Node binary that can carry a program',
    ],
    ['a fuse that has blown: it carries a program', () => `${seaFuse()}:1`, 'carries a program already'],
    ['two fuses', () => `${seaFuse()}:0 ${seaFuse()}:0`, 'carries a program already'],
    [
      'a fuse on the edge of two pieces',
      (offset) => `${'x'.repeat((1 << 20) - offset - 20)}${seaFuse()}:1`,
      'carries a program already',
    ],
    [
      'a fuse whose state is in the next piece',
      (offset) => `${'x'.repeat((1 << 20) - offset - seaFuse().length - 1)}${seaFuse()}:1`,
      'carries a program already',
    ],
  ];
  for (const [name, fuses, message] of refused) {
    it(`refuses ${name}, without running it`, async () => {
      await expect(inspectNode(await binary(fuses))).rejects.toMatchObject({
        code: 'BUILD_FAILED',
        message: expect.stringContaining(message) as string,
      });
      await expect(rm(join(folder, 'was-run'))).rejects.toThrow('ENOENT');
    });
  }

  for (const before of [1, 20, seaFuse().length, seaFuse().length + 1]) {
    it.runIf(HAS_SHELL)(`finds a fuse ${before} bytes before the edge of two pieces once`, async () => {
      const answer = '{"version":"20.20.2","platform":"linux","arch":"x64","usesGlibc":true}';
      const fuses = (offset: number): string => `${'x'.repeat((1 << 20) - offset - before)}${seaFuse()}:0`;
      await expect(inspectNode(await binary(fuses, `echo '${answer}'`))).resolves.toMatchObject({ version: '20.20.2' });
    });
  }

  it('refuses a path where nothing is', async () => {
    await expect(inspectNode(join(folder, 'missing'))).rejects.toMatchObject({ code: 'BUILD_FAILED' });
  });

  it.runIf(HAS_SHELL)('refuses a binary that does not run here, and says where to build', async () => {
    const path = await binary(() => `${seaFuse()}:0`, 'echo "exec format error" >&2; exit 126');
    await expect(inspectNode(path)).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringMatching(/does not run on this machine \(exec format error\).*--node/) as string,
    });
  });

  it.runIf(HAS_SHELL)('refuses a Node that is too old', async () => {
    const path = await binary(() => `${seaFuse()}:0`, `echo '{"version":"20.11.1","platform":"linux","arch":"x64"}'`);
    await expect(inspectNode(path)).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      message: expect.stringContaining('20.12 or later') as string,
    });
  });
});
