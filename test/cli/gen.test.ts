import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { genCommand } from '../../src/cli/commands/gen.ts';
import { formatPublicKey, parseOwnerKey } from '../../src/index.ts';
import { cli } from '../support/cli.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { HAS_MODES } from '../support/this-system.ts';

describe('peerpatch gen', () => {
  const folder = useTempFolder();

  it('makes a key file and prints its public key and the lines to paste', async () => {
    const { code, out, err } = await cli(genCommand, ['gen', folder.join('key')]);
    const text = readFileSync(folder.join('key'), 'latin1');
    const publicKey = formatPublicKey(parseOwnerKey(text).publicKey);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`public key  ${publicKey}`);
    expect(out).toContain("import { spawn } from 'peerpatch';");
    expect(out).toContain(`spawn({ publicKey: '${publicKey}' })`);
    expect(out).not.toContain(text);
    if (HAS_MODES) expect(statSync(folder.join('key')).mode & 0o777).toBe(0o600);
  });

  it('--json: path and public key on one line', async () => {
    const run = await cli(genCommand, ['gen', folder.join('key'), '--json']);
    const { publicKey } = parseOwnerKey(readFileSync(folder.join('key'), 'latin1'));
    expect(run.json()).toEqual({ path: folder.join('key'), publicKey: formatPublicKey(publicKey) });
    expect(run.out.trimEnd().split('\n')).toHaveLength(1);
  });

  it('ends with 1 and keeps the key that is there', async () => {
    await cli(genCommand, ['gen', folder.join('key')]);
    const text = readFileSync(folder.join('key'), 'latin1');
    const { code, out, err } = await cli(genCommand, ['gen', folder.join('key')]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^KEY_FILE_EXISTS: /);
    expect(readFileSync(folder.join('key'), 'latin1')).toBe(text);
  });

  it('--json: an error is one line too', async () => {
    const run = await cli(genCommand, ['gen', folder.join('missing', 'key'), '--json']);
    expect(run.code).toBe(1);
    expect(run.json()).toMatchObject({ error: { code: 'KEY_FILE_UNWRITABLE' } });
    expect(existsSync(folder.join('missing'))).toBe(false);
  });

  it('ends with 2 for a flag it does not know', async () => {
    expect((await cli(genCommand, ['gen', folder.join('key'), '--key', 'x'])).code).toBe(2);
    expect(folder.list()).toEqual([]);
  });
});
