/**
 * What every Restraint must do, run against the one in memory and the one on files.
 *
 * @module
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Choices } from '../../src/core/install/choices.ts';
import { ruledOut, type Quarantined, type Restraints } from '../../src/core/update/restraint.ts';
import { writeChoicesSync } from '../../src/io/install/choices-file.ts';
import { installFolderPaths } from '../../src/io/install/install-folder.ts';
import { quarantineSync, releaseFromQuarantine } from '../../src/io/install/quarantine.ts';
import { restraintFiles } from '../../src/io/install/restraint-files.ts';
import type { Restraint } from '../../src/ports/restraint.ts';
import { FakeRestraint } from '../../src/testing/fake-restraint.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const BAD = 'ba'.repeat(32);
const bad: Quarantined = { version: '1.2.0', reason: 'it crashed', isOwn: true };

/** A restraint, and what changes behind it while it is in use. */
interface Scene {
  readonly restraint: Restraint;
  readonly choose: (choices: Choices) => void;
  readonly quarantine: () => void;
  readonly lift: () => void;
}
type Host = Partial<Pick<Restraints, 'maxVersion' | 'skipVersions'>>;

const folder = useTempFolder();

function inMemory(host: Host): Scene {
  const restraint = new FakeRestraint(host);
  const change = (now: Partial<Restraints>): void => {
    restraint.now = { ...restraint.now, ...now };
  };
  return {
    restraint,
    choose: change,
    quarantine: () => {
      change({ quarantined: new Map([[BAD, bad]]) });
    },
    lift: () => {
      change({ quarantined: new Map() });
    },
  };
}

function onFiles(host: Host): Scene {
  const program = folder.join('app');
  const env = { XDG_STATE_HOME: folder.join('state') };
  mkdirSync(env.XDG_STATE_HOME, { mode: 0o700 });
  writeFileSync(program, 'a program');
  return {
    restraint: restraintFiles({
      programPath: program,
      ...host,
      onError: (error) => {
        throw error;
      },
      env,
    }),
    choose: (choices) => {
      writeChoicesSync(program, choices);
    },
    quarantine: () => {
      quarantineSync({ program, id: BAD, ...bad, nowMs: 0, env });
    },
    lift: () => {
      releaseFromQuarantine(program, BAD, env);
    },
  };
}

describe.each([
  ['in memory', inMemory],
  ['on files', onFiles],
])('a restraint %s', (_, open) => {
  it('rules nothing out at first', async () => {
    expect(await open({}).restraint.read()).toEqual({
      quarantined: new Map(),
      pin: undefined,
      skip: [],
      maxVersion: undefined,
      skipVersions: [],
    });
  });

  it("has the host's options", async () => {
    const host = { maxVersion: '2.0.0', skipVersions: ['1.1.0'] };
    expect(await open(host).restraint.read()).toMatchObject(host);
  });

  it('has what people choose while it is in use', async () => {
    const { restraint, choose } = open({});
    for (const choices of [
      { pin: '1.0.0', skip: [] },
      { pin: undefined, skip: ['1.1.0', '1.2.0'] },
      { pin: undefined, skip: [] },
    ]) {
      choose(choices);
      expect(await restraint.read()).toMatchObject(choices);
    }
  });

  it('has what fails while it is in use, until that is lifted', async () => {
    const { restraint, quarantine, lift } = open({});
    await restraint.read();
    quarantine();
    expect((await restraint.read()).quarantined).toEqual(new Map([[BAD, bad]]));
    expect(ruledOut({ version: '1.2.0', id: BAD, isFromRecord: false }, await restraint.read())).toBeDefined();
    lift();
    expect((await restraint.read()).quarantined).toEqual(new Map());
  });
});

describe('a restraint on files', () => {
  const openScene = () => {
    const errors: string[] = [];
    const scene = onFiles({});
    const restraint = restraintFiles({
      programPath: folder.join('app'),
      onError: ({ code }) => errors.push(code),
      env: { XDG_STATE_HOME: folder.join('state') },
    });
    return { ...scene, restraint, errors };
  };

  it('makes no file', async () => {
    await openScene().restraint.read();
    expect(folder.list()).toEqual(['app', 'state']);
  });

  it('knows what another copy of this user noted, as not its own', async () => {
    const { restraint } = openScene();
    const other = folder.join('other');
    writeFileSync(other, 'another copy');
    const env = { XDG_STATE_HOME: folder.join('state') };
    quarantineSync({ program: other, id: BAD, ...bad, nowMs: 0, env });
    expect((await restraint.read()).quarantined).toEqual(new Map([[BAD, { ...bad, isOwn: false }]]));
  });

  it('says once that choices are damaged, and counts them as none', async () => {
    const { restraint, choose, errors } = openScene();
    choose({ pin: '1.0.0', skip: [] });
    writeFileSync(installFolderPaths(folder.join('app')).choices, 'pin 1.0.0');
    for (let look = 0; look < 3; look++) expect((await restraint.read()).pin).toBeUndefined();
    expect(errors).toEqual(['INSTALL_STATE_DAMAGED']);
  });

  it('keeps a release out though its note is damaged', async () => {
    const { restraint, quarantine } = openScene();
    quarantine();
    writeFileSync(`${installFolderPaths(folder.join('app')).quarantine}/${BAD}`, '');
    expect((await restraint.read()).quarantined.has(BAD)).toBe(true);
  });
});
