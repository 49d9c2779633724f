import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { skipCommand } from '../../src/cli/commands/skip.ts';
import { MAX_SKIPPED_VERSIONS } from '../../src/core/base/limits.ts';
import { readChoicesSync } from '../../src/io/install/choices-file.ts';
import { installFolderPaths } from '../../src/io/install/install-folder.ts';
import { isQuarantined } from '../../src/io/install/quarantine.ts';
import { releases, useUndoScene } from '../support/undo-scene.ts';
import { HAS_MODES } from '../support/this-system.ts';

const { one, two, three } = releases;
const scene = useUndoScene();
const { run } = scene;

describe('peerpatch skip', () => {
  it('skips versions, each once, and takes one back', async () => {
    scene.install(one);
    for (const version of ['1.10.0', '1.9.0', '1.9.0']) await run(skipCommand, [version]);
    expect((await run(skipCommand, ['1.9.1', '--json'])).json()).toEqual({
      path: scene.program,
      skip: ['1.9.0', '1.9.1', '1.10.0'],
    });
    expect((await run(skipCommand, ['1.9.0', '--undo'])).out).toBe(
      `${scene.program} may take 1.9.0 again: it is no longer skipped\n`,
    );
    expect(readChoicesSync(scene.program).skip).toEqual(['1.9.1', '1.10.0']);
  });

  it('lifts the quarantine of a version, here and for other copies, and of no other', async () => {
    scene.install(one);
    for (const bad of [two, three]) scene.quarantine(bad.name);
    expect((await run(skipCommand, ['1.1.0', '--undo'])).out).toContain('it is no longer in quarantine');
    expect(isQuarantined(scene.program, two.name.id, scene.env)).toBe(false);
    expect(isQuarantined(scene.program, three.name.id, scene.env)).toBe(true);
  });

  it('says when there was nothing to undo', async () => {
    scene.install(one);
    const { code, out } = await run(skipCommand, ['1.1.0', '--undo']);
    expect(code).toBe(0);
    expect(out).toContain('1.1.0 was neither skipped nor in quarantine, as far as this user sees');
    expect((await run(skipCommand, ['1.1.0', '--undo', '--json'])).json()).toMatchObject({
      wasSkipped: false,
      lifted: [],
    });
  });

  it('leaves no file when nothing is chosen any more', async () => {
    scene.install(one);
    await run(skipCommand, ['1.1.0']);
    await run(skipCommand, ['1.1.0', '--undo']);
    expect(readdirSync(installFolderPaths(scene.program).path)).toEqual([]);
  });

  it('refuses what is no version, and more than it can keep', async () => {
    scene.install(one);
    expect((await run(skipCommand, ['1.x'])).err).toMatch(/^VERSION_MALFORMED: /);
    expect((await run(skipCommand, [])).code).toBe(2);
    for (let patch = 0; patch < MAX_SKIPPED_VERSIONS; patch++) await run(skipCommand, [`2.0.${patch}`]);
    const { code, err } = await run(skipCommand, ['2.1.0']);
    expect(code).toBe(2);
    expect(err).toContain(`${MAX_SKIPPED_VERSIONS} versions are skipped already`);
    expect((await run(skipCommand, ['2.0.0'])).code).toBe(0); // it is among them
  });

  it.runIf(HAS_MODES)('refuses an install folder that others may change', async () => {
    scene.install(one);
    mkdirSync(installFolderPaths(scene.program).path);
    chmodSync(installFolderPaths(scene.program).path, 0o777);
    expect((await run(skipCommand, ['1.1.0'])).err).toMatch(/^INSTALL_STATE_DAMAGED: .*everybody may write to it/);
  });
});
