import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeTicket } from '../../../src/core/install/ticket.ts';
import { openInstallFolderSync, openSubfolderSync } from '../../../src/io/install/install-folder.ts';
import { removeLeftovers } from '../../../src/io/install/leftovers.ts';
import { acquireInstallLock, mayBeInstalling } from '../../../src/io/install/lock/install-lock.ts';
import { THIS_SYSTEM } from '../../../src/io/install/partial-name.ts';
import { livenessOf, thisProcess, type ProcessIdentity } from '../../../src/io/install/process-identity.ts';
import { countOtherStartsSync, noteStartSync } from '../../../src/io/install/running-starts.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

/** State and start time. */
function lookAt(pid: number): readonly [state: string, startedAt: string] {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/.*\) /s, '').split(' ');
  return [fields[0] ?? '', fields[19] ?? ''];
}

describe.runIf(process.platform === 'linux')('a process', () => {
  it('lives under its number and start time, and under no other', () => {
    const own = thisProcess();
    expect(livenessOf(own)).toBe('alive');
    expect(livenessOf({ ...own, startedAt: '1' })).toBe('dead');
    expect(livenessOf({ ...own, startedAt: '-' })).toBe('perhaps');
    expect(livenessOf({ ...own, system: '00000000' })).toBe('other system');
  });
});

describe.runIf(process.platform === 'linux')('a process that has ended, and whose parent never asks how', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  let parent: ChildProcess;
  let zombie: ProcessIdentity;

  beforeEach(async () => {
    writeFileSync(app(), 'program');
    // The child ends when it is told so: then the shell has become a program that knows of no children.
    parent = spawn('/bin/sh', ['-c', 'cat <&4 3>&- & echo $! >&3; exec sleep 60 3>&- 4<&-'], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'],
    });
    const pid = Number(await text(parent.stdio[3] as NodeJS.ReadableStream));
    (parent.stdio[4] as NodeJS.WritableStream).end();
    await vi.waitFor(() => {
      expect(lookAt(pid)[0]).toBe('Z');
    });
    zombie = { pid, system: THIS_SYSTEM, startedAt: lookAt(pid)[1] };
  });
  afterEach(() => {
    parent.kill('SIGKILL');
  });

  it('is dead, whether its start time is known or not', () => {
    expect(livenessOf(zombie)).toBe('dead');
    expect(livenessOf({ ...zombie, startedAt: '-' })).toBe('dead');
  });

  it('holds no install lock', async () => {
    const install = openInstallFolderSync(app());
    mkdirSync(install.lock);
    writeFileSync(join(install.lock, '0'), encodeTicket({ ...zombie, free: false }));
    expect(mayBeInstalling(app(), Date.now())).toBe(false);
    const lock = await acquireInstallLock(app(), { waits: false });
    expect(lock).toBeDefined();
    await lock?.release();
  });

  it('is no start that lives', () => {
    const install = openInstallFolderSync(app());
    openSubfolderSync(install, install.starts);
    noteStartSync(install);
    const { pid, startedAt } = thisProcess();
    const [own = ''] = readdirSync(install.starts);
    const name = own.replace(String(pid), String(zombie.pid)).replace(startedAt, zombie.startedAt);
    writeFileSync(join(install.starts, name), '');
    expect(countOtherStartsSync(install, Date.now())).toBe(0);
  });

  it('keeps nobody from removing what it staged', async () => {
    const name = `.app.${zombie.pid}-0123456789ab.peerpatch`;
    writeFileSync(folder.join(name), 'x');
    const seconds = Date.now() / 1000 - 300;
    utimesSync(folder.join(name), seconds, seconds);
    await removeLeftovers(app(), Date.now());
    expect(folder.list()).toEqual(['app']);
  });
});
