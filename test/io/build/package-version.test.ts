import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageVersion } from '../../../src/io/build/package-version.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerpatch-test-'));
  await mkdir(join(folder, 'src/app'), { recursive: true });
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('packageVersion', () => {
  it('reads the package.json nearest to the entry', async () => {
    await writeFile(join(folder, 'package.json'), '{ "version": "1.0.0" }');
    expect(await packageVersion(join(folder, 'src/app/main.ts'))).toBe('1.0.0');
    await writeFile(join(folder, 'src/package.json'), '{ "version": "2.3.4-beta.1" }');
    expect(await packageVersion(join(folder, 'src/app/main.ts'))).toBe('2.3.4-beta.1');
  });

  const refused = ['{ "version": "1.0.0+build" }', '{ "version": 1 }', '{}', 'not JSON', 'null'];
  for (const text of refused) {
    it(`refuses ${text} and names the option`, async () => {
      await writeFile(join(folder, 'package.json'), text);
      await expect(packageVersion(join(folder, 'src/app/main.ts'))).rejects.toMatchObject({
        code: 'VERSION_MALFORMED',
        message: expect.stringContaining('--app-version') as string,
      });
    });
  }

  it('refuses an entry with no package.json above it', async () => {
    await expect(packageVersion('/nowhere/main.ts')).rejects.toMatchObject({
      code: 'VERSION_MALFORMED',
      message: expect.stringContaining('--app-version') as string,
    });
  });
});
