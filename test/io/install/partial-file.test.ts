import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { acceptRelease } from '../../../src/core/release/accept.ts';
import { removeLeftovers } from '../../../src/io/install/leftovers.ts';
import { formatPartialName, parsePartialName, THIS_SYSTEM } from '../../../src/io/install/partial-name.ts';
import { partialStore } from '../../../src/io/install/partial-file.ts';
import { programStore } from '../../../src/io/install/program-file.ts';
import { sampleProgram, signSample } from '../../../src/testing/sample-program.ts';
import { failure, measureFile, OWNER } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const MINUTE_MS = 60_000;
/** The number of a process that has ended. */
const DEAD = spawnSync(process.execPath, ['--version']).pid;
const ROOT = 'ab'.repeat(32);
const OTHER_ROOT = 'cd'.repeat(32);
const BYTES = Buffer.from('hello world');
const SIZE = BYTES.length;

describe('names of partial files', () => {
  it('are read back', () => {
    const name = { pid: 4711, system: '0a1b2c3d', content: ROOT };
    expect(formatPartialName(name)).toBe(`4711-0a1b2c3d-${ROOT}.peerpatch`);
    expect(parsePartialName(formatPartialName(name))).toEqual(name);
  });

  it.each([
    `4711-${ROOT}.peerpatch`,
    '4711-0123456789ab.peerpatch',
    `4711-0A1B2C3D-${ROOT}.peerpatch`,
    `x-0a1b2c3d-${ROOT}.peerpatch`,
    `4711-0a1b2c3d-${ROOT}.peerpatch.txt`,
    `4711-0a1b2c3d-../x.peerpatch`,
    `4711-0a1b2c3d-.peerpatch`,
  ])('are not %s', (text) => {
    expect(parsePartialName(text)).toBeUndefined();
  });

  it.each(['', '../x', 'a/b', 'a b', 'x'.repeat(81)])('RangeError: %j is no name of a content', (content) => {
    expect(() => formatPartialName({ pid: 1, system: THIS_SYSTEM, content })).toThrow(RangeError);
  });
});

describe('partial files', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  const name = (pid: number, system = THIS_SYSTEM, content = ROOT): string =>
    `.app.${pid}-${system}-${content}.peerpatch`;
  /** A file of ours, last written so many minutes ago. */
  const leave = (file: string, { minutesAgo = 0, bytes = BYTES } = {}): void => {
    writeFileSync(folder.join(file), bytes);
    const seconds = (Date.now() - minutesAgo * MINUTE_MS) / 1000;
    utimesSync(folder.join(file), seconds, seconds);
  };
  const putApp = (minutesAgo = 60): void => {
    leave('app', { minutesAgo, bytes: Buffer.from('old') });
    chmodSync(app(), 0o755);
  };
  const resume = (content = ROOT, sizeBytes = SIZE) => programStore(app()).resume(content, sizeBytes);

  it('are hidden, for nobody else, and carry the number of the process', async () => {
    putApp();
    const partial = await resume();
    expect(folder.list()).toEqual([name(process.pid), 'app']);
    if (HAS_MODES) expect(statSync(folder.join(name(process.pid))).mode & 0o777).toBe(0o600);
    await partial.discard();
    expect(folder.list()).toEqual(['app']);
  });

  it.each([
    ['of a process that was killed a moment ago', DEAD, THIS_SYSTEM, 0],
    ['of the start before under the same number', process.pid, THIS_SYSTEM, 0],
    ['of another container that is long silent', process.ppid, 'ffffffff', 3],
    ['of a number that is in use, after more than a day', process.ppid, THIS_SYSTEM, 24 * 60 + 1],
  ])('are gone on with: %s', async (_name, pid, system, minutesAgo) => {
    putApp();
    leave(name(pid, system), { minutesAgo });
    const partial = await resume();
    expect(partial.isNew).toBe(false);
    expect(Buffer.from(await partial.read(0, SIZE))).toEqual(BYTES);
    expect(folder.list()).toEqual([name(process.pid), 'app']);
    await partial.discard();
  });

  it.each([
    ['of a living process', process.ppid, THIS_SYSTEM, 60],
    ['of another container, written a moment ago', DEAD, 'ffffffff', 1],
  ])('are left alone: %s; this process has its own', async (_name, pid, system, minutesAgo) => {
    putApp();
    leave(name(pid, system), { minutesAgo });
    const partial = await resume();
    expect(partial.isNew).toBe(true);
    await partial.discard();
    expect(folder.list()).toEqual([name(pid, system), 'app']);
  });

  it('of two that are free the fuller one is taken, the other removed', async () => {
    putApp();
    const large = 1_000_000;
    leave(name(DEAD), { bytes: Buffer.alloc(0) });
    leave(name(DEAD - 1, 'ffffffff'), { bytes: Buffer.alloc(large, 1), minutesAgo: 3 });
    const partial = await resume(ROOT, large);
    expect(partial.isNew).toBe(false);
    expect(folder.list()).toEqual([name(process.pid), 'app']);
    await partial.discard();
  });

  it('a link that somebody put in their place is removed, and what it points to stays as it was', async () => {
    putApp();
    writeFileSync(folder.join('precious'), 'x'.repeat(SIZE));
    symlinkSync(folder.join('precious'), folder.join(name(process.pid)));
    const partial = await resume();
    expect(partial.isNew).toBe(true);
    await partial.write(0, BYTES);
    await partial.discard();
    expect(readFileSync(folder.join('precious'), 'utf8')).toBe('x'.repeat(SIZE));
  });

  it('a hard link to another file is not written into', async () => {
    putApp();
    writeFileSync(folder.join('precious'), 'x'.repeat(SIZE));
    linkSync(folder.join('precious'), folder.join(name(process.pid)));
    const partial = await resume();
    expect(partial.isNew).toBe(true);
    await partial.write(0, BYTES);
    await partial.discard();
    expect(readFileSync(folder.join('precious'), 'utf8')).toBe('x'.repeat(SIZE));
  });

  it('of older releases are swept when the next one begins, of others they stay a day', async () => {
    putApp();
    leave(name(DEAD, THIS_SYSTEM, OTHER_ROOT));
    await removeLeftovers(app(), Date.now());
    expect(folder.list()).toContain(name(DEAD, THIS_SYSTEM, OTHER_ROOT));
    await (await resume(OTHER_ROOT)).close();
    const partial = await resume();
    await partial.discard();
    expect(folder.list()).toEqual(['app']);
    leave(name(DEAD), { minutesAgo: 24 * 60 + 1 });
    await removeLeftovers(app(), Date.now());
    expect(folder.list()).toEqual(['app']);
  });

  it('written before the program was are swept: another copy of it was faster', async () => {
    putApp(1);
    leave(name(DEAD), { minutesAgo: 2 });
    leave(name(process.ppid), { minutesAgo: 2 });
    await removeLeftovers(app(), Date.now());
    expect(folder.list()).toEqual([name(process.ppid), 'app'].sort());
  });

  it('stay when the program is from a time to come: that tells nothing', async () => {
    putApp(-5);
    leave(name(DEAD), { minutesAgo: 2 });
    await removeLeftovers(app(), Date.now());
    expect(folder.list()).toEqual([name(DEAD), 'app']);
  });

  it('of older releases that somebody may still write stay when the next one begins', async () => {
    putApp();
    const [living, elsewhere] = [name(process.ppid, THIS_SYSTEM, OTHER_ROOT), name(DEAD, '0a1b2c3d', OTHER_ROOT)];
    for (const file of [living, elsewhere]) leave(file);
    const own = await resume(OTHER_ROOT);
    await (await resume()).discard();
    expect(folder.list()).toEqual([living, elsewhere, name(process.pid, THIS_SYSTEM, OTHER_ROOT), 'app'].sort());
    await own.discard();
  });

  it('one that this process has open is never swept', async () => {
    putApp();
    const partial = await resume();
    await removeLeftovers(app(), Date.now() + 48 * 60 * MINUTE_MS);
    expect(folder.list()).toEqual([name(process.pid), 'app']);
    await partial.discard();
  });

  it('INSTALL_NO_SPACE: more than the file system has; nothing is left', async () => {
    putApp();
    await expect(resume(ROOT, 2 ** 52)).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    expect(folder.list()).toEqual(['app']);
  });

  it('PROGRAM_UNREADABLE: no program to replace', async () => {
    await expect(resume()).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });

  it('INSTALL_FAILED: the program was replaced by something else meanwhile; the partial file is kept by close', async () => {
    putApp();
    const { file, release } = signSample(sampleProgram({ version: '1.1.0', sizeBytes: 5000 }), OWNER);
    const accepted = acceptRelease(release, measureFile(file), { above: undefined });
    const partial = await resume(ROOT, file.length);
    await partial.write(0, file);
    writeFileSync(folder.join('other'), 'other');
    renameSync(folder.join('other'), app());
    await expect(partial.install(accepted)).rejects.toEqual(failure('INSTALL_FAILED'));
    await partial.close();
    expect(readFileSync(app(), 'utf8')).toBe('other');
    const again = await resume(ROOT, file.length);
    expect(again.isNew).toBe(false);
    await again.install(accepted);
    expect(readFileSync(app())).toEqual(Buffer.from(file));
    expect(folder.list()).toEqual(['app']);
  });

  it('keeps the mode of the program it replaces', async () => {
    putApp();
    chmodSync(app(), 0o751);
    const { file, release } = signSample(sampleProgram({ version: '1.1.0', sizeBytes: 5000 }), OWNER);
    const partial = await resume(ROOT, file.length);
    await partial.write(0, file);
    await partial.install(acceptRelease(release, measureFile(file), { above: undefined }));
    if (HAS_MODES) expect(statSync(app()).mode & 0o777).toBe(0o751);
  });

  it('stand in a private folder of their own when they are no programs', async () => {
    const store = partialStore(folder.join('cache/deltas'));
    const partial = await store.open(ROOT, SIZE);
    if (HAS_MODES) expect(statSync(folder.join('cache/deltas')).mode & 0o777).toBe(0o700);
    await partial.discard();
    expect(existsSync(folder.join('cache/deltas'))).toBe(true);
  });

  it('INSTALL_*: the folder cannot be made', async () => {
    mkdirSync(folder.join('cache'));
    writeFileSync(folder.join('cache/file'), '');
    await expect(partialStore(folder.join('cache/file')).open(ROOT, SIZE)).rejects.toMatchObject({
      code: expect.stringMatching(/^(INSTALL|PROGRAM)_/) as string,
    });
  });
});
