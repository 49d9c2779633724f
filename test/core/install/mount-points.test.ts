import { describe, expect, it } from 'vitest';
import { isMountPoint, mountPointOf, readMountPoints } from '../../../src/core/install/mount-points.ts';

const MOUNT_INFO = String.raw`24 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw,discard
30 24 0:27 / /proc rw,nosuid - proc proc rw
36 24 98:0 /sub /mnt/a\040b\134c rw,noatime master:1 shared:7 - ext3 /dev/root ro,errors=continue
40 24 254:0 /tmp/one /opt/hello/hello ro,relatime - ext4 /dev/vda rw
41 24 0:30 / /opt rw - tmpfs tmpfs rw
a line of another form

`;
const mounts = readMountPoints(MOUNT_INFO);

describe('the list of mounts', () => {
  it('is read line by line; what is no mount is left out', () => {
    expect(mounts).toEqual([
      { path: '/', isReadOnly: false },
      { path: '/proc', isReadOnly: false },
      { path: '/mnt/a b\\c', isReadOnly: true },
      { path: '/opt/hello/hello', isReadOnly: true },
      { path: '/opt', isReadOnly: false },
    ]);
  });

  it('reads names that are not ASCII', () => {
    expect(readMountPoints('1 1 0:1 / /mnt/ä\\040ö rw - tmpfs t rw')).toEqual([
      { path: '/mnt/ä ö', isReadOnly: false },
    ]);
  });

  it('tells a file that is mounted alone from its folder', () => {
    expect(isMountPoint(mounts, '/opt/hello/hello')).toBe(true);
    expect(isMountPoint(mounts, '/opt/hello')).toBe(false);
  });

  it.each([
    ['/opt/hello/hello', '/opt/hello/hello'],
    ['/opt/hello', '/opt'],
    ['/optional', '/'],
    ['/opt', '/opt'],
    ['/mnt/a b\\c/d', '/mnt/a b\\c'],
  ])('%s is on %s', (path, mount) => {
    expect(mountPointOf(mounts, path)?.path).toBe(mount);
  });

  it('takes the later one of two at the same place, which hides the other', () => {
    const twice = readMountPoints('1 1 0:1 / /a rw - x x rw\n2 1 0:2 / /a ro - x x rw');
    expect(mountPointOf(twice, '/a/b')).toEqual({ path: '/a', isReadOnly: true });
  });

  it('knows nothing of an empty list', () => {
    expect(mountPointOf([], '/a')).toBeUndefined();
  });
});
