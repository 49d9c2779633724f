import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { namesIn } from '../../../src/io/install/previous-programs.ts';
import { isQuarantined, quarantineSync } from '../../../src/io/install/quarantine.ts';
import { createTrial } from '../../../src/start/thread/trial.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();
const to = { version: '1.1.0', id: 'ab'.repeat(32) };

describe.skipIf(process.platform === 'win32')('the trial of a staged program', () => {
  let programPath = '';
  let path = '';
  beforeEach(() => {
    process.env['XDG_STATE_HOME'] = folder.join('state');
    mkdirSync(folder.join('home'));
    programPath = folder.join('home', 'app');
    path = folder.join('home', 'staged');
    for (const file of [programPath, path]) {
      writeFileSync(file, '#!/bin/sh\nexit 1\n');
      chmodSync(file, 0o755);
    }
  });

  const noted = (): readonly string[] => namesIn(folder.join('home', '.app.peerpatch', 'trials'));

  it('puts a release in quarantine that fails twice, and not before', async () => {
    const trial = createTrial({ programPath, timeoutMs: 5000 });
    await expect(trial({ path, to })).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    expect(isQuarantined(programPath, to.id)).toBe(false);
    await expect(trial({ path, to })).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    expect(isQuarantined(programPath, to.id)).toBe(true);
  });

  it('puts a release in quarantine that failed in another process before', async () => {
    const trial = (): Promise<void> => createTrial({ programPath, timeoutMs: 5000 })({ path, to });
    await expect(trial()).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    expect(isQuarantined(programPath, to.id)).toBe(false);
    await expect(trial()).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
    expect(isQuarantined(programPath, to.id)).toBe(true);
    expect(noted()).toEqual([]);
  });

  it('counts anew for another release, and remembers one', async () => {
    const other = { version: '1.2.0', id: 'cd'.repeat(32) };
    for (const each of [to, other, to]) {
      const trial = createTrial({ programPath, timeoutMs: 5000 });
      await expect(trial({ path, to: each })).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
      expect(noted()).toEqual([each.id]);
    }
    expect([to, other].map(({ id }) => isQuarantined(programPath, id))).toEqual([false, false]);
  });

  it('forgets a failure when a release passes', async () => {
    await expect(createTrial({ programPath, timeoutMs: 5000 })({ path, to })).rejects.toThrow();
    expect(noted()).toEqual([to.id]);
    await createTrial({ programPath, timeoutMs: undefined })({ path, to });
    expect(noted()).toEqual([]);
  });

  it('counts where nothing can be written down, too, and follows no link', async () => {
    const trial = createTrial({ programPath, timeoutMs: 5000 });
    for (const name of ['elsewhere', 'home/.app.peerpatch']) mkdirSync(folder.join(name));
    symlinkSync(folder.join('elsewhere'), folder.join('home', '.app.peerpatch', 'trials'));
    for (const isKept of [false, true]) {
      await expect(trial({ path, to })).rejects.toMatchObject({ code: 'PREFLIGHT_FAILED' });
      expect(isQuarantined(programPath, to.id)).toBe(isKept);
      expect(namesIn(folder.join('elsewhere'))).toEqual([]);
    }
  });

  it('is over at once for a release in quarantine, started or not', async () => {
    quarantineSync({ program: programPath, ...to, reason: 'it died', nowMs: 1 });
    for (const timeoutMs of [5000, undefined]) {
      await expect(createTrial({ programPath, timeoutMs })({ path, to })).rejects.toMatchObject({
        code: 'ROLLED_BACK',
      });
    }
  });

  it('starts nothing when the host wants no preflight', async () => {
    await expect(createTrial({ programPath, timeoutMs: undefined })({ path, to })).resolves.toBeUndefined();
  });

  it('counts a program for another machine like one that fails', async () => {
    writeFileSync(path, Buffer.from('7f454c4602010100000000000000000002000800', 'hex'));
    const trial = createTrial({ programPath, timeoutMs: 5000 });
    for (const isKept of [false, true]) {
      await expect(trial({ path, to })).rejects.toMatchObject({ code: 'INSTALL_WRONG_TARGET' });
      expect(isQuarantined(programPath, to.id)).toBe(isKept);
    }
  });
});
