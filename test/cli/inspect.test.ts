import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inspectCommand } from '../../src/cli/commands/inspect.ts';
import { toHex } from '../../src/index.ts';
import { sampleProgram, signSample } from '../../src/testing/sample-program.ts';
import { cli } from '../support/cli.ts';
import { filler, insert, OWNER, UNSIGNED, V0, V0_FILE } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

describe('peerpatch inspect', () => {
  const folder = useTempFolder();
  const inspect = (bytes: Uint8Array, ...args: readonly string[]): ReturnType<typeof cli> => {
    writeFileSync(folder.join('app'), bytes);
    return cli(inspectCommand, ['inspect', folder.join('app'), ...args]);
  };

  it('--json: version, size, hash, signature, offset; all hex or number', async () => {
    expect((await inspect(V0_FILE, '--json')).json()).toEqual({
      path: folder.join('app'),
      version: V0.stamp.version,
      signed: true,
      size: V0.stamp.signedLength,
      hash: V0.stamp.hash,
      signature: V0.stamp.signature,
      offset: V0.stamp.regionOffset,
      fileBytes: V0.stamp.fileLength,
      intact: true,
      boundBy: 'none',
    });
  });

  it('says what holds the region, or that nothing does', async () => {
    const { file } = signSample(sampleProgram({ version: '1.4.0' }), OWNER);
    expect((await inspect(file)).out).toContain('held in its place by the anchor');
    expect((await inspect(V0_FILE)).out).toContain('not bound to its place');
  });

  it('says that a program is not signed', async () => {
    const run = await inspect(insert(filler(100), UNSIGNED, 50));
    expect(run.code).toBe(0);
    expect(run.out).toContain('1.2.3   not signed');
  });

  it('says that a program was changed after signing', async () => {
    const { file, release } = signSample(sampleProgram({ version: '1.4.0' }), OWNER);
    const { code, out } = await inspect(file.with(0, 0));
    expect(code).toBe(0);
    expect(out).toContain(`${toHex(release.hash)}   not the hash of these bytes`);
  });

  it('ends with 1 for a file without a region', async () => {
    const { code, out, err } = await inspect(filler(1000));
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^STAMP_MISSING: /);
  });
});
