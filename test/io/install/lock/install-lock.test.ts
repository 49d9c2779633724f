/**
 * The install lock, with real processes that race for it and are killed.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeTicket } from '../../../../src/core/install/ticket.ts';
import { installFolderPaths, openInstallFolderSync } from '../../../../src/io/install/install-folder.ts';
import { acquireInstallLock, drawHighest, readLockHolder } from '../../../../src/io/install/lock/install-lock.ts';
import { drawTicket } from '../../../../src/io/install/lock/tickets.ts';
import { thisProcess } from '../../../../src/io/install/process-identity.ts';
import { failure } from '../../../support/stamp-samples.ts';
import { useTempFolder } from '../../../support/temp-folder.ts';

const HOLDER = fileURLToPath(new URL('../../../fixtures/lock-holder.ts', import.meta.url));

describe('the install lock', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  const lockFolder = (): string => installFolderPaths(app()).lock;
  const tickets = (): string[] => readdirSync(lockFolder()).sort((a, b) => Number(a) - Number(b));
  const children: ChildProcess[] = [];

  beforeEach(() => {
    writeFileSync(app(), 'program');
    mkdirSync(folder.join('witnesses'));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  function start(turns: number, last = ''): { readonly child: ChildProcess; readonly said: () => string } {
    const args = ['--import', 'tsx', HOLDER, app(), folder.join('witnesses'), String(turns), last];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    let said = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    return { child, said: () => said };
  }
  /** Puts a ticket of another process there. */
  function put(number: number, ticket: Partial<Parameters<typeof encodeTicket>[0]>): string {
    const { path } = installFolderPaths(app());
    openInstallFolderSync(app());
    mkdirSync(join(path, 'lock'), { recursive: true });
    const file = join(path, 'lock', String(number));
    writeFileSync(file, encodeTicket({ ...thisProcess(), free: false, ...ticket }));
    return file;
  }

  it('is had by one of many processes at a time, and each gets its turn', { timeout: 60_000 }, async () => {
    const racers = Array.from({ length: 6 }, () => start(15));
    const codes = await Promise.all(racers.map(async ({ child }) => (await once(child, 'exit'))[0] as number));
    expect(racers.map(({ said }) => said())).toEqual(racers.map(() => 'done\n'));
    expect(codes).toEqual(racers.map(() => 0));
    expect(tickets()).toHaveLength(1);
    expect(Number(tickets()[0])).toBeGreaterThanOrEqual(89);
  });

  it('is free at once when its holder is killed', { timeout: 30_000 }, async () => {
    const { child, said } = start(1, 'hold');
    await expect.poll(said, { timeout: 20_000 }).toBe('held\n');
    expect(await acquireInstallLock(app(), { waits: false })).toBeUndefined();
    expect(readLockHolder(app())).toEqual({ pid: child.pid, isThisSystem: true });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(readLockHolder(app())).toBeUndefined();
    const lock = await acquireInstallLock(app(), { waits: false });
    expect(lock).toBeDefined();
    await lock?.release();
  });

  it('is not had by a process that got the number of a dead holder', async () => {
    // This process has the number, and started at another time.
    put(7, { startedAt: '1' });
    const lock = await acquireInstallLock(app(), { waits: false });
    expect(lock).toBeDefined();
    expect(tickets()).toEqual(['8']);
    await lock?.release();
    expect(tickets()).toEqual(['8']);
  });

  it('gives nothing to a second one in the same process, until it is released', async () => {
    const first = await acquireInstallLock(app(), { waits: false });
    expect(await acquireInstallLock(app(), { waits: false })).toBeUndefined();
    const waiting = acquireInstallLock(app(), { waits: true });
    await first?.release();
    await first?.release();
    const second = await waiting;
    expect(second).toBeDefined();
    await second?.release();
  });

  it('CANCELLED: stopped while it waits, and nothing is left of it', async () => {
    const first = await acquireInstallLock(app(), { waits: false });
    const stop = new AbortController();
    const waiting = acquireInstallLock(app(), { waits: true, signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toEqual(failure('CANCELLED'));
    await first?.release();
    const next = await acquireInstallLock(app(), { waits: false });
    expect(next).toBeDefined();
    await next?.release();
  });

  describe('held where the process itself does not tell', () => {
    const clock = { now: 0 };
    const look = (afterMs: number) => {
      clock.now += afterMs;
      return acquireInstallLock(app(), { waits: false, monotonic: () => (clock.now += 100) });
    };

    it('is taken over after 30 s without a sign, and not before, whatever the times of files say', async () => {
      const file = put(3, { system: 'ffffffff', pid: 1 });
      utimesSync(file, 1, 1);
      expect(await look(0)).toBeUndefined();
      expect(await look(20_000)).toBeUndefined();
      utimesSync(file, 2, 2); // it lives
      expect(await look(20_000)).toBeUndefined();
      expect(await look(20_000)).toBeUndefined();
      const lock = await look(31_000);
      expect(lock).toBeDefined();
      await lock?.release();
    });

    it('is taken over when the ticket is of this process and silent: it was another program before execve', async () => {
      put(3, {});
      expect(await look(0)).toBeUndefined();
      expect(await look(20_000)).toBeUndefined();
      const lock = await look(31_000);
      expect(lock).toBeDefined();
      await lock?.release();
    });

    it('counts as held while its ticket cannot be read: it may be half-written', async () => {
      writeFileSync(put(3, {}), '');
      expect(await look(0)).toBeUndefined();
      expect(readLockHolder(app())).toBeUndefined();
      const lock = await look(31_000);
      expect(lock).toBeDefined();
      await lock?.release();
    });

    it('shows signs of life', { timeout: 20_000 }, async () => {
      const lock = await acquireInstallLock(app(), { waits: false });
      const [ticket = ''] = tickets();
      const path = join(lockFolder(), ticket);
      utimesSync(path, 1, 1);
      await expect.poll(() => statSync(path).mtimeMs, { timeout: 15_000 }).toBeGreaterThan(1000);
      await lock?.release();
    });
  });

  it('draws no number twice: the highest stays, marked free', async () => {
    for (let turn = 0; turn < 5; turn++) await (await acquireInstallLock(app(), { waits: false }))?.release();
    expect(tickets()).toEqual(['4']);
    expect(readLockHolder(app())).toBeUndefined();
  });

  it('withdraws a number below one that is in use: its holder does not know of it', async () => {
    put(5, {});
    let draws = 0;
    // Looked before 5 was there, and made its file after the 4 of another one had been removed.
    const late = (path: string): number | undefined => (draws++ === 0 ? (put(4, {}), 4) : drawTicket(path));
    expect(await drawHighest(lockFolder(), undefined, late)).toBe(6);
    expect(draws).toBe(2);
    expect(tickets()).toEqual(['5', '6']);
  });

  it('follows no link, and uses no folder that is a link', async () => {
    openInstallFolderSync(app());
    mkdirSync(folder.join('elsewhere'));
    symlinkSync(folder.join('elsewhere'), lockFolder());
    await expect(acquireInstallLock(app(), { waits: false })).rejects.toEqual(failure('INSTALL_STATE_DAMAGED'));
    expect(readdirSync(folder.join('elsewhere'))).toEqual([]);
    expect(existsSync(lockFolder())).toBe(true);
  });
});
