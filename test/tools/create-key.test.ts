import { readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseOwnerKey } from '../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../src/core/keys/public-key.ts';
import { createKey, readKeyFile } from '../../src/tools/create-key.ts';
import { failure } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { HAS_MODES } from '../support/this-system.ts';

describe('createKey', () => {
  const folder = useTempFolder();

  it('makes a key file whose public key is the one it tells', async () => {
    const { path, publicKey } = await createKey(folder.join('key'));
    expect(path).toBe(folder.join('key'));
    if (HAS_MODES) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'latin1')).toMatch(/^[a-z0-9]{52}$/);
    expect(formatPublicKey(parseOwnerKey((await readKeyFile(path)).text).publicKey)).toBe(publicKey);
  });

  it('makes another key each time', async () => {
    const keys = await Promise.all(['a', 'b', 'c'].map((name) => createKey(folder.join(name))));
    expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(3);
  });

  it('KEY_FILE_EXISTS: keeps the key that is there', async () => {
    const { publicKey } = await createKey(folder.join('key'));
    await expect(createKey(folder.join('key'))).rejects.toEqual(failure('KEY_FILE_EXISTS'));
    expect(formatPublicKey(parseOwnerKey((await readKeyFile(folder.join('key'))).text).publicKey)).toBe(publicKey);
    expect(folder.list()).toEqual(['key']);
  });
});
