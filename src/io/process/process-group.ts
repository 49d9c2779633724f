/**
 * Ends a child and everything it has started: its process group and, on Linux, whoever else carries its mark.
 *
 * The child must have been started `detached`, which gives it a group of its own. A grandchild may leave that group; its
 * environment still says where it comes from. Windows has no such groups: there only the child itself is ended.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Each round finds what the one before had no time to: a program that starts copies of itself is not waited for. */
const MAX_ROUNDS = 10;

/** @param mark `NAME=value` in the environment of the child, known to nobody else */
export function killFamily(child: ChildProcess, mark: string): void {
  if (child.pid === undefined) return; // was never started
  if (process.platform === 'win32') {
    child.kill('SIGKILL');
    return;
  }
  kill(-child.pid);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const left = marked(mark);
    if (left.length === 0) return;
    for (const pid of left) kill(pid);
  }
}

/**
 * Lines: the mark, the number of the group. A number that never came means an end between the start of the child and the
 * telling: then the mark finds it. It goes over stdin, as everybody may read the arguments of a process.
 */
const WATCH = `read -r mark && [ -n "$mark" ] || exit
read -r group && { read -r _; kill -9 -"$group"; }
for file in $(grep -lsF "$mark" /proc/[0-9]*/environ); do
  pid=\${file#/proc/}
  kill -9 "\${pid%/environ}"
done`;

export interface FamilyWatch {
  /** Call in the turn in which `child` was started. */
  readonly started: (child: ChildProcess) => void;
  /** Nobody is watched over any more. Call before {@link killFamily}: the number of the group may be somebody else's soon. */
  readonly stop: () => void;
}

/**
 * Ends the family should this process end before `stop` was called: a killed process tidies up nothing itself. A shell waits
 * for the end of a pipe that only this process holds open. Start it before the child: there is no instant in which the child
 * is alone. Not on Windows.
 *
 * @param mark `NAME=value` that the child will get into its environment, known to nobody else; without line breaks
 */
export function watchOverFamily(mark: string): FamilyWatch {
  if (process.platform === 'win32') return { started: () => undefined, stop: () => undefined };
  const watch = spawn('/bin/sh', ['-c', WATCH, 'peerpatch-watch'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a signal to the group of this process must not reach it
  });
  watch.on('error', () => undefined); // no shell, no watch
  watch.stdin.on('error', () => undefined);
  watch.stdin.write(`${mark}\n`);
  watch.unref();
  return {
    started: ({ pid }) => {
      if (pid !== undefined) watch.stdin.write(`${pid}\n`);
    },
    stop: () => {
      watch.kill('SIGKILL');
      watch.stdin.destroy();
    },
  };
}

/** Processes of this user whose environment has the mark. Linux; elsewhere, and where /proc is hidden, none are seen. */
function marked(mark: string): number[] {
  if (process.platform !== 'linux') return [];
  return numbersIn('/proc').filter((pid) => isMarked(pid, mark));
}

function numbersIn(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return []; // no /proc here
  }
}

function isMarked(pid: number, mark: string): boolean {
  if (pid === process.pid) return false;
  try {
    // A process that has ended and is not yet waited for has no environment any more.
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(mark);
  } catch {
    return false; // another user's, or gone
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // has ended already
  }
}
