import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listingManager } from '../../../../src/io/install/preconditions/package-databases.ts';
import { checkUnmanaged } from '../../../../src/io/install/preconditions/managed.ts';
import { OWN_SYSTEM } from '../../../../src/io/install/preconditions/place.ts';
import { failure } from '../../../support/stamp-samples.ts';
import { useTempFolder } from '../../../support/temp-folder.ts';

const folder = useTempFolder();

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(folder.join(path)), { recursive: true });
  writeFileSync(folder.join(path), content);
}

const managerOf = async (path: string): Promise<string | undefined> => (await listingManager(path, folder.path))?.name;

describe('the lists of package managers', () => {
  it('say nothing where there are none', async () => {
    expect(await managerOf('/usr/bin/hello')).toBeUndefined();
  });

  it('of dpkg are searched to the last one', async () => {
    for (let index = 0; index < 50; index++) put(`var/lib/dpkg/info/p${index}.list`, `/usr/bin/tool-${index}\n`);
    put('var/lib/dpkg/info/p7.md5sums', '/usr/bin/sum\n');
    for (const index of [0, 15, 16, 49])
      expect(await managerOf(`/usr/bin/tool-${index}`)).toBe(`package p${index} of dpkg`);
    expect(await managerOf('/usr/bin/tool-50')).toBeUndefined();
    expect(await managerOf('/usr/bin/sum')).toBeUndefined();
  });

  it('of dpkg may name a program as it was before the folders were merged', async () => {
    put('var/lib/dpkg/info/hello.list', '/bin/hello\n');
    expect(await managerOf('/usr/bin/hello')).toBe('package hello of dpkg');
  });

  it('of rpm are a database: name and folder anywhere in it, for programs in the folders of the system', async () => {
    const piece = 1024 ** 2;
    for (const at of [0, piece - 3, 2 * piece - 1, 3 * piece - 6]) {
      const database = new Uint8Array(3 * piece).fill(1);
      database.set(new TextEncoder().encode('hello\0'), at);
      database.set(new TextEncoder().encode('/usr/bin/\0/opt/hello/\0'), 5000);
      put('usr/lib/sysimage/rpm/rpmdb.sqlite', database);
      expect(await managerOf('/usr/bin/hello')).toBe('a package of rpm');
    }
    expect(await managerOf('/opt/hello/hello')).toBe('a package of rpm');
    for (const other of ['/usr/bin/hallo', '/usr/bin/hell', '/opt/other/hello', '/usr/sbin/hello'])
      expect(await managerOf(other)).toBeUndefined();
    expect(await managerOf('/usr/local/bin/hello')).toBeUndefined();
    expect(await managerOf('/srv/hello/hello')).toBeUndefined();
  });
});

describe('a sandbox of Flatpak', () => {
  it('is told by its file, not by the folder that containers use too', async () => {
    const place = {
      target: '/app/bin/hello',
      folder: '/app/bin',
      program: undefined,
      plan: { sizeBytes: 1 },
      system: { ...OWN_SYSTEM, platform: 'linux', root: folder.path },
    };
    await checkUnmanaged(place);
    put('.flatpak-info', '[Application]\n');
    await expect(checkUnmanaged(place)).rejects.toEqual(failure('INSTALL_MANAGED'));
    await checkUnmanaged({ ...place, target: '/srv/app/bin/hello' });
  });
});
