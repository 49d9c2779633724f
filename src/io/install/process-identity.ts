/**
 * Which process this is, and whether another one lives: a number alone does not tell, numbers are used again.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { errnoOf } from '../files/file-error.ts';
import { THIS_SYSTEM } from './partial-name.ts';

export interface ProcessIdentity {
  readonly pid: number;
  /** Eight hex digits: in what system process numbers mean something. */
  readonly system: string;
  /** When it started, as this system counts; `-` where that cannot be read. */
  readonly startedAt: string;
}

/**
 * `other system` and `perhaps` (there is such a process, and no way to tell whether it is the one): only its silence shows that
 * it is gone.
 */
export type Liveness = 'alive' | 'dead' | 'perhaps' | 'other system';

/** Not a constant: a test, and a process copied with its memory, are others. */
export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, system: THIS_SYSTEM, startedAt: lookAt(process.pid)?.startedAt ?? '-' };
}

export function livenessOf({ pid, system, startedAt }: ProcessIdentity): Liveness {
  if (system !== THIS_SYSTEM) return 'other system';
  if (!isThere(pid)) return 'dead';
  const found = lookAt(pid);
  if (found?.hasEnded === true) return 'dead';
  if (found === undefined || startedAt === '-') return 'perhaps';
  return found.startedAt === startedAt ? 'alive' : 'dead';
}

/** Whether there is a process of this number that has not ended. */
export function isRunning(pid: number): boolean {
  return isThere(pid) && lookAt(pid)?.hasEnded !== true;
}

interface FoundProcess {
  /** It is no more than an exit code that its parent has not asked for: a zombie. Some parents, in containers, never ask. */
  readonly hasEnded: boolean;
  /** Clock ticks since the system started. */
  readonly startedAt: string;
}

/** Fields 3 and 22 of /proc/<pid>/stat, of one moment. Undefined on other systems, or when it is hidden. */
function lookAt(pid: number): FoundProcess | undefined {
  try {
    // That of the first thread says the same. An emulator of another processor makes up the other one for its own process.
    const text = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1');
    // Field 2 is the name in brackets, which may hold anything, brackets and spaces too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, startedAt] = [fields[0], fields[19]];
    return state === undefined || startedAt === undefined ? undefined : { hasEnded: /^[ZX]$/.test(state), startedAt };
  } catch {
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== 'ESRCH';
  }
}
