/**
 * Tickets that users of one program leave to each other.
 *
 * @module
 */
import fs, {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeTicket } from '../../../../src/core/install/ticket.ts';
import { installFolderPaths, openInstallFolderSync } from '../../../../src/io/install/install-folder.ts';
import { acquireInstallLock, mayBeInstalling } from '../../../../src/io/install/lock/install-lock.ts';
import { drawTicket, freeTicket, readTicket } from '../../../../src/io/install/lock/tickets.ts';
import { thisProcess } from '../../../../src/io/install/process-identity.ts';
import { useTempFolder } from '../../../support/temp-folder.ts';

const isRoot = process.getuid?.() === 0;
const SERVICE_USER = 4711;

describe.skipIf(process.platform === 'win32')('tickets of the install lock', () => {
  const folder = useTempFolder();
  const mask = process.umask(0o022);
  process.umask(mask);
  const app = (): string => folder.join('app');
  const lockFolder = (): string => installFolderPaths(app()).lock;
  const modeOf = (number: number): number => statSync(join(lockFolder(), String(number))).mode & 0o777;

  beforeEach(() => {
    writeFileSync(app(), 'program');
    if (isRoot) for (const path of [folder.path, app()]) chownSync(path, SERVICE_USER, SERVICE_USER);
    openInstallFolderSync(app());
  });
  afterEach(() => {
    if (isRoot) process.seteuid?.(0);
    process.umask(mask);
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  /** As the program's own user, who is not root. */
  async function asUser<T>(act: () => T | Promise<T>): Promise<T> {
    if (isRoot) process.seteuid?.(SERVICE_USER);
    try {
      return await act();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  }
  function put(number: number, ticket: Partial<Parameters<typeof encodeTicket>[0]>): string {
    mkdirSync(lockFolder(), { recursive: true });
    const path = join(lockFolder(), String(number));
    writeFileSync(path, encodeTicket({ ...thisProcess(), free: false, ...ticket }));
    return path;
  }

  it.each([0o077, 0o027])('can be read by everybody, drawn and free ones, whatever the umask: %o', (umask) => {
    mkdirSync(lockFolder());
    process.umask(umask);
    expect(drawTicket(lockFolder())).toBe(0);
    expect(modeOf(0)).toBe(0o644);
    freeTicket(lockFolder(), 0);
    expect(modeOf(0)).toBe(0o644);
  });

  it('do not keep the program’s own user out when root with umask 077 had the lock', async () => {
    process.umask(0o077);
    await (await acquireInstallLock(app(), { waits: false }))?.release();
    await asUser(async () => {
      expect(readTicket(lockFolder(), 0)?.content?.free).toBe(true);
      const lock = await acquireInstallLock(app(), { waits: false });
      expect(lock).toBeDefined();
      await lock?.release();
    });
    expect(readdirSync(lockFolder())).toEqual(['1']);
  });

  it('that another user keeps to itself count as held until they were silent for 30 s', async () => {
    const path = put(3, { free: true });
    chmodSync(path, isRoot ? 0o600 : 0o000);
    const clock = { now: 0 };
    const look = () => acquireInstallLock(app(), { waits: false, monotonic: () => (clock.now += 100) });
    if (isRoot) chownSync(lockFolder(), SERVICE_USER, SERVICE_USER);
    await asUser(async () => {
      expect(readTicket(lockFolder(), 3)).toMatchObject({ number: 3, content: undefined });
      expect(await look()).toBeUndefined();
      clock.now += 31_000;
      const lock = await look();
      expect(lock).toBeDefined();
      await lock?.release();
    });
  });

  it('are not left half-made where a mode cannot be given', () => {
    mkdirSync(lockFolder());
    for (const code of ['EIO', 'EPERM']) {
      vi.spyOn(fs, 'fchmodSync').mockImplementation(() => {
        throw Object.assign(new Error('refused'), { code });
      });
      syncBuiltinESMExports();
      process.umask(0o077);
      expect(() => drawTicket(lockFolder())).toThrow('refused');
      expect(readdirSync(lockFolder())).toEqual([]);
    }
  });

  describe('for one that cannot wait', () => {
    const NOW = 1_000_000_000;
    const held = (): boolean => mayBeInstalling(app(), NOW);
    const touched = (path: string, agoMs: number): void => {
      utimesSync(path, (NOW - agoMs) / 1000, (NOW - agoMs) / 1000);
    };

    it('tell of nobody where there are none, and where they are free or of the dead', () => {
      expect(held()).toBe(false);
      touched(put(1, { pid: 2 ** 22 + 1 }), 0);
      touched(put(2, { startedAt: '1' }), 0);
      touched(put(3, { free: true }), 0);
      expect(held()).toBe(false);
    });

    it.runIf(process.platform === 'linux')('count while their process lives, touched or not', () => {
      const fields = readFileSync(`/proc/${process.ppid}/stat`, 'latin1').split(') ').at(-1)?.split(' ');
      touched(put(3, { pid: process.ppid, startedAt: fields?.[19] ?? '' }), 600_000);
      expect(held()).toBe(true);
    });

    it.each([
      ['another system', { system: 'ffffffff', pid: 1 }],
      ['this very process, perhaps before execve', {}],
    ])('of %s count while they were touched within 30 s', (_name, ticket) => {
      const path = put(3, ticket);
      touched(path, 29_000);
      expect(held()).toBe(true);
      touched(path, 31_000);
      expect(held()).toBe(false);
      touched(path, -31_000);
      expect(held()).toBe(false);
    });

    it('count while they cannot be read and were touched within 30 s', () => {
      const path = put(3, {});
      writeFileSync(path, '');
      touched(path, 1000);
      expect(held()).toBe(true);
      touched(path, 31_000);
      expect(held()).toBe(false);
    });

    it('count as held where nobody can look, and never throw', () => {
      chmodSync(installFolderPaths(app()).path, 0o777);
      expect(held()).toBe(true);
    });
  });
});
