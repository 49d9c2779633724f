import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
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

const isRoot = process.getuid?.() === 0;
const damaged = failure('INSTALL_STATE_DAMAGED') as Error;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

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

  it.each([
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
    [
      'a folder that everybody may write to',
      (path: string) => {
        mkdirSync(path);
        chmodSync(path, 0o777);
      },
    ],
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
