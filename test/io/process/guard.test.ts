/**
 * The guard's script with real processes: small shell scripts in the place of both versions.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { decodeJournal, encodeJournal } from '../../../src/core/install/journal.ts';
import { decodeQuarantine } from '../../../src/core/install/quarantine.ts';
import { exactScript } from '../../../src/io/process/exact-start.ts';
import { GUARD_SCRIPT } from '../../../src/io/process/guard-script.ts';
import { guardArguments, startGuard } from '../../../src/io/process/guard.ts';
import { from, guard, probation, readOut, to, useGuardScene } from '../../support/guard-scene.ts';

const { folder, scene } = useGuardScene();

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return ''; // ended meanwhile
  }
}

describe.skipIf(process.platform === 'win32')('the guard', () => {
  it('runs the previous program with the very bytes this one was started with, where text does not say them', async () => {
    const the = scene();
    writeFileSync(
      join(the.install, 'previous', probation.previous),
      '#!/bin/sh\nprintf "%s|%s|%s" "$1" "$2" "$KEPT" > "$OUT"\n',
      { mode: 0o755 },
    );
    const bytes = [Buffer.from([0x74, 0xff, 0x0a]), Buffer.from("qu'ote")];
    const variables = { KEPT: Buffer.from([0xfe, 0x27, 0x0a]) };
    const text = { args: bytes.map(String), env: { KEPT: variables.KEPT.toString() } };
    const own = { args: [Buffer.from('called'), ...bytes], variables: new Map(Object.entries(variables)) };
    const { ended } = guard(the, { script: exactScript(text, own) ?? '' });
    the.victim.kill('SIGSEGV');
    expect(await ended).toEqual({ stderr: '' });
    const bar = Buffer.from('|');
    expect(readFileSync(the.out)).toEqual(Buffer.concat([...bytes.flatMap((arg) => [arg, bar]), variables.KEPT]));
  });

  it('puts the previous program back when the new one dies, and runs it with its arguments, environment and stdin', async () => {
    const the = scene();
    const umask = process.umask(0o077);
    const { ended } = guard(the);
    process.umask(umask);
    the.victim.kill('SIGSEGV');
    expect(await ended).toEqual({ stderr: '' });
    expect(readOut(the)).toBe("good 2 [two words] [qu'ote] kept\nfrom stdin\n");
    expect(readFileSync(the.program, 'utf8')).toContain('good');
    const journal = decodeJournal(readFileSync(join(the.install, 'journal')));
    expect(journal).toMatchObject({
      phase: 'rolled-back',
      from: to,
      to: from,
      reason: 'it died within its probation',
      told: false,
    });
    // Every user of the program reads that; what the program writes is as it was.
    const modeOf = (path: string) => statSync(path).mode & 0o777;
    expect([modeOf(join(the.install, 'journal')), modeOf(the.out)]).toEqual([0o644, 0o600]);
    for (const note of [join(the.install, 'quarantine', to.id), join(the.shared, to.id)]) {
      const { version, at } = decodeQuarantine(readFileSync(note));
      expect(version).toBe('1.1.0');
      expect(Math.abs(Date.now() - at)).toBeLessThan(30_000);
    }
    expect(readdirSync(the.install).sort()).toEqual(['journal', 'previous', 'quarantine', 'starts']);
    expect(readdirSync(join(the.install, 'starts'))).toEqual([]);
    expect(readdirSync(join(the.install, 'previous'))).toEqual([probation.previous]);
  });

  it('runs the previous program also where the disk is too full to write that it is back', async () => {
    const the = scene();
    // Nothing can be written under that name.
    mkdirSync(join(the.install, `.journal.${String(the.victim.pid)}-guard`));
    const { ended } = guard(the);
    the.victim.kill('SIGSEGV');
    expect(await ended).toEqual({ stderr: '' });
    expect(readOut(the)).toMatch(/^good /);
    expect(decodeJournal(readFileSync(join(the.install, 'journal')))).toEqual(probation);
  });

  it.runIf(process.platform === 'linux')(
    'gives the previous program also the variables that a shell drops, or uses itself',
    async () => {
      const the = scene();
      writeFileSync(join(the.install, 'previous', probation.previous), '#!/bin/sh\ncat "/proc/$$/environ" > "$OUT"\n', {
        mode: 0o755,
      });
      const odd = { 'a.b': "it's", 'c-d': 'a secret\n', program: 'mine', name: 'ä', line: '', keeper: '1' };
      const started = await startGuard({
        programPath: the.program,
        folder: the.install,
        journal: probation,
        sharedQuarantine: undefined,
        limitMs: 60_000,
        watched: { pid: the.victim.pid ?? 0, startedAt: '-' },
        argv0: 'called',
        args: [],
        env: { PATH: process.env['PATH'], OUT: the.out, ...odd },
      });
      expect(started).toBeDefined();
      // Other users see arguments, and not the environment.
      const commands = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [commandLine(name)] : []));
      const guards = commands.filter((text) => text.includes('peerpatch-guard') && text.includes(the.install));
      expect(guards.length).toBeGreaterThan(0);
      expect(guards.filter((text) => text.includes(odd['c-d']))).toEqual([]);
      the.victim.kill('SIGSEGV');
      await expect.poll(() => readOut(the), { timeout: 10_000 }).toContain('OUT=');
      const variables = readOut(the).split('\0');
      expect(variables.join()).not.toContain('PEERPATCH_');
      expect(variables).toEqual(expect.arrayContaining(Object.entries(odd).map(([name, value]) => `${name}=${value}`)));
    },
  );

  it('leaves when the program ends well, and takes the note of it away', async () => {
    const the = scene();
    const { ended } = guard(the);
    writeFileSync(join(the.install, `ended.${String(the.victim.pid)}`), '');
    the.victim.kill('SIGTERM');
    expect(await ended).toEqual({ stderr: '' });
    expect(readOut(the)).toBe('');
    expect(readFileSync(the.program, 'utf8')).toContain('bad');
    expect(readdirSync(the.install).sort()).toEqual(['journal', 'previous', 'starts']);
  });

  it('leaves as soon as the journal is gone, is about another release, or is not readable', async () => {
    const other = { ...probation, to: { ...to, id: 'c'.repeat(64) } };
    // The last one: a newer release came before this one had proven itself.
    for (const journal of ['', 'junk', encodeJournal(other), encodeJournal({ ...other, over: to })]) {
      const the = scene();
      writeFileSync(join(the.install, 'journal'), journal);
      const { ended } = guard(the);
      await ended;
      the.victim.kill('SIGKILL');
      expect(readOut(the)).toBe('');
      rmSync(folder.path, { recursive: true });
      mkdirSync(folder.path);
    }
  });

  it('leaves the note of a good end to the guard of the release that came after its own', async () => {
    const the = scene();
    const note = `ended.${String(the.victim.pid)}`;
    const next = { ...probation, to: { version: '1.2.0', id: 'c'.repeat(64) }, over: to };
    writeFileSync(join(the.install, 'journal'), encodeJournal(next));
    writeFileSync(join(the.install, note), '');
    const gone = new Promise((resolve) => the.victim.once('exit', resolve));
    the.victim.kill('SIGTERM');
    await gone;
    await guard(the).ended;
    expect(readdirSync(the.install)).toContain(note);
    expect(readFileSync(the.program, 'utf8')).toContain('bad');
  });

  it('runs the previous program that the agent has put back itself', async () => {
    const the = scene();
    const { ended } = guard(the);
    const journal = {
      format: 1,
      phase: 'rolled-back',
      from: to,
      to: from,
      reason: 'it hung',
      at: 5,
      told: false,
    } as const;
    writeFileSync(the.program, '#!/bin/sh\necho back >> "$OUT"\n');
    writeFileSync(join(the.install, 'journal'), encodeJournal(journal));
    the.victim.kill('SIGKILL');
    await ended;
    expect(readOut(the)).toBe('back\n');
    expect(decodeJournal(readFileSync(join(the.install, 'journal')))).toEqual(journal);
  });

  it('leaves after its limit, and by a signal', async () => {
    const the = scene();
    await guard(the, { limitMs: 600 }).ended;
    const second = guard(the);
    process.kill(await second.pid, 'SIGINT');
    await second.ended;
    const third = guard(the);
    process.kill(await third.pid, 'SIGTERM');
    await third.ended;
    the.victim.kill('SIGKILL');
    expect(readOut(the)).toBe('');
  });

  it('says what is left to do when there is nothing to put back', async () => {
    const the = scene();
    const { ended } = guard(the);
    rmSync(join(the.install, 'previous'), { recursive: true });
    the.victim.kill('SIGKILL');
    expect((await ended).stderr).toContain('run "peerpatch rollback"');
    expect(readFileSync(the.program, 'utf8')).toContain('bad');
  });

  it('does not take another process for the program when the number is used again', async () => {
    const the = scene();
    const args = guardArguments({
      programPath: the.program,
      folder: the.install,
      journal: probation,
      sharedQuarantine: undefined,
      limitMs: 60_000,
      watched: { pid: process.pid, startedAt: '1' },
    });
    const shell = spawn('/bin/sh', ['-c', GUARD_SCRIPT, 'guard', ...args, 'called'], {
      stdio: ['ignore', 'ignore', 'ignore', 'ignore'],
      env: { ...process.env, OUT: the.out, KEPT: '' },
    });
    await new Promise((resolve) => shell.once('exit', resolve));
    await expect.poll(() => readOut(the), { timeout: 10_000 }).toContain('good 0');
  });
});
