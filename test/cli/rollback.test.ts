import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { rollbackCommand } from '../../src/cli/commands/rollback.ts';
import { statusCommand } from '../../src/cli/commands/status.ts';
import { installFolderPaths } from '../../src/io/install/install-folder.ts';
import { acquireInstallLock } from '../../src/io/install/lock/install-lock.ts';
import { isQuarantined, listQuarantined } from '../../src/io/install/quarantine.ts';
import { releases, sampleVersion, useUndoScene } from '../support/undo-scene.ts';

const { one, two, three } = releases;
const scene = useUndoScene();
const { run } = scene;

describe('peerpatch rollback', () => {
  it('puts the previous program back, and the bad one into quarantine, here and for other copies', async () => {
    scene.install(two);
    scene.keep(one);
    const { code, out } = await run(rollbackCommand, []);
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      `${scene.program} is 1.0.0 again, 1.1.0 was taken back`,
      `1.1.0 is in quarantine: "peerpatch skip ${scene.program} 1.1.0 --undo" lifts it`,
      'copies that run go on with what they have loaded until you restart them',
      '',
    ]);
    expect(scene.holds(one)).toBe(true);
    expect(scene.leftovers()).toEqual([]);
    rmSync(installFolderPaths(scene.program).quarantine, { recursive: true });
    expect(isQuarantined(scene.program, two.name.id, scene.env)).toBe(true);
    expect((await run(statusCommand, [])).out).toContain('update     1.1.0 was rolled back to 1.0.0, ');
  });

  it.each([
    ['with a statement', true],
    ['of the v0 profile', false],
  ])('knows programs %s by their own bytes', async (_what, isStated) => {
    const [old, bad] = [sampleVersion('1.0.0', isStated), sampleVersion('1.1.0', isStated)];
    scene.install(bad);
    scene.keep(old);
    expect((await run(rollbackCommand, ['--json'])).json()).toEqual({
      path: scene.program,
      from: bad.name,
      to: old.name,
      isQuarantined: true,
    });
  });

  it('works through a link, which stays one', async () => {
    scene.install(two);
    scene.keep(one);
    symlinkSync(scene.program, scene.join('link'));
    expect((await run(rollbackCommand, [], { program: scene.join('link') })).code).toBe(0);
    expect(scene.holds(one)).toBe(true);
    expect(scene.leftovers()).toEqual(['link']);
  });

  it('keeps the release when it is told to, and says what follows', async () => {
    scene.install(two);
    scene.keep(one);
    const { out } = await run(rollbackCommand, ['--keep-release']);
    expect(out).toContain('1.1.0 is not in quarantine: running copies may take it again');
    expect(scene.holds(one)).toBe(true);
    expect(listQuarantined(scene.program, scene.env)).toEqual([]);
  });

  it('goes to the version that it is told, up as well', async () => {
    scene.install(two);
    for (const kept of [one, three]) scene.keep(kept);
    expect((await run(rollbackCommand, ['--to', '1.2.0'])).code).toBe(0);
    expect(scene.holds(three)).toBe(true);
  });

  it('goes to the newest below the present one that did not fail here', async () => {
    scene.install(three);
    for (const kept of [one, two]) scene.keep(kept);
    scene.quarantine(two.name);
    expect((await run(rollbackCommand, [])).code).toBe(0);
    expect(scene.holds(one)).toBe(true);
  });

  it('works for a program on probation, by its journal also when the file is damaged', async () => {
    scene.install(two);
    scene.keep(one);
    const previous = `1.0.0~${one.name.id.slice(0, 16)}`;
    const names = { to: two.name, from: one.name, over: null, previous };
    scene.journal({ format: 1, phase: 'probation', ...names, installedAt: 0, starts: 2 });
    writeFileSync(scene.program, 'half a progr');
    expect((await run(rollbackCommand, ['--json'])).json()).toMatchObject({ from: two.name, to: one.name });
    expect(scene.holds(one)).toBe(true);
  });

  it.each([
    ['nothing is kept', [], [], 'nothing below 1.1.0 that did not fail here is kept'],
    ['only a newer one is kept', ['1.2.0'], [], 'there is 1.2.0: name one with --to'],
    ['another one is kept than asked for', ['1.0.0'], ['--to', '0.9.0'], 'no version 0.9.0 is kept'],
    ['the present one is asked for', ['1.0.0', '1.1.0'], ['--to', '1.1.0'], 'no version 1.1.0 is kept'],
  ])('ends with 1 and changes nothing when %s', async (_what, kept, args, message) => {
    scene.install(two);
    for (const version of kept) scene.keep(sampleVersion(version));
    const { code, err } = await run(rollbackCommand, args);
    expect(code).toBe(1);
    expect(err).toMatch(/^INSTALL_FAILED: /);
    expect(err).toContain(message);
    expect(scene.holds(two)).toBe(true);
    expect(listQuarantined(scene.program, scene.env)).toEqual([]);
    if (kept.length === 0) expect(readdirSync(scene.join()).sort()).toEqual(['app', 'state']);
  });

  it('does not put a program back that is not what its name says', async () => {
    scene.install(two);
    scene.keep({ file: three.file, name: one.name });
    const { code, err } = await run(rollbackCommand, []);
    expect(code).toBe(1);
    expect(err).toMatch(/^INSTALL_STATE_DAMAGED: .*is not the program that its name says/);
    expect(scene.holds(two)).toBe(true);
  });

  it('says how to go back by hand when nobody can tell what is in place', async () => {
    scene.install(two);
    scene.keep(one);
    writeFileSync(scene.program, 'half a progr');
    const { code, err } = await run(rollbackCommand, []);
    expect(code).toBe(1);
    expect(err).toContain(`copy one from ${installFolderPaths(scene.program).previous} over it by hand`);
  });

  it('waits for who installs at this moment, says so, and obeys Ctrl-C', async () => {
    scene.install(two);
    scene.keep(one);
    const lock = await acquireInstallLock(scene.program, { waits: false });
    const stop = new AbortController();
    const stopped = run(rollbackCommand, [], { signal: stop.signal });
    setTimeout(() => {
      stop.abort();
    }, 600);
    const { code, err } = await stopped;
    expect(code).toBe(1);
    expect(err).toMatch(new RegExp(`^waiting: process ${process.pid} installs at this moment\\nCANCELLED: `));
    expect(scene.holds(two)).toBe(true);

    const waiting = run(rollbackCommand, []);
    setTimeout(() => void lock?.release(), 600);
    expect((await waiting).code).toBe(0);
    expect(scene.holds(one)).toBe(true);
  });
});
