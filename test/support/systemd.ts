/**
 * A systemd of its own, as the first process of namespaces: with units of the tests, a bus, and none of the machine's services.
 *
 * Processes and mounts are its own: what units write to /run, /var/lib and /var/cache is seen under {@link Systemd.root} and gone at
 * the end. The network and the other files are those of the machine. Needs root, systemd, dbus-daemon and util-linux.
 *
 * @module
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Systemd {
  /** Its files, seen from here: `${root}/var/lib` is its `/var/lib`. */
  readonly root: string;
  /** To be put before a command that is to run beside it. */
  readonly enter: readonly [string, ...string[]];
  /** Runs a command beside it. @returns its stdout @throws when that fails */
  run(...command: readonly string[]): Promise<string>;
  /** One property of a unit. */
  show(unit: string, property: string): Promise<string>;
  /** Paths of the programs that live in a unit, or of what was there when they started. */
  processesOf(unit: string): Promise<readonly string[]>;
  end(): Promise<void>;
}

const DAEMON = '/lib/systemd/systemd';
const BUS = '/usr/bin/dbus-daemon';
const START_MS = 15_000;
const LOOK_MS = 50;

/** What systemd asks for by itself, and a bus for `systemd-run --wait`. Names of units to their text. */
const OWN_UNITS: Readonly<Record<string, string>> = {
  'sysinit.target': '[Unit]\nDefaultDependencies=no\n',
  'basic.target': '[Unit]\nDefaultDependencies=no\n',
  'shutdown.target': '[Unit]\nDefaultDependencies=no\n',
  'network-online.target': '[Unit]\nDefaultDependencies=no\n',
  'dbus.socket': '[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/dbus/system_bus_socket\n',
  'dbus.service': `[Unit]\nDefaultDependencies=no\nRequires=dbus.socket\n[Service]\nExecStart=${BUS} --system --address=systemd: --nofork --nopidfile --systemd-activation --syslog-only\n`,
  'peerpatch.target': '[Unit]\nRequires=dbus.socket\nAfter=dbus.socket\n',
};

/** In a group of its own of every hierarchy of control groups, so that the machine's are left alone. $1: its name. */
const ENTER_GROUP = `while IFS=: read -r _ names path; do
  case "$names" in
    '') top=/sys/fs/cgroup/unified && [ -d "$top" ] || top=/sys/fs/cgroup ;;
    name=*) top="/sys/fs/cgroup/\${names#name=}" ;;
    *) top="/sys/fs/cgroup/$names" ;;
  esac
  group="$top\${path%/}/$1"
  mkdir "$group" 2> /dev/null && { echo $$ > "$group/cgroup.procs"; } 2> /dev/null
done < /proc/self/cgroup
exec unshare --fork --pid --mount --mount-proc --uts --ipc --cgroup --kill-child sh -c "$2" sh "$3"`;

/** $1: the folder of the units. */
const BOOT = `set -e
mount --make-rprivate /
for folder in /run /var/lib /var/cache; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
fi
for list in passwd group; do [ ! -e "$1/$list" ] || mount --bind "$1/$list" "/etc/$list"; done
exec env -i PATH="$PATH" container=other SYSTEMD_UNIT_PATH="$1/units" ${DAEMON} --system --unit=peerpatch.target --log-target=console --show-status=no`;

/** $0: the control group of a unit. A process of it may end meanwhile. */
const LIST_PROGRAMS = `top=/sys/fs/cgroup/systemd; [ -d "$top" ] || top=/sys/fs/cgroup
for pid in $(cat "$top$0/cgroup.procs"); do readlink "/proc/$pid/exe" || true; done`;

export interface SystemdOptions {
  /** Names of units (`hello.service`, `hello.service.d/more.conf`) to their text. */
  readonly units?: Readonly<Record<string, string>>;
  /** A user that the units know, and its number: for the group, too. */
  readonly user?: { readonly name: string; readonly id: number };
}

/** Undefined where there can be none. */
export async function startSystemd({ units = {}, user }: SystemdOptions = {}): Promise<Systemd | undefined> {
  if (process.getuid?.() !== 0 || ![DAEMON, BUS].every((path) => existsSync(path))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-systemd-'));
  const name = folder.slice(folder.lastIndexOf('/') + 1);
  for (const [unit, text] of Object.entries({ ...OWN_UNITS, ...units })) {
    const path = join(folder, 'units', unit);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  if (user !== undefined) await addUser(folder, user);
  const outer = spawn('sh', ['-c', ENTER_GROUP, 'sh', name, BOOT, folder], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  outer.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const ended = new Promise<void>((resolve) => {
    outer.once('close', () => {
      resolve();
    });
    outer.once('error', () => {
      resolve();
    });
  });
  const end = async (): Promise<void> => {
    outer.kill('SIGKILL'); // unshare takes the first process with it, and that all others
    await ended;
    await removeGroups(name);
    await rm(folder, { recursive: true, force: true });
  };
  const pid = await waitForBoot(outer);
  if (pid === undefined) {
    await end();
    console.warn(`systemd did not start here: ${said.slice(-500)}`);
    return undefined;
  }
  return { ...controls(pid), end };
}

function controls(pid: number): Omit<Systemd, 'end'> {
  const enter = ['nsenter', '--target', String(pid), '--mount', '--pid', '--cgroup', '--'] as const;
  const run = async (...command: readonly string[]): Promise<string> => {
    const [program, ...args] = enter;
    return (await promisify(execFile)(program, [...args, ...command])).stdout;
  };
  const show = async (unit: string, property: string): Promise<string> =>
    (await run('systemctl', 'show', '--value', '--property', property, unit)).trimEnd();
  return {
    root: `/proc/${String(pid)}/root`,
    enter,
    run,
    show,
    processesOf: async (unit) => {
      const group = await show(unit, 'ControlGroup');
      const paths = group === '' ? '' : await run('sh', '-c', LIST_PROGRAMS, group);
      const names = paths.split('\n').filter((line) => line !== '');
      return names.map((name) => name.replace(/ \(deleted\)$/, ''));
    },
  };
}

/** The number of systemd's process, once it answers. */
async function waitForBoot(outer: ChildProcess): Promise<number | undefined> {
  const until = performance.now() + START_MS;
  while (performance.now() < until && outer.exitCode === null && outer.signalCode === null) {
    await pause(LOOK_MS);
    const pid = childOf(outer.pid ?? 0);
    if (pid === undefined) continue;
    const state = await controls(pid)
      .run('systemctl', 'is-active', 'peerpatch.target')
      .catch(() => '');
    if (state.trimEnd() === 'active') return pid;
  }
  return undefined;
}

function childOf(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8').split(' ');
    return child ? Number(child) : undefined;
  } catch {
    return undefined; // it has ended
  }
}

async function addUser(folder: string, { name, id }: { readonly name: string; readonly id: number }): Promise<void> {
  const line = `${name}:x:${String(id)}:`;
  await writeFile(join(folder, 'passwd'), `${readFileSync('/etc/passwd', 'utf8')}${line}${String(id)}::/:/bin/false\n`);
  await writeFile(join(folder, 'group'), `${readFileSync('/etc/group', 'utf8')}${line}\n`);
}

/** Those that systemd made, the innermost first. A process that has just been killed is in its group for a moment more. */
async function removeGroups(name: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const left = execFileSync('find', ['/sys/fs/cgroup', '-depth', '-type', 'd', '-path', `*/${name}*`], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const groups = left.split('\n').filter((path) => path !== '');
    if (groups.length === 0) return;
    for (const group of groups) await promisify(execFile)('rmdir', [group]).catch(() => undefined);
    await pause(LOOK_MS);
  }
}
