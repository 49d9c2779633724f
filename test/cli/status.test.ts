import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pinCommand } from '../../src/cli/commands/pin.ts';
import { skipCommand } from '../../src/cli/commands/skip.ts';
import { statusCommand } from '../../src/cli/commands/status.ts';
import { installFolderPaths } from '../../src/io/install/install-folder.ts';
import { acquireInstallLock } from '../../src/io/install/lock/install-lock.ts';
import { releases, useUndoScene } from '../support/undo-scene.ts';

const { one, two, three } = releases;
const scene = useUndoScene();
const { run } = scene;

describe('peerpatch status', () => {
  it('shows the release of a program that was never updated, and changes nothing', async () => {
    scene.install(one);
    const { code, out, err } = await run(statusCommand, []);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      `program    ${scene.program}`,
      'version    1.0.0',
      `release    ${one.name.id}`,
      'app        sample for linux-x64, channel stable',
      'update     none that has to prove itself',
      '',
    ]);
    expect(readdirSync(scene.join()).sort()).toEqual(['app', 'state']);
  });

  it('shows all there is, for people and for programs, through a link', async () => {
    scene.install(two);
    scene.keep(one);
    scene.quarantine(three.name, 'it exited 3 times');
    scene.journal({
      format: 1,
      phase: 'probation',
      to: two.name,
      from: one.name,
      over: null,
      previous: `1.0.0~${one.name.id.slice(0, 16)}`,
      installedAt: 1_790_000_000_000,
      starts: 1,
    });
    await run(pinCommand, []);
    await run(skipCommand, ['1.3.0-rc.1']);
    symlinkSync(scene.program, scene.join('link'));
    const { out } = await run(statusCommand, [], { program: scene.join('link') });
    const kept = `${installFolderPaths(scene.program).previous}/1.0.0~${one.name.id.slice(0, 16)}`;
    expect(out.split('\n').slice(4)).toEqual([
      'update     1.1.0 has to prove itself: put in place of 1.0.0, 2026-09-21T14:13:20Z, 1 start so far',
      `kept       1.0.0  ${kept}`,
      'pinned to  1.1.0',
      'skipped    1.3.0-rc.1',
      'quarantine 1.2.0  it exited 3 times, 1970-01-01T00:00:00Z',
      '',
    ]);
    const json = (await run(statusCommand, ['--json'])).json();
    expect(json).toEqual({
      path: scene.program,
      release: two.name,
      name: { app: 'sample', target: 'linux-x64', channel: 'stable' },
      journal: expect.objectContaining({ phase: 'probation', to: two.name, starts: 1 }) as unknown,
      previous: [{ version: '1.0.0', path: kept }],
      quarantined: [{ ...three.name, reason: 'it exited 3 times', at: 0, isOwn: true }],
      pin: '1.1.0',
      skip: ['1.3.0-rc.1'],
      problems: [],
    });
  });

  it('shows what was rolled back, why and when', async () => {
    scene.install(one);
    const reason = 'it was started 3 times and never stayed up';
    scene.journal({ format: 1, phase: 'rolled-back', from: two.name, to: one.name, reason, at: 0, told: true });
    expect((await run(statusCommand, [])).out).toContain(
      `update     1.1.0 was rolled back to 1.0.0, 1970-01-01T00:00:00Z: ${reason}\n`,
    );
  });

  it('shows an update that was cut short', async () => {
    scene.install(one);
    const previous = `1.0.0~${one.name.id.slice(0, 16)}`;
    const names = { to: two.name, from: one.name, over: null, previous };
    scene.journal({ format: 1, phase: 'probation', ...names, installedAt: 0, starts: 0 });
    expect((await run(statusCommand, [])).out).toContain('update     1.1.0, begun and not in place');
  });

  it('shows what is in quarantine because of another copy', async () => {
    scene.install(one);
    scene.quarantine(two.name);
    rmSync(installFolderPaths(scene.program).path, { recursive: true });
    expect((await run(statusCommand, [])).out).toContain('(another copy or program of this user)\n');
    expect((await run(statusCommand, ['--json'])).json()).toMatchObject({
      quarantined: [{ ...two.name, isOwn: false }],
    });
  });

  it('shows who installs at this moment', async () => {
    scene.install(one);
    const lock = await acquireInstallLock(scene.program, { waits: false });
    expect((await run(statusCommand, [])).out).toContain(`installing process ${process.pid}\n`);
    await lock?.release();
    expect((await run(statusCommand, [])).out).not.toContain('installing');
  });

  it.each(['journal', 'choices'])('shows that the %s is damaged, and the rest', async (file) => {
    scene.install(two);
    scene.keep(one);
    writeFileSync(`${installFolderPaths(scene.program).path}/${file}`, '{}');
    const { code, out } = await run(statusCommand, []);
    expect(code).toBe(0);
    expect(out).toContain('problem    INSTALL_STATE_DAMAGED: ');
    expect(out).toContain('kept       1.0.0');
  });

  it('says that a file is no release, and shows what is kept', async () => {
    scene.install(two);
    scene.keep(one);
    writeFileSync(scene.program, 'half a progr');
    const { code, out } = await run(statusCommand, []);
    expect(code).toBe(0);
    expect(out).toContain('version    unknown: it holds no release\n');
    expect(out).toContain('problem    STAMP_MISSING: ');
    expect(out).toContain('kept       1.0.0');
  });

  it('ends with 1 where there is no program', async () => {
    const { code, err } = await run(statusCommand, []);
    expect(code).toBe(1);
    expect(err).toMatch(/^PROGRAM_UNREADABLE: .*app/);
  });
});
