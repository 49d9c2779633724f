import { describe, expect, it } from 'vitest';
import { imageFix, translocationFix } from '../../../src/core/install/translocated.ts';

const TRANSLOCATED =
  '/private/var/folders/zz/zyx/T/AppTranslocation/8A1C2D3E-0000-4000-8000-000000000000/d/Hello.app/Contents/MacOS/hello';

describe('a translocated program', () => {
  it('is told where to go, by the name of its application', () => {
    expect(translocationFix(TRANSLOCATED)).toContain('move Hello.app with the Finder to Applications');
    expect(translocationFix(TRANSLOCATED)).toContain("xattr -dr com.apple.quarantine 'Hello.app'");
  });

  it('may be no application', () => {
    expect(translocationFix('/private/var/folders/z/T/AppTranslocation/8A/d/hello')).toContain('move the program');
  });

  it.each(['/Applications/Hello.app/Contents/MacOS/hello', '/opt/AppTranslocation/hello', '/opt/AppTranslocation'])(
    '%s is none',
    (path) => {
      expect(translocationFix(path)).toBeUndefined();
    },
  );
});

describe('an image that a program was shipped in', () => {
  it.each([
    ['/Volumes/Hello 1.0/Hello.app/Contents/MacOS/hello', /disk image \/Volumes\/Hello 1\.0: copy it to Applications/],
    ['/tmp/.mount_HelloXa1B2c/usr/bin/hello', /AppImage/],
  ])('%s has a fix of its own', (path, fix) => {
    expect(imageFix(path)).toMatch(fix);
  });

  it.each(['/opt/hello/hello', '/tmp/.mount', '/home/ann/Volumes/hello'])('%s is none', (path) => {
    expect(imageFix(path)).toBeUndefined();
  });
});
