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
 * Ends the group of `child` should this process end before it has called what is returned: a killed process tidies up nothing
 * itself. A shell waits for the end of a pipe that only this process holds open.
 */
export function watchOverFamily(child: ChildProcess): () => void {
  if (process.platform === 'win32' || child.pid === undefined) return () => undefined;
  const watch = spawn('/bin/sh', ['-c', 'read -r _; kill -9 -"$1"', 'peerpatch-watch', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // a signal to the group of this process must not reach it
  });
  watch.on('error', () => undefined); // no shell, no watch
  watch.stdin.on('error', () => undefined);
  watch.unref();
  return () => {
    watch.kill('SIGKILL');
    watch.stdin.destroy();
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
