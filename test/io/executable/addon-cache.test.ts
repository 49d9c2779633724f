import { createHash } from 'node:crypto';
import type * as FilePromises from 'node:fs/promises';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { extractAddon } from '../../../src/io/executable/addon-cache.ts';
import { ADDON_ASSET } from '../../../src/io/executable/assets.ts';
import type { Executable } from '../../../src/io/executable/executable.ts';
import { HAS_MODES } from '../../support/this-system.ts';

/** What Windows says where something is in the way of a rename; what happens meanwhile. */
const onRename = vi.hoisted(() => ({ refuse: undefined as ((to: string) => Promise<boolean>) | undefined }));
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof FilePromises>();
  const rename: typeof real.rename = async (from, to) => {
    if ((await onRename.refuse?.(String(to))) === true) throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
    return real.rename(from, to);
  };
  return { ...real, rename };
});

const ADDON = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
const SHA256 = createHash('sha256').update(ADDON).digest('hex');
const NAME = `${SHA256.slice(0, 32)}-iroh.test.node`;
const isRoot = process.getuid?.() === 0;

let folder = '';
let cache = '';
let temporary = '';

function program(sha256 = SHA256, addon: Uint8Array | undefined = ADDON): Executable {
  return {
    kind: 'sea',
    path: '/program',
    readAsset: (name) => (name === ADDON_ASSET ? addon : undefined),
    describe: () => ({ appVersion: { major: 1, minor: 0, patch: 0 }, addon: { name: 'iroh.test.node', sha256 } }),
  };
}

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'peerpatch-test-')));
  cache = join(folder, 'cache');
  temporary = join(folder, 'tmp');
  await mkdir(temporary, 0o700);
  vi.stubEnv('XDG_CACHE_HOME', join(folder, 'xdg'));
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) vi.stubEnv(name, temporary); // Windows has the others
});
afterEach(async () => {
  onRename.refuse = undefined;
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

describe('extractAddon', () => {
  it('writes the addon under the name of its content, readable and executable by its owner alone', async () => {
    const extracted = await extractAddon({ program: program(), cacheFolder: cache });
    expect(extracted?.path).toBe(join(cache, NAME));
    expect(new Uint8Array(await readFile(join(cache, NAME)))).toEqual(ADDON);
    if (HAS_MODES) expect((await stat(join(cache, NAME))).mode & 0o777).toBe(0o500);
    if (HAS_MODES) expect((await stat(cache)).mode & 0o777).toBe(0o700);
    expect(await readdir(cache)).toEqual([NAME]);
  });

  it('uses the file that is there, and keeps it when the caller is done', async () => {
    await (await extractAddon({ program: program(), cacheFolder: cache }))?.dispose();
    const first = await stat(join(cache, NAME));
    await extractAddon({ program: program(), cacheFolder: cache });
    expect((await stat(join(cache, NAME))).ino).toBe(first.ino);
  });

  for (const [name, content] of [
    ['altered', ADDON.with(500, 7)],
    ['cut short', ADDON.subarray(0, 99_999)],
    ['empty', new Uint8Array()],
  ] as const) {
    it(`replaces a file that is ${name} before it can be loaded`, async () => {
      await mkdir(cache, 0o700);
      await writeFile(join(cache, NAME), content);
      await extractAddon({ program: program(), cacheFolder: cache });
      expect(new Uint8Array(await readFile(join(cache, NAME)))).toEqual(ADDON);
    });
  }

  it('gives every one of several processes at once a whole file', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, () => extractAddon({ program: program(), cacheFolder: cache })),
    );
    expect(new Set(all.map((extracted) => extracted?.path))).toEqual(new Set([join(cache, NAME)]));
    expect(await readdir(cache)).toEqual([NAME]);
  });

  it('uses the file of a process that was faster, where a loaded one cannot be replaced', async () => {
    onRename.refuse = async (to) => {
      await writeFile(to, ADDON, { mode: 0o500 });
      return true;
    };
    expect((await extractAddon({ program: program(), cacheFolder: cache }))?.path).toBe(join(cache, NAME));
    expect(await readdir(cache)).toEqual([NAME]);
  });

  it('replaces an altered file, where one that is not to be written must be removed first', async () => {
    await mkdir(cache, 0o700);
    await writeFile(join(cache, NAME), ADDON.with(500, 7));
    onRename.refuse = async (to) => (await stat(to).catch(() => undefined)) !== undefined;
    await extractAddon({ program: program(), cacheFolder: cache });
    expect(new Uint8Array(await readFile(join(cache, NAME)))).toEqual(ADDON);
    expect(await readdir(cache)).toEqual([NAME]);
  });

  it('removes what a killed process left, and not what another one is writing', async () => {
    await mkdir(cache, 0o700);
    await writeFile(join(cache, 'old.part'), 'x');
    await utimes(join(cache, 'old.part'), 1000, 1000);
    await writeFile(join(cache, 'new.part'), 'x');
    await extractAddon({ program: program(), cacheFolder: cache });
    expect((await readdir(cache)).sort()).toEqual([NAME, 'new.part'].sort());
  });

  it('uses the cache folder of the user by default', async () => {
    expect((await extractAddon({ program: program() }))?.path).toBe(join(folder, 'xdg/peerpatch', NAME));
  });

  it('falls back to the temporary folder when the cache folder cannot be made', async () => {
    await writeFile(join(folder, 'xdg'), 'a file in the way');
    const extracted = await extractAddon({ program: program() });
    expect(dirname(extracted?.path ?? '')).toBe(join(temporary, `peerpatch-${process.getuid?.() ?? 'user'}`));
  });

  it.runIf(HAS_MODES)(
    'makes a folder of its own when both can be written by others, and removes it afterwards',
    async () => {
      const shared = [join(folder, 'xdg/peerpatch'), join(temporary, `peerpatch-${process.getuid?.() ?? 'user'}`)];
      for (const path of shared) {
        await mkdir(path, { recursive: true });
        await chmod(path, 0o770);
      }
      const extracted = await extractAddon({ program: program() });
      const used = dirname(extracted?.path ?? '');
      expect(shared).not.toContain(used);
      expect(dirname(used)).toBe(temporary);
      expect((await stat(used)).mode & 0o777).toBe(0o700);
      await extracted?.dispose();
      await expect(stat(used)).rejects.toThrow('ENOENT');
    },
  );

  it('does not follow a link in place of the folder', async () => {
    await mkdir(join(folder, 'elsewhere'), 0o700);
    await symlink(join(folder, 'elsewhere'), cache);
    const extracted = await extractAddon({ program: program(), cacheFolder: cache });
    expect(extracted?.path).toBe(join(folder, 'xdg/peerpatch', NAME));
    expect(await readdir(join(folder, 'elsewhere'))).toEqual([]);
  });

  it.runIf(HAS_MODES)(
    'does not use a folder that anybody could swap: its parent is writable for all without the sticky bit',
    async () => {
      await mkdir(join(folder, 'open/cache'), { recursive: true, mode: 0o700 });
      await chmod(join(folder, 'open'), 0o777);
      const extracted = await extractAddon({ program: program(), cacheFolder: join(folder, 'open/cache') });
      expect(extracted?.path).toBe(join(folder, 'xdg/peerpatch', NAME));
    },
  );

  it.runIf(isRoot)('does not use a folder of another user, nor one inside such a folder', async () => {
    await mkdir(join(cache, 'inner'), { recursive: true, mode: 0o700 });
    await chown(cache, 12345, 12345);
    for (const cacheFolder of [cache, join(cache, 'inner')]) {
      const extracted = await extractAddon({ program: program(), cacheFolder });
      expect(extracted?.path).toBe(join(folder, 'xdg/peerpatch', NAME));
    }
  });

  it('refuses an addon that is not the one the build described, and leaves nothing', async () => {
    const other = program('00'.repeat(32));
    await expect(extractAddon({ program: other, cacheFolder: cache })).rejects.toMatchObject({
      code: 'TRANSPORT_UNAVAILABLE',
    });
    expect(await readdir(cache)).toEqual([]);
    expect(await readdir(temporary)).toEqual([`peerpatch-${process.getuid?.() ?? 'user'}`]);
  });

  it('gives nothing for a program without an addon', async () => {
    expect(await extractAddon({ program: { ...program(), readAsset: () => undefined } })).toBeUndefined();
  });

  // Windows makes it: /proc is a name as any other there.
  it.skipIf(process.platform === 'win32')('ends where a folder can never be made', async () => {
    // Node's recursive mkdir does not end there.
    vi.stubEnv('XDG_CACHE_HOME', '/proc/nothing/here');
    expect(dirname(dirname((await extractAddon({ program: program() }))?.path ?? ''))).toBe(temporary);
  });
});
