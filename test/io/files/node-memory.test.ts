import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PeerpatchError } from '../../../src/core/base/errors.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { createNodeMemory } from '../../../src/io/files/node-memory.ts';
import { openStateFolder } from '../../../src/io/files/state-folder.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import type { NodeMemory } from '../../../src/ports/memory.ts';
import { OWNER, STRANGER } from '../../support/record-samples.ts';
import { statementOf } from '../../support/signed-statements.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const A = new Uint8Array(32).fill(0xaa);
const NAME_A = 'aa'.repeat(32);
const owner = OWNER.publicKey;
const isRoot = process.getuid?.() === 0;

describe('a memory on files', () => {
  const folder = useTempFolder();
  const seenFolder = (): string => folder.join('seen', formatPublicKey(owner));

  function open(options: Partial<Parameters<typeof createNodeMemory>[0]> = {}) {
    const errors: PeerpatchError[] = [];
    const memory: NodeMemory = createNodeMemory({
      owner,
      folder: folder.path,
      random: systemRandom,
      onError: (error) => errors.push(error),
      ...options,
    });
    return { memory, codes: () => errors.map(({ code }) => code), errors };
  }

  it('makes no file before it is asked for something', () => {
    open();
    expect(folder.list()).toEqual([]);
  });

  it('has the same secret at the next start, readable for this user alone', async () => {
    const secret = await open().memory.secret();
    expect(await open().memory.secret()).toEqual(secret);
    expect(folder.list()).toEqual(['node-secret']);
    if (process.platform !== 'win32') expect(statSync(folder.join('node-secret')).mode & 0o777).toBe(0o600);
  });

  it('has one secret for all processes that start at once', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => open().memory.secret()));
    expect(new Set(secrets.map((secret) => secret.join())).size).toBe(1);
    expect(folder.list()).toEqual(['node-secret']);
  });

  it.each([
    ['empty', 0],
    ['cut off', 31],
    ['too long', 33],
  ])('makes another secret when the file is %s, and says so', async (_, length) => {
    writeFileSync(folder.join('node-secret'), new Uint8Array(length).fill(7));
    const { memory, codes } = open();
    const secret = await memory.secret();
    expect(secret).toHaveLength(32);
    expect(codes()).toEqual(['MEMORY_UNUSABLE']);
    expect(new Uint8Array(readFileSync(folder.join('node-secret')))).toEqual(secret);
    expect(folder.list()).toEqual(['node-secret']);
  });

  it('knows the highest number at the next start, and keeps one name for it', async () => {
    for (const seq of [1_800_000_000n, 1_800_000_005n, 1_800_000_003n]) await open().memory.accepted(A, seq);
    expect(await open().memory.highestSeq(A)).toBe(1_800_000_005n);
    expect(listOf(seenFolder())).toEqual([`${NAME_A}-1800000005`]);
  });

  it('knows the highest versions at the next start, each beside the number of its name', async () => {
    for (const version of ['1.9.0', '1.10.0-rc.1', '1.2.0']) {
      await open().memory.acceptedVersion(A, version);
      await open().memory.acceptedVersion(undefined, version);
    }
    await open().memory.accepted(A, 5n);
    expect(await open().memory.highestVersion(A)).toBe('1.10.0-rc.1');
    expect(await open().memory.highestVersion(undefined)).toBe('1.10.0-rc.1');
    expect(listOf(seenFolder())).toEqual([`${NAME_A}-5`, `${NAME_A}-v1.10.0-rc.1`, 'v0-v1.10.0-rc.1']);
  });

  it('takes the higher version when a power cut left both, and leaves what is no version', async () => {
    await open().memory.acceptedVersion(A, '1.9.0');
    for (const other of ['v1.10.0', 'v01.0.0', 'v2.0.0+build', 'v2.0.0.tmp', 'v']) {
      writeFileSync(`${seenFolder()}/${NAME_A}-${other}`, '');
    }
    expect(await open().memory.highestVersion(A)).toBe('1.10.0');
    await open().memory.acceptedVersion(A, '1.10.1');
    const kept = ['v', 'v01.0.0', 'v1.10.1', 'v2.0.0+build', 'v2.0.0.tmp'];
    expect(listOf(seenFolder())).toEqual(kept.map((version) => `${NAME_A}-${version}`));
  });

  it('loses nothing when several processes accept at once', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, index) => open().memory.accepted(A, BigInt((index * 7) % 30))));
    expect(await open().memory.highestSeq(A)).toBe(29n);
  });

  it('takes the higher name when a power cut left both', async () => {
    await open().memory.accepted(A, 5n);
    writeFileSync(`${seenFolder()}/${NAME_A}-4`, '');
    expect(await open().memory.highestSeq(A)).toBe(5n);
    await open().memory.accepted(A, 6n);
    expect(listOf(seenFolder())).toEqual([`${NAME_A}-6`]);
  });

  it('knows the newest statement at the next start, in one file of this name for this user alone', async () => {
    for (const seq of [5, 7, 6]) await open().memory.sawStatement(A, statementOf(seq).item);
    await open().memory.accepted(A, 4n);
    expect(await open().memory.seenStatement(A)).toEqual(statementOf(7).item);
    expect(await open().memory.highestSeq(A)).toBe(4n);
    expect(listOf(seenFolder())).toEqual([`${NAME_A}-4`, `${NAME_A}-s7`]);
    if (process.platform !== 'win32') expect(statSync(`${seenFolder()}/${NAME_A}-s7`).mode & 0o777).toBe(0o600);
  });

  it.each<[what: string, damage: (bytes: Uint8Array) => Uint8Array]>([
    ['empty', () => new Uint8Array()],
    ['cut off', (bytes) => bytes.subarray(0, 72)],
    ['too long', (bytes) => new Uint8Array([...bytes, ...new Uint8Array(1000)])],
    ['of another number', () => encodeSignedItem(statementOf(8).item)],
  ])('does not count a statement that is %s, and keeps the next one, lower or the same', async (_what, damage) => {
    const path = `${seenFolder()}/${NAME_A}-s9`;
    await open().memory.sawStatement(A, statementOf(5).item);
    writeFileSync(path, damage(encodeSignedItem(statementOf(9).item)));
    expect(await open().memory.seenStatement(A)).toEqual(statementOf(5).item);
    await open().memory.sawStatement(A, statementOf(6).item);
    expect(listOf(seenFolder())).toEqual([`${NAME_A}-s6`]);
    writeFileSync(path, damage(encodeSignedItem(statementOf(9).item)));
    await open().memory.sawStatement(A, statementOf(9).item);
    expect(await open().memory.seenStatement(A)).toEqual(statementOf(9).item);
    expect(listOf(seenFolder())).toEqual([`${NAME_A}-s9`]);
  });

  it('takes the higher statement when a power cut left both and one that was not finished', async () => {
    await open().memory.sawStatement(A, statementOf(5).item);
    writeFileSync(`${seenFolder()}/${NAME_A}-s4`, encodeSignedItem(statementOf(4).item));
    writeFileSync(`${seenFolder()}/${NAME_A}-s6.new`, '');
    expect(await open().memory.seenStatement(A)).toEqual(statementOf(5).item);
    await open().memory.sawStatement(A, statementOf(6).item);
    expect(listOf(seenFolder())).toEqual([`${NAME_A}-s6`]);
  });

  it('keeps the highest statement of several processes at once, and one file', async () => {
    const all = Array.from({ length: 20 }, (_, index) => statementOf((index * 7) % 20).item);
    await Promise.all(all.map((item) => open().memory.sawStatement(A, item)));
    expect(await open().memory.seenStatement(A)).toEqual(statementOf(19).item);
    await open().memory.sawStatement(A, statementOf(20).item);
    expect(listOf(seenFolder())).toEqual([`${NAME_A}-s20`]);
  });

  it('keeps owners apart', async () => {
    await open().memory.accepted(A, 5n);
    expect(await open({ owner: STRANGER.publicKey }).memory.highestSeq(A)).toBe(0n);
  });

  it.each([
    ['a number with a leading zero', `${NAME_A}-09`],
    ['a number above 63 bits', `${NAME_A}-9223372036854775808`],
    ['a negative number', `${NAME_A}--9`],
    ['something behind the number', `${NAME_A}-9.tmp`],
    ['no number', `${NAME_A}-`],
    ['another name', `${'bb'.repeat(32)}-9`],
    ['anything else', 'desktop.ini'],
  ])('does not count a file with %s, and leaves it', async (_, file) => {
    await open().memory.accepted(A, 5n);
    writeFileSync(`${seenFolder()}/${file}`, '');
    expect(await open().memory.highestSeq(A)).toBe(5n);
    await open().memory.accepted(A, 6n);
    expect(listOf(seenFolder())).toContain(file);
  });

  it('without a folder remembers as long as it lives, and says once that it forgets', async () => {
    const { memory, codes } = open({ folder: undefined });
    const secret = await memory.secret();
    await memory.accepted(A, 5n);
    await memory.sawStatement(A, statementOf(6).item);
    expect(await memory.secret()).toEqual(secret);
    expect(await memory.highestSeq(A)).toBe(5n);
    expect(await memory.seenStatement(A)).toEqual(statementOf(6).item);
    expect(codes()).toEqual(['MEMORY_UNUSABLE']);
  });

  it('with a folder that cannot be used remembers as long as it lives, and says once why', async () => {
    writeFileSync(folder.join('file'), '');
    const { memory, errors } = open({ folder: folder.join('file') });
    const secret = await memory.secret();
    expect(await memory.secret()).toEqual(secret);
    await memory.accepted(A, 5n);
    expect(await memory.highestSeq(A)).toBe(5n);
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('ENOTDIR')]);
    expect(errors[0]?.cause).toMatchObject({ code: 'ENOTDIR' });
  });

  it('does not go back when its folder is emptied while it runs', async () => {
    const { memory } = open();
    await memory.accepted(A, 5n);
    rmSync(seenFolder(), { recursive: true });
    expect(await memory.highestSeq(A)).toBe(5n);
  });

  it.runIf(HAS_MODES && !isRoot)('says so where it may not write', async () => {
    chmodSync(folder.path, 0o500);
    const { memory, codes } = open();
    await memory.accepted(A, 5n);
    expect(codes()).toEqual(['MEMORY_UNUSABLE']);
    chmodSync(folder.path, 0o700);
  });

  it('lets a bug through', async () => {
    const bug = new TypeError('not a function');
    const random = {
      ...systemRandom,
      bytes: () => {
        throw bug;
      },
    };
    await expect(open({ random }).memory.secret()).rejects.toBe(bug);
    writeFileSync(folder.join('node-secret'), '');
    let calls = 0;
    const onError = (): void => {
      if (calls++ === 0) throw bug;
    };
    await expect(open({ onError }).memory.secret()).rejects.toBe(bug);
  });
});

describe('the folder for it', () => {
  const folder = useTempFolder();
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.skipIf(process.platform === 'win32')('is none where others can write to every place', async () => {
    for (const name of ['state', 'tmp']) {
      mkdirSync(folder.join(name));
      chmodSync(folder.join(name), 0o777);
    }
    vi.stubEnv('TMPDIR', folder.join('tmp'));
    expect(await openStateFolder({ XDG_STATE_HOME: folder.join('state') })).toBeUndefined();
  });

  it.skipIf(process.platform === 'win32')('is where XDG_STATE_HOME says, made for this user alone', async () => {
    const state = await openStateFolder({ XDG_STATE_HOME: folder.join('state') });
    expect(state).toBe(folder.join('state', 'peerpatch'));
    expect(statSync(folder.join('state', 'peerpatch')).mode & 0o777).toBe(0o700);
  });

  it.skipIf(process.platform === 'win32')('is another one where others can write to that', async () => {
    mkdirSync(folder.join('state'));
    mkdirSync(folder.join('state', 'peerpatch'));
    chmodSync(folder.join('state', 'peerpatch'), 0o777);
    mkdirSync(folder.join('tmp'));
    vi.stubEnv('TMPDIR', folder.join('tmp'));
    const state = await openStateFolder({ XDG_STATE_HOME: folder.join('state') });
    expect(state).toBe(folder.join('tmp', `peerpatch-${process.getuid?.() ?? ''}`));
  });
});

function listOf(path: string): string[] {
  return readdirSync(path).sort();
}
