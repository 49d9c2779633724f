import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { verifyCommand } from '../../src/cli/commands/verify.ts';
import { toHex } from '../../src/index.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../src/testing/sample-program.ts';
import { cli } from '../support/cli.ts';
import { OWNER, V0 } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const { file: SIGNED, release } = signSample(sampleProgram({ version: '1.4.0' }), OWNER);
const PUBLIC_KEY = V0.owner.publicKeyText;

describe('peerpatch verify', () => {
  const folder = useTempFolder();
  const verify = (bytes: Uint8Array, ...args: readonly string[]): ReturnType<typeof cli> => {
    writeFileSync(folder.join('app'), bytes);
    return cli(verifyCommand, ['verify', folder.join('app'), ...args]);
  };

  it("ends with 0 for the owner's program", async () => {
    const { code, out } = await verify(SIGNED, '--public-key', PUBLIC_KEY);
    expect(code).toBe(0);
    expect(out).toBe(`${folder.join('app')} is 1.4.0: signature, hash and size are the owner's\n`);
  });

  it('--json: what it is', async () => {
    expect((await verify(SIGNED, '--public-key', PUBLIC_KEY, '--json')).json()).toEqual({
      path: folder.join('app'),
      version: '1.4.0',
      sizeBytes: release.sizeBytes,
      hash: toHex(release.hash),
    });
  });

  it('says what is stated', async () => {
    const { file, statement } = signSampleStatement(sampleProgram({ version: '1.4.0' }), OWNER, {
      version: '1.4.0-rc.1',
    });
    expect((await verify(file, '--public-key', PUBLIC_KEY)).out).toBe(
      `${folder.join('app')} is 1.4.0-rc.1: signature, hash and size are the owner's\n` +
        'its statement, too: sample for linux-x64, channel stable, sequence 1\n',
    );
    expect((await verify(file, '--public-key', PUBLIC_KEY, '--json')).json()).toMatchObject({
      version: '1.4.0-rc.1',
      statement: { root: toHex(statement.root), seq: '1' },
    });
  });

  it('ends with 1 for another owner, and for changed bytes', async () => {
    const other = await verify(SIGNED, '--public-key', V0.node.idText);
    expect(other).toMatchObject({ code: 1, out: '' });
    expect(other.err).toMatch(/^RELEASE_BAD_SIGNATURE: /);
    const changed = await verify(SIGNED.with(0, 0), '--public-key', PUBLIC_KEY, '--json');
    expect(changed.code).toBe(1);
    expect(changed.json()).toMatchObject({ error: { code: 'RELEASE_MISMATCH' } });
  });

  it('ends with 1 for a key that is none', async () => {
    expect((await verify(SIGNED, '--public-key', 'abc')).err).toMatch(/^KEY_MALFORMED: /);
  });

  it('ends with 2 without a key', async () => {
    expect((await verify(SIGNED)).code).toBe(2);
  });
});
