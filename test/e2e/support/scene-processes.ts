/**
 * The processes of one test's world, whoever started them: copies, what they tried out, guards, what guards started again.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Numbers of the living ones: their environment has the folder. None where the system does not show them. */
export function processesIn(folder: string): number[] {
  if (!existsSync('/proc/self/environ')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`XDG_STATE_HOME=${folder}/`);
      } catch {
        return false; // gone, or another user's
      }
    })
    .map(Number);
}

/** Sends a signal to all of them. */
export function signalProcesses(folder: string, signal: NodeJS.Signals): void {
  for (const pid of processesIn(folder)) {
    try {
      process.kill(pid, signal);
    } catch {
      // has ended already
    }
  }
}
