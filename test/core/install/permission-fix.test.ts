import { describe, expect, it } from 'vitest';
import { permissionFix, type FolderFacts } from '../../../src/core/install/permission-fix.ts';

const ALONE: FolderFacts = { isMountPoint: false, isForeignHome: false, holdsOthers: false };
const AMONG_OTHERS: FolderFacts = { ...ALONE, holdsOthers: true };

function fixOf(program: string, facts: FolderFacts = ALONE, withProgram = false): string {
  const folder = program.slice(0, program.lastIndexOf('/')) || '/';
  return permissionFix({ program, folder, facts, uid: 1001, withProgram });
}

describe('what lets a user replace a program', () => {
  it('is the folder, when it is the program’s own, and the program with it', () => {
    expect(fixOf('/srv/hello/hello')).toBe(`"sudo chown 1001 '/srv/hello'"`);
    expect(fixOf('/srv/hello/hello', ALONE, true)).toBe(`"sudo chown 1001 '/srv/hello' '/srv/hello/hello'"`);
  });

  it('is else a folder of its own, which must not be there yet, and a link where it was', () => {
    expect(fixOf('/etc/hello')).toBe(
      `"sudo mkdir '/var/lib/hello' && sudo mv '/etc/hello' '/var/lib/hello/hello' && ` +
        `sudo chown 1001 '/var/lib/hello' '/var/lib/hello/hello' && sudo ln -s '/var/lib/hello/hello' '/etc/hello'"`,
    );
  });

  it.each<[program: string, facts: FolderFacts]>([
    // Named for it, whatever else is there: its configuration, its libraries.
    ['/opt/hello/hello', AMONG_OTHERS],
    ['/opt/hello/bin/hello', AMONG_OTHERS],
    ['/opt/hello/1.2/hello', AMONG_OTHERS],
    ['/var/lib/hello/hello', AMONG_OTHERS],
    ['/usr/local/hello/hello', AMONG_OTHERS],
    ['/usr/local/lib/hello/hello', AMONG_OTHERS],
    ['/home/alice/hello/hello', AMONG_OTHERS],
    ['/data/hello/hello', AMONG_OTHERS],
    ['/Applications/Hello.app/Contents/MacOS/hello', AMONG_OTHERS],
    // Of another name, and nothing else is there.
    ['/opt/acme/hello', ALONE],
    ['/srv/www/acme/hello', ALONE],
    ['/data/apps/hello', ALONE],
  ])('%s: its folder is given away', (program, facts) => {
    expect(fixOf(program, facts)).toMatch(/^"sudo chown 1001 '\/[^']+'"$/);
  });

  const nothingElse: readonly string[] = [
    // of the system
    '/hello',
    '/etc/hello',
    '/etc/hello/hello',
    '/root/hello',
    '/root/hello/hello',
    '/run/hello/hello',
    '/boot/hello/hello',
    '/dev/shm/hello',
    '/usr/hello',
    '/usr/hello/hello',
    '/usr/share/hello',
    '/usr/share/hello/hello',
    '/usr/games/hello/hello',
    '/var/log/hello/hello',
    '/private/etc/hello',
    '/System/hello/hello',
    // for many programs, though one alone is there
    '/bin/hello',
    '/sbin/hello',
    '/usr/bin/hello',
    '/usr/lib/hello',
    '/usr/local/hello',
    '/usr/local/bin/hello',
    '/usr/local/sbin/hello',
    '/usr/local/share/hello',
    '/usr/local/lib/hello',
    '/opt/hello',
    '/srv/hello',
    '/mnt/hello',
    '/data/hello',
    '/tmp/hello',
    '/var/hello',
    '/var/lib/hello',
    '/var/opt/hello',
    '/var/tmp/hello',
    '/Applications/hello',
    '/srv/tools/bin/hello',
    // somebody's home, and what everybody has in it; also of somebody who is called as the program is
    '/home/hello',
    '/home/alice/hello',
    '/home/hello/hello',
    '/home/hello/bin/hello',
    '/home/alice/bin/hello',
    '/home/alice/.local/bin/hello',
    '/home/alice/Downloads/hello',
    '/Users/bob/hello',
    '/Users/bob/Desktop/hello',
  ];
  it.each(nothingElse)('%s: its folder is never given away', (program) => {
    expect(fixOf(program)).toMatch(/^"sudo mkdir '\/var\/lib\/hello' && /);
    expect(fixOf(program, AMONG_OTHERS, true)).toBe(fixOf(program));
  });

  it.each<[why: string, program: string, facts: FolderFacts]>([
    ['others are in it', '/opt/acme/hello', AMONG_OTHERS],
    ['a file system is mounted there', '/srv/hello/hello', { ...ALONE, isMountPoint: true }],
    ['it is another user’s home', '/srv/hello/hello', { ...ALONE, isForeignHome: true }],
  ])('%s: %s does not give its folder away', (_why, program, facts) => {
    expect(fixOf(program, facts)).toMatch(/^"sudo mkdir /);
  });

  it('is another folder than the one that may not be given away', () => {
    expect(fixOf('/var/lib/hello/hello', { ...ALONE, isMountPoint: true })).toMatch(/^"sudo mkdir '\/opt\/hello' && /);
  });
});
