import { describe, expect, it } from 'vitest';
import { permissionFix } from '../../../src/core/install/permission-fix.ts';

describe('what lets a user replace a program', () => {
  it('is the folder, when it is the program’s own', () => {
    const fix = { program: '/srv/hello/hello', folder: '/srv/hello', uid: 1000 };
    expect(permissionFix({ ...fix, withProgram: false })).toBe(`"sudo chown 1000 '/srv/hello'"`);
    expect(permissionFix({ ...fix, withProgram: true })).toBe(`"sudo chown 1000 '/srv/hello' '/srv/hello/hello'"`);
  });

  it.each(['/usr/bin', '/usr/local/bin', '/usr/local/sbin', '/bin', '/sbin', '/opt', '/usr/lib', '/var/lib', '/tmp'])(
    'is never to give away %s: the program gets a folder of its own, and a link stays',
    (folder) => {
      const program = `${folder}/hello`;
      expect(permissionFix({ program, folder, uid: 1000, withProgram: false })).toBe(
        `"sudo install -d -o 1000 '/var/lib/hello' && sudo mv '${program}' '/var/lib/hello/hello' && ` +
          `sudo chown 1000 '/var/lib/hello/hello' && sudo ln -s '/var/lib/hello/hello' '${program}'"`,
      );
    },
  );

  it.each(['/usr/local/hello', '/opt/hello', '/home/ann', '/usr/games/hello'])('gives %s away', (folder) => {
    const fix = permissionFix({ program: `${folder}/hello`, folder, uid: 7, withProgram: false });
    expect(fix).toBe(`"sudo chown 7 '${folder}'"`);
  });
});
