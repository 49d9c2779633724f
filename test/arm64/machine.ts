/**
 * linux-arm64 on another processor: programs run under qemu's user emulation, inside a namespace of their own, so that the
 * system outside does not change.
 *
 * Inside, the kernel starts arm64 programs as it does on such a machine: by `execve`, whoever calls it.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const QEMU = '/usr/bin/qemu-aarch64';
/** The C library of arm64: Debian's libc6-arm64-cross and libstdc++6-arm64-cross. */
const LIBRARIES = '/usr/aarch64-linux-gnu';
/** ELF, 64 bit, little endian, program or shared object, AArch64; each byte of the mask 1 where it counts. */
const MAGIC =
  '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:' +
  '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff';
/** The kernel calls it with the program's path, the name it is called by, and its arguments. */
const INTERPRETER = `#!/bin/sh
program=$1 name=$2
shift 2
exec ${QEMU} -L ${LIBRARIES} -0 "$name" "$program" "$@"
`;

/** Command and arguments to put in front of a command that runs, or starts, programs for arm64. */
export type Machine = readonly [command: string, ...args: string[]];

/**
 * @param folder where two scripts are written
 * @returns undefined, with one line that says why, where there is no emulation
 */
export function arm64Machine(folder: string): Machine | undefined {
  const missing = [QEMU, join(LIBRARIES, 'lib/ld-linux-aarch64.so.1')].find((path) => !existsSync(path));
  if (missing !== undefined) {
    skip(`${missing} is missing (apt-get install qemu-user libc6-arm64-cross libstdc++6-arm64-cross)`);
    return undefined;
  }
  const interpreter = join(folder, 'interpreter');
  const start = join(folder, 'start');
  writeFileSync(interpreter, INTERPRETER);
  writeFileSync(
    start,
    `#!/bin/sh
set -e
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
printf '%s' ':arm64:M::${MAGIC}:${interpreter}:P' > /proc/sys/fs/binfmt_misc/register
exec "$@"
`,
  );
  for (const script of [interpreter, start]) chmodSync(script, 0o755);
  const machine: Machine = ['unshare', '--user', '--map-root-user', '--mount', start];
  const { status, stderr } = spawnSync(machine[0], [...machine.slice(1), 'true'], { encoding: 'utf8' });
  if (status !== 0) {
    skip(`no namespace with a binfmt_misc of its own (Linux 6.7 or newer): ${stderr.trim()}`);
    return undefined;
  }
  return machine;
}

function skip(reason: string): void {
  process.stderr.write(`SKIPPED: tests on arm64: ${reason}\n`);
}
