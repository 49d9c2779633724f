import { describe, expect, it } from 'vitest';
import { PeerpatchError, type ErrorCode } from '../../../src/core/base/errors.ts';
import { errnoOf, installError, unreadable } from '../../../src/io/files/file-error.ts';

const cases: [errno: string, code: ErrorCode, fix: RegExp][] = [
  ['EACCES', 'INSTALL_NOT_WRITABLE', /^(?!.*chown).*write to \/opt\/app if/],
  ['EPERM', 'INSTALL_NOT_WRITABLE', /chattr -i '\/opt\/app'/],
  ['EROFS', 'INSTALL_READ_ONLY', /read-only/],
  ['ENOSPC', 'INSTALL_NO_SPACE', /free as much space/],
  ['EDQUOT', 'INSTALL_NO_SPACE', /free as much space/],
  ['EFBIG', 'INSTALL_NO_SPACE', /free as much space/],
  ['ENOENT', 'PROGRAM_UNREADABLE', /put the program back/],
  ['EIO', 'INSTALL_FAILED', /the old program is in place/],
];

describe('a failed file operation', () => {
  it.each(cases)('%s is %s, with the fix', (errno, code, fix) => {
    const cause = Object.assign(new Error('it failed'), { code: errno });
    const error = installError('/opt/app/program', cause, 'linux');
    expect(error).toMatchObject({ code, cause });
    expect(error.message).toMatch(fix);
    expect(error.message).toContain('/opt/app/program');
  });

  it.each(['EPERM', 'EACCES'])('%s on Windows names what that means there, and no command of Unix', (errno) => {
    const cause = Object.assign(new Error('it failed'), { code: errno });
    const { code, message } = installError('/opt/app/program', cause, 'win32');
    expect(code).toBe('INSTALL_NOT_WRITABLE');
    expect(message).toMatch(/icacls "\/opt\/app" \/grant .* end what holds the file/);
    expect(message).not.toMatch(/sudo|chattr/);
  });

  it('stays what it is when it is explained already', () => {
    const error = new PeerpatchError('CANCELLED', 'stopped');
    expect(installError('/x', error)).toBe(error);
  });

  it('is INSTALL_FAILED when the system gave it no name', () => {
    expect(installError('/x', new Error('strange'))).toMatchObject({ code: 'INSTALL_FAILED' });
  });

  it('names the file that could not be read', () => {
    expect(unreadable('/opt/app', new Error('not a file'))).toMatchObject({
      code: 'PROGRAM_UNREADABLE',
      message: 'could not read the program /opt/app (not a file): is it there, and readable for this user',
    });
  });

  it.each([undefined, null, 'text', {}, { code: 5 }])('has no name in %j', (error) => {
    expect(errnoOf(error)).toBeUndefined();
  });
});
