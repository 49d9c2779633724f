/**
 * `check`, `fetch` and `sign --check-network` with stated releases: a private DHT, real transport, a mirror on loopback.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { checkCommand } from '../../src/cli/commands/check.ts';
import { fetchCommand } from '../../src/cli/commands/fetch.ts';
import { signCommand } from '../../src/cli/commands/sign.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { encodeZbase32 } from '../../src/core/base/zbase32.ts';
import {
  sampleProgram,
  signSampleStatement,
  type SampleStatement,
  type StatedSample,
} from '../../src/testing/sample-program.ts';
import { exportMirror } from '../../src/tools/mirror/export-mirror.ts';
import { cli, type CliRun } from '../support/cli.ts';
import { NOBODY, openNetworkScene, OWNER_SEED, type NetworkScene } from '../support/network-scene.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { useWebServers } from '../support/web-servers.ts';

const NAME = ['--app', 'sample', '--target', 'linux-x64'];
const FOREVER = 32_503_680_000; // the year 3000

const folder = useTempFolder();
const { serve } = useWebServers();
let scene: NetworkScene;

beforeEach(async () => {
  // A machine that has never seen a release.
  vi.stubEnv('XDG_STATE_HOME', folder.join('state'));
  vi.stubEnv('XDG_CACHE_HOME', folder.join('cache'));
  scene = await openNetworkScene();
});
afterEach(async () => {
  await scene.end();
  vi.unstubAllEnvs();
});

type Written = StatedSample & { readonly path: string };

function write(name: string, version: string, statement: SampleStatement = {}): Written {
  const unsigned = sampleProgram({ version: version.replace(/-.*/, ''), sizeBytes: 300_000 });
  const sample = signSampleStatement(unsigned, scene.owner, { version, ...statement });
  writeFileSync(folder.join(name), sample.file);
  return { ...sample, path: folder.join(name) };
}

/** Seeds it until its statement is in the DHT as well. */
async function seed({ path }: Written): Promise<void> {
  const { events } = await scene.seed(path);
  await expect.poll(() => events.some(({ type }) => type === 'published'), { timeout: 15_000 }).toBe(true);
}

async function mirrorOf(...programs: readonly Written[]): Promise<string> {
  const outFolder = folder.join('mirror');
  for (const { path } of programs) {
    await exportMirror({ programs: [path], publicKey: scene.peer.publicKey, outFolder, quality: 0 });
  }
  const { url } = await serve((request, response) => {
    try {
      response.end(readFileSync(`${outFolder}${request.url ?? ''}`));
    } catch {
      response.writeHead(404).end();
    }
  });
  return url;
}

const run = (command: 'check' | 'fetch', args: readonly string[]): Promise<CliRun> =>
  cli(command === 'check' ? checkCommand : fetchCommand, [command, ...scene.flags, ...args]);

describe('peerpatch check --app', () => {
  it('shows the statement and who offers the release, for people and as JSON', async () => {
    const { statement } = await seedNew('1.1.0-rc.1', {
      seq: 7n,
      issuedAt: 1_767_225_600,
      expiresAt: FOREVER,
      rollout: { percent: 25, startsAt: 1_767_225_600, rampSeconds: 3600 },
    });
    const { code, out, err } = await run('check', NAME);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^1\.1\.0-rc\.1, offered by 1 peer\nsequence {3}7\nsize {7}300000\n/);
    expect(out).toContain('issued     2026-01-01T00:00:00Z');
    expect(out).toContain('expires    3000-01-01T00:00:00Z');
    expect(out).toContain('rollout    25 % from 2026-01-01T00:00:00Z');
    expect(out).toMatch(/\n {2}[0-9a-f]{64} {2}127\.0\.0\.1:\d+.*\n$/);
    const json = (await run('check', [...NAME, '--json'])).json() as { peers: unknown[] };
    expect(json).toMatchObject({ version: '1.1.0-rc.1', seq: '7', root: toHex(statement.root), isExpired: false });
    expect(json.peers).toHaveLength(1);
  });

  it('says that a release has expired', async () => {
    await seedNew('1.1.0', { expiresAt: 1_767_225_600 });
    expect((await run('check', NAME)).out).toContain('\nexpired: nobody takes it any more\n');
  });

  it('finds nothing under another name, and nothing without the name', async () => {
    await seedNew('1.1.0');
    for (const args of [[...NAME, '--channel', 'beta'], ['--app', 'sample', '--target', 'win32-x64'], []]) {
      const { code, err } = await run('check', args);
      expect({ code, err }, args.join(' ')).toEqual({
        code: 1,
        err: expect.stringMatching(/^RELEASE_NOT_FOUND: /) as string,
      });
    }
  });

  it('finds it at a mirror where no UDP is', async () => {
    const mirror = await mirrorOf(write('app', '1.2.0'));
    const { code, out, err } = await run('check', [...NAME, '--dht', NOBODY, '--mirror', mirror]);
    expect({ code, said: out.split('\n')[0] }).toEqual({ code: 0, said: '1.2.0, offered by 0 peers' });
    expect(err).toMatch(/^DHT_UNREACHABLE: /);
  });
});

describe('peerpatch fetch --app', () => {
  it('makes the file from a peer, and says what of and how', async () => {
    const { file, statement } = await seedNew('1.1.0');
    const args = [...NAME, '--out', folder.join('fetched'), '--json'];
    const { code, err, json } = await run('fetch', args);
    expect({ code, err }).toEqual({ code: 0, err: 'fetching in chunks, about 0.1 MB\n' });
    expect(json()).toMatchObject({
      path: folder.join('fetched'),
      version: '1.1.0',
      from: expect.stringMatching(/^peer [0-9a-f]+/) as string,
      statement: { root: toHex(statement.root) },
    });
    expect(readFileSync(folder.join('fetched')).equals(file)).toBe(true);
    expect(await run('fetch', args)).toMatchObject({
      code: 2,
      out: expect.stringContaining('OPTION_INVALID') as string,
    });
  });

  it('makes the file from a mirror alone', async () => {
    const sample = write('app', '1.2.0');
    const mirror = await mirrorOf(sample);
    const out = folder.join('fetched');
    const { code } = await run('fetch', [...NAME, '--dht', NOBODY, '--mirror', mirror, '--out', out]);
    expect(code).toBe(0);
    expect(readFileSync(out).equals(sample.file)).toBe(true);
  });

  it('takes a release that is rolled out to nobody yet', async () => {
    await seedNew('1.1.0', { rollout: { percent: 0, startsAt: 0, rampSeconds: 0 } });
    expect((await run('fetch', [...NAME, '--out', folder.join('fetched')])).code).toBe(0);
  });

  it('leaves nothing of a release that has expired', async () => {
    await seedNew('1.1.0', { expiresAt: 1_767_225_600 });
    const { code, err } = await run('fetch', [...NAME, '--out', folder.join('fetched')]);
    expect(code).toBe(1);
    expect(err).toMatch(/^STATEMENT_EXPIRED: not taken: /);
    expect(folder.list().filter((name) => name.includes('fetched'))).toEqual([]);
  });

  it('refuses an older release than this machine has taken before', async () => {
    const [older, newer] = [write('old', '1.1.0', { seq: 1n }), write('new', '1.2.0', { seq: 2n })];
    const args = [...NAME, '--dht', NOBODY, '--out'];
    const first = await run('fetch', [...args, folder.join('first'), '--mirror', await mirrorOf(newer)]);
    expect(first.code).toBe(0);
    await seed(older);
    const { code, err } = await run('fetch', [...NAME, '--out', folder.join('second')]);
    expect(code).toBe(1);
    expect(err).toMatch(/^STATEMENT_ROLLED_BACK: /);
  });
});

describe('peerpatch sign --check-network', () => {
  const otherProgram = (version: string): Uint8Array => sampleProgram({ version, sizeBytes: 300_000, seed: 5 });
  const sign = (version: string, args: readonly string[]): Promise<CliRun> => {
    writeFileSync(folder.join('next'), otherProgram(version));
    return cli(signCommand, ['sign', folder.join('next'), ...NAME, ...args], {
      env: { PEERPATCH_KEY: encodeZbase32(OWNER_SEED) },
    });
  };
  const network = (): string[] => ['--check-network', ...scene.flags.slice(2)];

  it('refuses a version that is not above the released one, and changes nothing', async () => {
    await seedNew('1.1.0');
    const { code, err } = await sign('1.1.0', network());
    expect(code).toBe(1);
    expect(err).toMatch(/^on the network: 1\.1\.0\nRELEASE_NOT_NEWER: .*version 1\.1\.0 is not above 1\.1\.0/);
    expect(readFileSync(folder.join('next')).equals(otherProgram('1.1.0'))).toBe(true);
    expect((await sign('1.1.0', [])).code).toBe(0); // without a look nobody knows
  });

  it('takes a sequence number above the released one', async () => {
    const ahead = 9_000_000_000n;
    await seedNew('1.1.0', { seq: ahead });
    const { code, json } = await sign('1.2.0', [...network(), '--json']);
    expect(code).toBe(0);
    expect(json()).toMatchObject({ statement: { seq: (ahead + 1n).toString() } });
  });

  it('refuses what is not above the release that only the mirror of a previous program has', async () => {
    const mirrors = [await mirrorOf()];
    const previous = write('previous', '1.0.0', { seq: 1n, mirrors });
    await mirrorOf(write('released', '1.1.0', { seq: 2n, mirrors }));
    const { code, err } = await sign('1.1.0', [...network(), '--previous', previous.path]);
    expect(code).toBe(1);
    expect(err).toMatch(/^on the network: 1\.1\.0\nRELEASE_NOT_NEWER: /);
  });

  it('signs the first release of a name', async () => {
    const { code, err } = await sign('1.0.0', network());
    expect({ code, err }).toEqual({ code: 0, err: 'on the network: no release under this name\n' });
  });

  it('signs nothing when the network cannot be asked', async () => {
    const { code, err } = await sign('1.0.0', [...network(), '--dht', NOBODY]);
    expect(code).toBe(1);
    expect(err).toMatch(/DHT_UNREACHABLE: [^\n]*\n$/);
  });
});

describe('wrong usage ends with 2', () => {
  const wrong: (readonly ['check' | 'fetch', ...string[]])[] = [
    ['check', '--channel', 'beta'],
    ['check', '--mirror', 'https://example.org'],
    ['check', '--app', 'not an app'],
    ['check', '--app', 'sample', '--mirror', 'ftp://example.org'],
    ['fetch', '--target', 'linux-x64', '--out', '/tmp/none'],
  ];
  for (const [command, ...args] of wrong) {
    it(`${command} ${args.join(' ')}`, async () => {
      expect(await run(command, args)).toMatchObject({ code: 2, out: '' });
    });
  }
  for (const args of [
    ['--dht', NOBODY],
    ['--check-network', '--v0-only'],
  ]) {
    it(`sign ${args.join(' ')}`, async () => {
      expect(await cli(signCommand, ['sign', 'app', ...args])).toMatchObject({ code: 2, out: '' });
    });
  }
});

async function seedNew(version: string, statement: SampleStatement = {}): Promise<Written> {
  const written = write('seeded', version, statement);
  await seed(written);
  return written;
}
