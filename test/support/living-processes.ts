/**
 * Which of the processes that have written their IDs into a file still live. Linux. Ends none of them.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs';

/** @param file one process ID in a line; not there: nobody has written yet */
export function livingOf(file: string): number[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
    .filter(isAlive);
}

function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.startsWith('Z') === false;
  } catch {
    return false;
  }
}
