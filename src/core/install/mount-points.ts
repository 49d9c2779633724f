/**
 * Reads /proc/self/mountinfo: where file systems are mounted. Format: proc_pid_mountinfo(5).
 *
 * 36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *                  ^ field 5    ^ field 6                            ^ last field
 *
 * Space, tab, newline and backslash in paths are written as `\040` and so on.
 *
 * @module
 */

export interface MountPoint {
  readonly path: string;
  readonly isReadOnly: boolean;
}

/** Lines that are not of that form are left out. In the order in which they were mounted: a later one hides an earlier one. */
export function readMountPoints(mountInfo: string): readonly MountPoint[] {
  return mountInfo.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const [, , , , path, options] = fields;
    const ofFileSystem = fields.at(-1);
    if (path === undefined || options === undefined || !fields.includes('-')) return [];
    const isReadOnly = [options, ofFileSystem ?? ''].some((list) => list.split(',').includes('ro'));
    return [{ path: unescaped(path), isReadOnly }];
  });
}

/** Whether something is mounted on exactly this path: a file alone, for example, as containers get theirs. */
export function isMountPoint(mounts: readonly MountPoint[], path: string): boolean {
  return mounts.some((mount) => mount.path === path);
}

/** Where the file system that has `path` is mounted. */
export function mountPointOf(mounts: readonly MountPoint[], path: string): MountPoint | undefined {
  return mounts
    .filter((mount) => mount.path === '/' || path === mount.path || path.startsWith(`${mount.path}/`))
    .reduce<MountPoint | undefined>((a, b) => (a !== undefined && a.path.length > b.path.length ? a : b), undefined);
}

function unescaped(path: string): string {
  const bytes: number[] = [];
  const raw = new TextEncoder().encode(path);
  for (let at = 0; at < raw.length; at++) {
    const octal = raw[at] === 0x5c ? /^[0-7]{3}$/.exec(String.fromCharCode(...raw.subarray(at + 1, at + 4))) : null;
    bytes.push(octal === null ? (raw[at] ?? 0) : parseInt(octal[0], 8));
    if (octal !== null) at += 3;
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}
