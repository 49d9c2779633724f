import fs, {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findInstallFolder,
  findInstallFolderSync,
  installFolderPaths,
  openInstallFolder,
  openInstallFolderSync,
  openSubfolderSync,
} from '../../../src/io/install/install-folder.ts';
import { readSmallFileSync, removeSmallFileSync, writeSmallFileSync } from '../../../src/io/install/small-file.ts';
import { failure } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const isRoot = process.getuid?.() === 0;
const damaged = failure('INSTALL_STATE_DAMAGED') as Error;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const everybodysFolder: [name: string, put: (path: string) => void] = [
  'a folder that everybody may write to',
  (path) => {
    mkdirSync(path);
    chmodSync(path, 0o777);
  },
];

describe('the install folder', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  beforeEach(() => {
    writeFileSync(app(), 'program');
  });
  it('is made beside the real program, and found there', async () => {
    symlinkSync(app(), folder.join('link'));
    expect(findInstallFolderSync(app())).toBeUndefined();
    expect(await findInstallFolder(folder.join('link'))).toBeUndefined();
    expect(folder.list()).toEqual(['app', 'link']);
    const made = await openInstallFolder(folder.join('link'));
    expect(made.path).toBe(folder.join('.app.peerpatch'));
    expect(made.programPath).toBe(app());
    expect(findInstallFolderSync(app())).toEqual(made);
    expect(openInstallFolderSync(app())).toEqual(made);
  });

  it.runIf(HAS_MODES).each([
    [0o755, 0o755],
    [0o700, 0o700],
    [0o775, 0o775],
    [0o777, 0o775],
  ])('in a folder of mode %o has mode %o, whatever the umask', (mode, expected) => {
    chmodSync(folder.path, mode);
    const mask = process.umask(0o077);
    const made = openInstallFolderSync(app());
    openSubfolderSync(made, made.lock);
    process.umask(mask);
    expect(statSync(made.path).mode & 0o777).toBe(expected);
    expect(statSync(made.lock).mode & 0o777).toBe(expected);
  });

  it.runIf(isRoot)('made by root belongs to the owner of the folder it stands in', () => {
    chownSync(folder.path, 1234, 2345);
    expect(statSync(openInstallFolderSync(app()).path)).toMatchObject({ uid: 1234, gid: 2345 });
  });

  it('of a program with a long name fits, and is its own', () => {
    const [one, two] = ['a'.repeat(60), `${'a'.repeat(60)}b`].map((name) => installFolderPaths(folder.join(name)).path);
    expect(basename(one ?? '').length).toBeLessThanOrEqual(62);
    expect(one).not.toBe(two);
  });

  it.each([
    [
      'a link to a folder',
      (path: string) => {
        mkdirSync(folder.join('x'));
        symlinkSync(folder.join('x'), path);
      },
    ],
    [
      'a file',
      (path: string) => {
        writeFileSync(path, '');
      },
    ],
    ...(HAS_MODES ? [everybodysFolder] : []),
  ])('INSTALL_STATE_DAMAGED: %s stands in its place', (_name, put) => {
    put(folder.join('.app.peerpatch'));
    expect(() => findInstallFolderSync(app())).toThrow(damaged);
    expect(() => openInstallFolderSync(app())).toThrow(damaged);
  });

  it.runIf(isRoot)(
    'INSTALL_STATE_DAMAGED: another user made it where everybody may; in a group folder that is another user of it',
    () => {
      chmodSync(folder.path, 0o1777);
      mkdirSync(folder.join('.app.peerpatch'));
      chownSync(folder.join('.app.peerpatch'), 1234, 1234);
      expect(() => findInstallFolderSync(app())).toThrow(damaged);
      chmodSync(folder.path, 0o755);
      expect(() => findInstallFolderSync(app())).toThrow(damaged);
      chmodSync(folder.path, 0o775);
      expect(findInstallFolderSync(app())).toBeDefined();
    },
  );
});

describe.runIf(process.platform === 'linux')('the install folder, swapped as soon as it is made', () => {
  const folder = useTempFolder();
  const { mkdirSync: original } = fs;
  const victim = (): string => folder.join('victim');
  const kept = (path: string): readonly number[] => {
    const { uid, mode } = statSync(path);
    return [uid, mode & 0o7777];
  };
  beforeEach(() => {
    mkdirSync(folder.join('home'));
    writeFileSync(folder.join('home/app'), 'program');
    if (isRoot) for (const path of ['home', 'home/app']) chownSync(folder.join(path), 1234, 1234);
  });
  afterEach(() => {
    Object.assign(fs, { mkdirSync: original });
    syncBuiltinESMExports();
  });

  /** What the owner of the program's folder does between two calls of another user, of root for example. */
  function swap(strike: (made: string) => void): void {
    const mkdirAndStrike = (path: string, options: { readonly mode: number }): void => {
      original(path, options);
      if (path.endsWith('.app.peerpatch')) strike(path);
    };
    Object.assign(fs, { mkdirSync: mkdirAndStrike });
    syncBuiltinESMExports();
  }

  it.each([
    [
      'a link to a file',
      () => {
        writeFileSync(victim(), 'secret', { mode: 0o600 });
      },
    ],
    [
      'a link to a folder',
      () => {
        mkdirSync(victim(), { mode: 0o700 });
      },
    ],
  ])('for %s, is refused, and what the link leads to keeps owner and mode', (_name, make) => {
    make();
    const before = kept(victim());
    swap((made) => {
      rmdirSync(made);
      symlinkSync(victim(), made);
    });
    expect(() => openInstallFolderSync(folder.join('home/app'))).toThrow(damaged);
    expect(kept(victim())).toEqual(before);
  });

  it('for another folder of the same user, leaves that its owner and mode', () => {
    const other = folder.join('home/other');
    mkdirSync(other, { mode: 0o700 });
    writeFileSync(join(other, 'secret'), '');
    const before = kept(other);
    swap((made) => {
      rmdirSync(made);
      renameSync(other, made);
    });
    expect(kept(openInstallFolderSync(folder.join('home/app')).path)).toEqual(before);
  });

  it('and made in another place, by a link further up, belongs to nobody else there', () => {
    mkdirSync(folder.join('etc'));
    const made = folder.join('home/.app.peerpatch');
    swap(() => {
      rmdirSync(made);
      renameSync(folder.join('home'), folder.join('moved'));
      symlinkSync(folder.join('etc'), folder.join('home'));
      original(made, { mode: 0o700 });
      writeFileSync(folder.join('etc/app'), 'program');
    });
    openInstallFolderSync(folder.join('home/app'));
    expect(kept(folder.join('etc/.app.peerpatch'))).toEqual([process.getuid?.(), 0o700]);
  });
});

describe('small files', () => {
  const folder = useTempFolder();

  it('are written whole, read back, and removed', () => {
    const path = folder.join('note');
    expect(readSmallFileSync(path)).toBeUndefined();
    writeSmallFileSync(path, bytes('one'));
    writeSmallFileSync(path, bytes('two'));
    expect(readSmallFileSync(path)).toEqual(bytes('two'));
    expect(folder.list()).toEqual(['note']);
    removeSmallFileSync(path);
    removeSmallFileSync(path);
    expect(folder.list()).toEqual([]);
  });

  it('replace a link, and do not write through it', () => {
    writeFileSync(folder.join('victim'), 'precious');
    symlinkSync(folder.join('victim'), folder.join('note'));
    writeSmallFileSync(folder.join('note'), bytes('new'));
    expect(readSmallFileSync(folder.join('victim'))).toEqual(bytes('precious'));
    expect(readSmallFileSync(folder.join('note'))).toEqual(bytes('new'));
  });

  it.each([
    [
      'a link',
      (path: string) => {
        writeFileSync(folder.join('x'), 'secret');
        symlinkSync(folder.join('x'), path);
      },
    ],
    [
      'a folder',
      (path: string) => {
        mkdirSync(path);
      },
    ],
    [
      'a file too long',
      (path: string) => {
        writeFileSync(path, 'x'.repeat(4097));
      },
    ],
  ])('INSTALL_STATE_DAMAGED: %s stands in its place', (_name, put) => {
    put(folder.join('note'));
    expect(() => readSmallFileSync(folder.join('note'))).toThrow(damaged);
  });

  it('leave nothing behind when they cannot be put in place', () => {
    mkdirSync(join(folder.path, 'note', 'inside'), { recursive: true });
    expect(() => {
      writeSmallFileSync(folder.join('note'), bytes('x'));
    }).toThrow();
    expect(readdirSync(folder.path)).toEqual(['note']);
    expect(existsSync(folder.join('note', 'inside'))).toBe(true);
  });
});
