/**
 * The commands that take part in the network, in this process. How the real command ends: main.test.ts.
 */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkCommand } from '../../src/cli/commands/check.ts';
import { fetchCommand } from '../../src/cli/commands/fetch.ts';
import { seedCommand } from '../../src/cli/commands/seed.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { cli } from '../support/cli.ts';
import { NOBODY, openNetworkScene, writeSample, type NetworkScene } from '../support/network-scene.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const folder = useTempFolder();
let scene: NetworkScene;

beforeEach(async () => {
  scene = await openNetworkScene();
});
afterEach(async () => {
  await scene.end();
});

describe('peerpatch check', () => {
  it('prints version and peers, for people and as JSON', async () => {
    const { release, file } = scene.sample('1.1.0');
    await scene.seed(writeSample(folder.join('seed'), { release, file, regionOffset: 0 }));
    const people = await cli(checkCommand, ['check', ...scene.flags]);
    expect(people).toMatchObject({ code: 0, err: '' });
    expect(people.out).toMatch(/^1\.1\.0, offered by 1 peer\n {2}[0-9a-f]{64} {2}127\.0\.0\.1:\d+.*\n$/);
    const { code, json } = await cli(checkCommand, ['check', ...scene.flags, '--json']);
    expect(code).toBe(0);
    expect(json()).toEqual({
      version: '1.1.0',
      sizeBytes: release.sizeBytes,
      hash: toHex(release.hash),
      peers: [
        {
          nodeId: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
          addresses: expect.arrayContaining([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]) as string[],
        },
      ],
    });
  });

  it('ends with 1 and the code when there is nothing or nobody', async () => {
    expect(await cli(checkCommand, ['check', ...scene.flags])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^RELEASE_NOT_FOUND: .*\n$/) as string,
    });
    const { code, json } = await cli(checkCommand, ['check', ...scene.flags, '--dht', NOBODY, '--json']);
    expect(code).toBe(1);
    expect(json()).toMatchObject({ error: { code: 'DHT_UNREACHABLE' } });
  });

  it('ends with 1 and CANCELLED when it is interrupted', async () => {
    const args = ['check', ...scene.flags, '--dht', NOBODY];
    const { code, err } = await cli(checkCommand, args, { signal: AbortSignal.timeout(50) });
    expect(code).toBe(1);
    expect(err).toMatch(/^CANCELLED: /);
  });
});

describe('peerpatch fetch', () => {
  it('makes the file and says so', async () => {
    const sample = scene.sample('1.1.0');
    await scene.seed(writeSample(folder.join('seed'), sample));
    const args = ['fetch', ...scene.flags, '--out', folder.join('app'), '--json'];
    const { code, err, json } = await cli(fetchCommand, args);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(json()).toMatchObject({ path: folder.join('app'), version: '1.1.0' });
    expect(readFileSync(folder.join('app')).equals(sample.file)).toBe(true);
    expect(await cli(fetchCommand, args)).toMatchObject({
      code: 2,
      out: expect.stringContaining('OPTION_INVALID') as string,
      err: '',
    });
  });
});

describe('peerpatch seed', () => {
  it('seeds until it is interrupted, tells what happens on stderr and what it did on stdout', async () => {
    const program = writeSample(folder.join('app'), scene.sample('1.1.0'));
    const stop = new AbortController();
    const seeding = cli(seedCommand, ['seed', program, ...scene.flags], { signal: stop.signal });
    await expect.poll(() => cli(fetchCommand, fetchArgs()).then(({ code }) => code), { timeout: 15_000 }).toBe(0);
    stop.abort();
    const { code, out, err } = await seeding;
    expect(code).toBe(0);
    expect(err).toMatch(/^announced 1\.1\.0 at 4 DHT nodes\n/);
    expect(err).toMatch(/\nserved 1\.1\.0 to [0-9a-f]{64}\n/);
    expect(out).toBe('seeded 1.1.0: 1 upload\n');
  });

  let fetches = 0;
  function fetchArgs(): string[] {
    return ['fetch', ...scene.flags, '--out', folder.join(`fetched-${fetches++}`)];
  }

  it('ends with 1 for a program that nobody would accept', async () => {
    const { code, err } = await cli(seedCommand, ['seed', import.meta.filename, ...scene.flags]);
    expect(code).toBe(1);
    expect(err).toMatch(/^STAMP_MISSING: /);
  });
});

describe('wrong usage ends with 2', () => {
  const key = 'axegnqus3miex47g1kxf1j7j8spczbc57go7jgpeixq8nxjfz7gy';
  const wrong = [
    ['check'],
    ['check', '--public-key'],
    ['check', '--public-key', key, '--unknown'],
    ['check', '--public-key', key, 'argument'],
    ['check', '--public-key', key, '--dht', 'nowhere'],
    ['check', '--public-key', key, '--dht', ''],
    ['fetch', '--public-key', key],
    ['fetch', '--public-key', key, '--out', '/tmp/none', '--relay', 'nonsense'],
    ['seed', '--public-key', key],
  ];
  for (const args of wrong) {
    it(args.join(' '), async () => {
      const command = { check: checkCommand, fetch: fetchCommand, seed: seedCommand }[args[0] ?? ''] ?? checkCommand;
      const { code, out, err } = await cli(command, args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).not.toBe('');
    });
  }
});
