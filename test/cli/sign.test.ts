import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signCommand } from '../../src/cli/commands/sign.ts';
import { formatPublicKey, toHex } from '../../src/index.ts';
import { sampleProgram, signSample } from '../../src/testing/sample-program.ts';
import { cli, type CliOptions, type CliRun } from '../support/cli.ts';
import { OWNER, V0 } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const KEY = V0.owner.keyFile;
const UNSIGNED = sampleProgram({ version: '1.4.0' });
const { file: SIGNED, release } = signSample(UNSIGNED, OWNER);

describe('peerpatch sign', () => {
  const folder = useTempFolder();
  const startedIn = process.cwd();
  beforeEach(() => {
    writeFileSync(folder.join('app'), UNSIGNED, { mode: 0o755 });
    writeFileSync(folder.join('key'), KEY, { mode: 0o600 });
  });
  afterEach(() => {
    process.chdir(startedIn);
  });
  const sign = (args: readonly string[], options?: CliOptions): Promise<CliRun> =>
    cli(signCommand, ['sign', folder.join('app'), ...args], options);
  const isSigned = (): boolean => readFileSync(folder.join('app')).equals(SIGNED);
  const isUntouched = (): boolean => readFileSync(folder.join('app')).equals(UNSIGNED) && folder.list().length === 2;

  it('signs with a key file', async () => {
    const { code, out, err } = await sign(['--key-file', folder.join('key')]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`signed ${folder.join('app')} as 1.4.0 for owner ${formatPublicKey(OWNER.publicKey)}\n`);
    expect(isSigned()).toBe(true);
    expect(folder.list()).toEqual(['app', 'key']);
  });

  it('--json: everything it signed', async () => {
    expect((await sign(['--key-file', folder.join('key'), '--json'])).json()).toEqual({
      path: folder.join('app'),
      version: '1.4.0',
      publicKey: V0.owner.publicKeyText,
      sizeBytes: release.sizeBytes,
      hash: toHex(release.hash),
      signature: toHex(release.signature),
    });
  });

  it('signs with the key on stdin', async () => {
    expect((await sign(['--key-file', '-'], { stdin: `${KEY}\n` })).code).toBe(0);
    expect(isSigned()).toBe(true);
  });

  it('signs with the key in the environment, and prefers a file that is named', async () => {
    expect((await sign([], { env: { PEERPATCH_KEY: KEY } })).code).toBe(0);
    expect(isSigned()).toBe(true);
    const env = { PEERPATCH_KEY: 'not a key' };
    expect((await sign(['--key-file', folder.join('key')], { env })).code).toBe(0);
  });

  it('signs with the key file of the current folder when nothing is said', async () => {
    process.chdir(folder.path);
    writeFileSync('owner_signing_key', KEY, { mode: 0o600 });
    expect((await sign([])).code).toBe(0);
    expect(isSigned()).toBe(true);
  });

  it('--app-version: signs as that version', async () => {
    const run = await sign(['--key-file', folder.join('key'), '--app-version', '9.8.7', '--json']);
    expect(run.json()).toMatchObject({ version: '9.8.7' });
  });

  it('warns of a key file that others can read, and goes on', async () => {
    chmodSync(folder.join('key'), 0o644);
    const { code, err } = await sign(['--key-file', folder.join('key')]);
    expect(code).toBe(0);
    expect(err).toMatch(/^warning: .*chmod 600/);
  });

  const refused: [name: string, args: readonly string[], options: CliOptions, error: RegExp][] = [
    ['a key on stdin that is none', ['--key-file', '-'], { stdin: 'x' }, /^KEY_MALFORMED: /],
    ['an empty key in the environment', [], { env: { PEERPATCH_KEY: '' } }, /^KEY_MALFORMED: /],
    ['a key file that is not there', ['--key-file', 'no such file'], {}, /^KEY_FILE_UNREADABLE: /],
    ['a version that is none', ['--key-file', '-', '--app-version', '1'], { stdin: KEY }, /^VERSION_MALFORMED: /],
    ['an interrupt', ['--key-file', '-'], { stdin: KEY, signal: AbortSignal.abort() }, /^CANCELLED: /],
  ];
  it.each(refused)('ends with 1 and touches nothing: %s', async (_name, args, options, error) => {
    const run = await sign(args, options);
    expect(run).toMatchObject({ code: 1, out: '' });
    expect(run.err).toMatch(error);
    expect(isUntouched()).toBe(true);
  });

  it('never shows a key, right or wrong', async () => {
    const wrong = `${KEY.slice(0, 51)}l`;
    const runs = [await sign(['--key-file', '-'], { stdin: wrong }), await sign(['--key-file', '-'], { stdin: KEY })];
    for (const { out, err } of runs) expect(out + err).not.toContain(KEY.slice(0, 10));
    expect(runs.map(({ code }) => code)).toEqual([1, 0]);
  });

  it.each([['--key', KEY], ['--no-such-flag'], ['a second program']])('ends with 2: %s', async (...args) => {
    expect((await sign(args)).code).toBe(2);
    expect(isUntouched()).toBe(true);
  });
});
