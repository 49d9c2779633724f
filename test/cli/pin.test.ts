import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pinCommand } from '../../src/cli/commands/pin.ts';
import { skipCommand } from '../../src/cli/commands/skip.ts';
import { readChoicesSync } from '../../src/io/install/choices-file.ts';
import { installFolderPaths } from '../../src/io/install/install-folder.ts';
import { releases, useUndoScene } from '../support/undo-scene.ts';

const { one, two } = releases;
const scene = useUndoScene();
const { run } = scene;

describe('peerpatch pin', () => {
  const choices = () => readChoicesSync(scene.program);

  it('pins to the version in place, and ends that', async () => {
    scene.install(two);
    const { code, out } = await run(pinCommand, []);
    expect({ code, out }).toEqual({ code: 0, out: `${scene.program} is pinned to 1.1.0: it stays on it\n` });
    expect(choices()).toEqual({ pin: '1.1.0', skip: [] });
    expect((await run(pinCommand, ['--off'])).out).toBe(`${scene.program} is no longer pinned to 1.1.0\n`);
    expect(choices()).toEqual({ pin: undefined, skip: [] });
    expect((await run(pinCommand, ['--off'])).out).toBe(`${scene.program} was not pinned\n`);
    expect((await run(pinCommand, ['--off', '--json'])).json()).toEqual({ path: scene.program, wasPin: null });
  });

  it('pins to a newer one, which it moves to', async () => {
    scene.install(two);
    expect((await run(pinCommand, ['2.0.0-rc.1'])).out).toContain(
      'pinned to 2.0.0-rc.1: it moves to it when somebody offers',
    );
    expect(choices().pin).toBe('2.0.0-rc.1');
  });

  it('says that a pin below is no way back, and what is', async () => {
    scene.install(two);
    expect((await run(pinCommand, ['1.0.0'])).out).toContain('no program of it is kept here');
    scene.keep(one);
    const { out } = await run(pinCommand, ['1.0.0']);
    expect(out).toContain(`"peerpatch rollback ${scene.program} --to 1.0.0" goes there`);
    expect((await run(pinCommand, ['1.0.0', '--json'])).json()).toEqual({
      path: scene.program,
      pin: '1.0.0',
      installed: '1.1.0',
      isBelow: true,
      isKept: true,
    });
    expect(scene.holds(two)).toBe(true);
  });

  it('keeps what is skipped', async () => {
    scene.install(two);
    await run(skipCommand, ['1.3.0']);
    await run(pinCommand, []);
    expect(choices()).toEqual({ pin: '1.1.0', skip: ['1.3.0'] });
    await run(pinCommand, ['--off']);
    expect(choices()).toEqual({ pin: undefined, skip: ['1.3.0'] });
  });

  it('works through a link', async () => {
    scene.install(two);
    symlinkSync(scene.program, scene.join('link'));
    await run(pinCommand, [], { program: scene.join('link') });
    expect(choices().pin).toBe('1.1.0');
  });

  it('writes damaged choices anew', async () => {
    scene.install(two);
    await run(pinCommand, []);
    writeFileSync(installFolderPaths(scene.program).choices, '{');
    expect((await run(pinCommand, ['1.2.0'])).code).toBe(0);
    expect(choices()).toEqual({ pin: '1.2.0', skip: [] });
  });

  it.each([
    ['no version', ['v1'], 1, 'VERSION_MALFORMED'],
    ['--off with a version', ['1.0.0', '--off'], 2, 'OPTION_INVALID'],
  ])('refuses %s', async (_what, args, code, error) => {
    scene.install(two);
    const run1 = await run(pinCommand, args);
    expect(run1.code).toBe(code);
    expect(run1.err).toMatch(new RegExp(`^${error}: `));
    expect(choices().pin).toBeUndefined();
  });

  it('refuses a file without a release where no version is named', async () => {
    scene.install(two);
    writeFileSync(scene.program, 'anything');
    expect((await run(pinCommand, [])).err).toMatch(/^OPTION_INVALID: .*name the version/);
    expect((await run(pinCommand, ['1.0.0'])).code).toBe(0);
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'says what to do where it may not write',
    async () => {
      scene.install(two);
      chmodSync(scene.join(), 0o555);
      try {
        expect((await run(pinCommand, [])).err).toMatch(/^INSTALL_NOT_WRITABLE: /);
      } finally {
        chmodSync(scene.join(), 0o755);
      }
    },
  );
});
