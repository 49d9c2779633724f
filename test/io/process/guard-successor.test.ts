/**
 * The guard's script where somebody else starts the program again: exactly one of them may.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { afterRollBack, afterTelling, decodeJournal, encodeJournal } from '../../../src/core/install/journal.ts';
import { guard, probation, readOut, useGuardScene } from '../../support/guard-scene.ts';

const { scene, running } = useGuardScene();

describe.skipIf(process.platform === 'win32')('the guard, beside others', () => {
  it.each([true, false])(
    'leaves the start to a thin parent that lives on, and to no other (lives: %s)',
    async (lives) => {
      const the = scene();
      const parent = spawn('sleep', ['1000']);
      running.push(parent);
      const { ended, pid } = guard(the, { thinParent: parent.pid ?? 0 });
      await pid;
      the.victim.kill('SIGSEGV');
      if (!lives) parent.kill('SIGKILL');
      expect(await ended).toEqual({ stderr: '' });
      expect(readOut(the)).toMatch(lives ? /^$/ : /^good /);
    },
  );

  it('leaves when somebody else has started the program again meanwhile', async () => {
    const the = scene();
    const { ended } = guard(the);
    the.victim.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 500));
    writeFileSync(join(the.install, 'journal'), encodeJournal({ ...probation, starts: 2 }));
    await ended;
    expect(readOut(the)).toBe('');
    expect(readFileSync(the.program, 'utf8')).toContain('bad');
  });

  // Both versions are `sleep`, to whom the arguments of the program mean nothing: it says so where the guard has started it.
  it.runIf(process.platform === 'linux').each([
    { started: 'nobody', isLeft: false },
    { started: 'another copy before the death', isLeft: false },
    { started: 'the bad version before the other is back', isLeft: true },
    { started: 'the previous version, which is back', isLeft: true },
    { started: 'the previous version, after a pause', isLeft: true },
    { started: 'the previous version, which is killed soon', isLeft: true },
    { started: 'the bad version, which dies soon', isLeft: false },
  ])('leaves what it put back to a supervisor that nobody knew of: $started', async ({ started, isLeft }) => {
    const the = scene();
    const previous = join(the.install, 'previous', probation.previous);
    for (const path of [the.program, previous]) copyFileSync(realpathSync('/bin/sleep'), path);
    const start = () => running.push(spawn(the.program, ['1000']));
    if (started.startsWith('another copy')) start();
    const { ended, pid } = guard(the);
    await pid; // it has seen whose child the program is
    await new Promise((resolve) => setTimeout(resolve, 500)); // and that it lives
    the.victim.kill('SIGSEGV');
    if (started.startsWith('the bad version')) start();
    await expect.poll(() => statSync(the.program).ino, { timeout: 8000, interval: 20 }).toBe(statSync(previous).ino);
    if (started.endsWith('a pause')) await new Promise((resolve) => setTimeout(resolve, 1300));
    if (started.startsWith('the previous version')) start();
    if (started.endsWith('soon')) {
      await new Promise((resolve) => setTimeout(resolve, 600)); // seen by the guard, but not there at its last look
      running.at(-1)?.kill('SIGKILL');
    }
    expect((await ended).stderr).toMatch(isLeft ? /^$/ : /invalid|usage/);
  });

  it('starts the previous program also when another copy on the file was first, and has told it', async () => {
    const the = scene();
    const { ended, pid } = guard(the);
    await pid;
    renameSync(join(the.install, 'previous', probation.previous), the.program);
    const undone = afterTelling(afterRollBack(probation, { reason: 'it crashed', nowMs: 1 }));
    writeFileSync(join(the.install, 'journal'), encodeJournal(undone));
    await new Promise((resolve) => setTimeout(resolve, 1000)); // it has looked, and the program lives
    the.victim.kill('SIGSEGV');
    expect(await ended).toEqual({ stderr: '' });
    expect(readOut(the)).toMatch(/^good /);
  });

  it.runIf(process.platform === 'linux')('leaves what people have put there by hand meanwhile', async () => {
    const the = scene();
    const { ended, pid } = guard(the);
    await pid;
    await new Promise((resolve) => setTimeout(resolve, 500));
    writeFileSync(`${the.program}-repaired`, '#!/bin/sh\necho by hand >> "$OUT"\n', { mode: 0o755 });
    renameSync(`${the.program}-repaired`, the.program);
    the.victim.kill('SIGSEGV');
    expect(await ended).toEqual({ stderr: '' });
    expect(readOut(the)).toBe('');
    expect(readFileSync(the.program, 'utf8')).toContain('by hand');
  });

  it.runIf(process.platform === 'linux')('leaves the start to the first process of the system', async () => {
    const the = scene();
    const previous = join(the.install, 'previous', probation.previous);
    for (const path of [the.program, previous]) copyFileSync(realpathSync('/bin/sleep'), path);
    // A child of nobody becomes one of the first process, or of whoever stands for it.
    const orphan = (path: string): number => {
      const { stdout } = spawnSync('/bin/sh', ['-c', '"$0" 1000 >&- 2>&- & echo $!', path], { encoding: 'utf8' });
      orphans.push(Number(stdout));
      return Number(stdout);
    };
    const orphans: number[] = [];
    try {
      const victim = orphan(the.program);
      const { ended, pid } = guard({ ...the, victim: { pid: victim } });
      await pid;
      await new Promise((resolve) => setTimeout(resolve, 500));
      process.kill(victim, 'SIGSEGV');
      await expect.poll(() => statSync(the.program).ino, { timeout: 8000, interval: 20 }).toBe(statSync(previous).ino);
      orphan(the.program);
      expect(await ended).toEqual({ stderr: '' });
    } finally {
      for (const pid of orphans) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // it has ended
        }
      }
    }
  });

  it.runIf(process.platform === 'linux')(
    'leaves when a supervisor was so fast that its start was counted before the guard had seen the end',
    async () => {
      const the = scene();
      copyFileSync(realpathSync('/bin/sleep'), the.program);
      const { ended, pid } = guard(the);
      const guardPid = await pid;
      await new Promise((resolve) => setTimeout(resolve, 500));
      process.kill(guardPid, 'SIGSTOP');
      const gone = new Promise((resolve) => the.victim.once('exit', resolve));
      the.victim.kill('SIGSEGV');
      await gone;
      const next = spawn(the.program, ['1000']);
      running.push(next);
      writeFileSync(join(the.install, 'starts', `${String(next.pid)}-01234567-01234567-1`), '');
      writeFileSync(join(the.install, 'journal'), encodeJournal({ ...probation, starts: 2 }));
      process.kill(guardPid, 'SIGCONT');
      expect(await ended).toEqual({ stderr: '' });
      expect(decodeJournal(readFileSync(join(the.install, 'journal')))).toMatchObject({
        phase: 'probation',
        starts: 2,
      });
    },
  );
});
