/**
 * The real command in a process of its own: how it ends, what a signal does, and that it waits for its own work although
 * nothing it opens keeps a process alive.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOBODY, openNetworkScene, writeSample, type NetworkScene } from '../support/network-scene.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { IS_WINDOWS } from '../support/this-system.ts';

const PROJECT = join(import.meta.dirname, '../..');
const COMMANDS = 'gen build sign verify inspect diff export seed check fetch status rollback pin skip bootstrap'.split(
  ' ',
);

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command. `kill` is sent when stderr holds its text for the first time. */
function peerpatch(
  args: readonly string[],
  kill?: { readonly at: string; readonly signal: NodeJS.Signals },
): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(PROJECT, 'src/cli/main.ts'), ...args], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err, killed] = ['', '', false];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => {
    err += text.toString();
    if (kill === undefined || killed || !err.includes(kill.at)) return;
    killed = true;
    child.kill(kill.signal);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code, signal, out, err });
    });
  });
}

describe('peerpatch', () => {
  it('knows its version and all its commands', async () => {
    const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
    expect(await peerpatch(['--version'])).toMatchObject({ code: 0, out: `${version}\n` });
    const { code, out } = await peerpatch(['--help']);
    expect(code).toBe(0);
    expect([...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name)).toEqual([...COMMANDS, 'help']);
  });

  it('ends with 2 for a command it does not know', async () => {
    expect(await peerpatch(['publish'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('publish') as string,
    });
  });
});

describe('peerpatch, on the network,', () => {
  const folder = useTempFolder();
  let scene: NetworkScene;
  let program = '';
  beforeEach(async () => {
    scene = await openNetworkScene();
    program = writeSample(folder.join('app'), scene.sample('1.1.0'));
  });
  afterEach(async () => {
    await scene.end();
  });

  // Windows sends none: it ends the process.
  for (const signal of IS_WINDOWS ? [] : (['SIGINT', 'SIGTERM'] as const)) {
    it(`seeds until ${signal}, then prints its result and ends with 0`, async () => {
      const ended = await peerpatch(['seed', program, ...scene.flags, '--json'], { at: 'announced 1.1.0', signal });
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(JSON.parse(ended.out)).toEqual({ version: '1.1.0', uploads: 0, sentBytes: 0 });
      expect(ended.err).toBe('announced 1.1.0 at 4 DHT nodes\n');
    });
  }

  it('looks and fetches to the end', async () => {
    await scene.seed(program);
    expect(await peerpatch(['check', ...scene.flags])).toMatchObject({ code: 0, err: '' });
    const fetched = await peerpatch(['fetch', ...scene.flags, '--out', folder.join('copy')]);
    expect(fetched).toMatchObject({ code: 0, err: '' });
    expect(readFileSync(folder.join('copy')).equals(readFileSync(program))).toBe(true);
  });

  it('waits for an answer that never comes, and says so', async () => {
    const { code, out, err } = await peerpatch(['check', ...scene.flags, '--dht', NOBODY]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^DHT_UNREACHABLE: .*\n$/);
  });

  it.skipIf(IS_WINDOWS)('that is interrupted while it fetches leaves nothing and shows no stack', async () => {
    const large = writeSample(folder.join('large'), scene.sample('1.2.0', 60_000_000));
    const seed = await scene.seed(large);
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(PROJECT, 'src/cli/main.ts'), 'fetch', ...scene.flags, '--out', folder.join('copy')],
      { cwd: PROJECT, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let err = '';
    child.stderr.on('data', (text: Buffer) => (err += text.toString()));
    const ended = new Promise((resolve) => child.once('close', resolve));
    await expect.poll(() => folder.list().some((name) => name.startsWith('.copy.')), { timeout: 20_000 }).toBe(true);
    child.kill('SIGINT');
    expect(await ended).toBe(1);
    expect(err).toMatch(/^CANCELLED: [^\n]*\n$/);
    expect(folder.list()).toEqual(['app', 'large']);
    await seed.stop();
  });
});
