import { describe, expect, it } from 'vitest';
import {
  apkManager,
  apkPackage,
  dpkgManager,
  hasLine,
  listedNames,
  pacmanManager,
  rpmManager,
} from '../../../src/core/install/package-lists.ts';

describe('the lists of package managers', () => {
  it('may have a path under the name it had before the folders were merged', () => {
    expect(listedNames('/usr/bin/hello')).toEqual(['/usr/bin/hello', '/bin/hello']);
    expect(listedNames('/usr/lib64/hello/hello')).toEqual(['/usr/lib64/hello/hello', '/lib64/hello/hello']);
    expect(listedNames('/usr/share/hello')).toEqual(['/usr/share/hello']);
    expect(listedNames('/opt/hello/hello')).toEqual(['/opt/hello/hello']);
  });

  it('have a path when it is a whole line, wherever that is', () => {
    const list = '/.\n/usr\n/usr/bin\n/usr/bin/hello\n/usr/bin/hello-more\n/usr/share/doc/usr/bin/bye\n';
    expect(hasLine(list, ['/usr/bin/hello'])).toBe(true);
    expect(hasLine(list, ['/usr/bin/none', '/usr/bin/hello-more'])).toBe(true);
    expect(hasLine('/usr/bin/hello', ['/usr/bin/hello'])).toBe(true);
    for (const other of ['/usr/bin/hell', '/usr/bin/bye', '/bin/hello', '/usr/bin/hello-mor'])
      expect(hasLine(list, [other])).toBe(false);
  });

  it('of pacman have paths without the first slash', () => {
    const files = '%FILES%\nusr/\nusr/bin/\nusr/bin/hello\n\n%BACKUP%\n';
    expect(hasLine(files, ['/usr/bin/hello'], '/')).toBe(true);
    expect(hasLine(files, ['/bin/hello'], '/')).toBe(false);
  });

  it('of apk name the package, then folders, then files', () => {
    const installed =
      'C:Q1abc=\nP:bye\nV:1\nF:usr\nF:usr/bin\nR:bye\na:0:0:755\n\nP:hello\nV:2\nF:\nR:root-file\nF:usr/bin\nR:hello\n';
    expect(apkPackage(installed, ['/usr/bin/hello'])).toBe('hello');
    expect(apkPackage(installed, ['/usr/bin/none', '/usr/bin/bye'])).toBe('bye');
    expect(apkPackage(installed, ['/root-file'])).toBe('hello');
    for (const other of ['/usr/hello', '/usr/bin/hell', '/usr/bin'])
      expect(apkPackage(installed, [other])).toBe(undefined);
    expect(apkPackage('', ['/usr/bin/hello'])).toBe(undefined);
  });

  it('make a sentence with the command that updates the package', () => {
    expect(dpkgManager('hello:amd64.list')).toEqual({
      name: 'package hello of dpkg',
      fix: "update it with: sudo apt-get install --only-upgrade 'hello'",
    });
    expect(dpkgManager('hello.list').name).toBe('package hello of dpkg');
    expect(pacmanManager('hello-more-1:2.0-3').name).toBe('package hello-more of pacman');
    expect(apkManager('hello').fix).toContain("apk upgrade 'hello'");
    expect(rpmManager('/usr/bin/hello').fix).toContain(`rpm -qf '/usr/bin/hello'`);
  });
});
