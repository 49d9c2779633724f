import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signCommand } from '../../src/cli/commands/sign.ts';
import { formatPublicKey, toHex } from '../../src/index.ts';
import { sampleProgram, signSample } from '../../src/testing/sample-program.ts';
import { cli, type CliOptions, type CliRun } from '../support/cli.ts';
import { OWNER, V0 } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { HAS_MODES } from '../support/this-system.ts';

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
    cli(signCommand, ['sign', folder.join('app'), '--target', 'linux-x64', '--app', 'sample', ...args], options);
  const signV0 = (args: readonly string[], options?: CliOptions): Promise<CliRun> =>
    cli(signCommand, ['sign', folder.join('app'), '--v0-only', ...args], options);
  /** The sequence number is the time, so the file is another one each time. */
  const isSigned = (): boolean => !readFileSync(folder.join('app')).equals(UNSIGNED);
  const isUntouched = (): boolean => readFileSync(folder.join('app')).equals(UNSIGNED) && folder.list().length === 2;

  it('signs with a key file', async () => {
    const { code, out, err } = await sign(['--key-file', folder.join('key')]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      `signed ${folder.join('app')} as 1.4.0 for owner ${formatPublicKey(OWNER.publicKey)}\n` +
        'statement: sample for linux-x64, channel stable\n',
    );
    expect(isSigned()).toBe(true);
    expect(folder.list()).toEqual(['app', 'key']);
  });

  it('--v0-only: signs without a statement', async () => {
    const { code, out } = await signV0(['--key-file', folder.join('key')]);
    expect({ code, said: out.split('\n')[1] }).toEqual({
      code: 0,
      said: 'without a statement: only whole programs are sent',
    });
    expect(readFileSync(folder.join('app')).equals(SIGNED)).toBe(true);
  });

  it('--json: everything it signed', async () => {
    expect((await signV0(['--key-file', folder.join('key'), '--json'])).json()).toEqual({
      path: folder.join('app'),
      version: '1.4.0',
      publicKey: V0.owner.publicKeyText,
      sizeBytes: release.sizeBytes,
      hash: toHex(release.hash),
      signature: toHex(release.signature),
      deltas: [],
    });
  });

  it('--json: every field of the statement', async () => {
    const before = Math.floor(Date.now() / 1000);
    const run = await sign([
      ...['--key-file', folder.join('key'), '--json', '--channel', 'beta', '--app-version', '1.5.0-rc.1'],
      ...['--expires', '90d', '--lowest-version', '1.0.0', '--critical', '--rollout', '25%@2026-12-01T00:00Z'],
      ...['--ramp', '48h', '--mirror', 'https://a.example', '--mirror', 'https://b.example/c'],
      ...['--notes', 'https://example.com/notes', '--seq', '9223372036854775807', '--v0'],
    ]);
    const after = Math.floor(Date.now() / 1000);
    expect(run.err).toBe('');
    const { statement } = run.json() as { statement: Record<string, unknown> };
    const { issuedAt, expiresAt, root, ...rest } = statement;
    expect(rest).toEqual({
      app: 'sample',
      target: 'linux-x64',
      channel: 'beta',
      version: '1.5.0-rc.1',
      sizeBytes: UNSIGNED.length,
      stampOffset: 4370,
      chunking: 1,
      seq: '9223372036854775807',
      lowestVersion: '1.0.0',
      isCritical: true,
      rollout: { percent: 25, startsAt: Date.UTC(2026, 11, 1) / 1000, rampSeconds: 172_800 },
      deltas: [],
      mirrors: ['https://a.example', 'https://b.example/c'],
      notesUrl: 'https://example.com/notes',
      speaksV0: true,
    });
    expect(root).toMatch(/^[0-9a-f]{64}$/);
    expect(issuedAt).toBeGreaterThanOrEqual(before);
    expect(issuedAt).toBeLessThanOrEqual(after);
    expect(Number(expiresAt) - 90 * 86_400).toBeGreaterThanOrEqual(before);
    expect(Number(expiresAt) - 90 * 86_400).toBeLessThanOrEqual(after);
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

  it.runIf(HAS_MODES)('warns of a key file that others can read, and goes on', async () => {
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

  it.each([
    ['--key', KEY],
    ['--no-such-flag'],
    ['a second program'],
    ['--expires', 'soon'],
    ['--expires', '2026-13-01'],
    ['--expires', '2020-01-01'],
    ['--rollout', '25'],
    ['--rollout', '101%'],
    ['--ramp', '2 days', '--rollout', '5%'],
    ['--ramp', '2d'],
    ['--seq', '-1'],
    ['--mirror', 'ftp://a'],
    ['--channel', 'a b'],
  ])('ends with 2: %s', async (...args) => {
    expect((await sign(args, { env: { PEERPATCH_KEY: KEY } })).code).toBe(2);
    expect(isUntouched()).toBe(true);
  });
});
