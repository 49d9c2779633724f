/**
 * The child's end of the pipe to its thin parent: one byte, 'R', asks for the program to be started again.
 *
 * PEERPATCH_PARENT_FD names the pipe, PEERPATCH_PARENT_PID the parent: a grandchild that inherits the variables has
 * neither that parent nor that pipe. Spec: docs/spec/10-restart.md.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { isOpenPipe } from './open-pipe.ts';

export const PARENT_FD_VARIABLE = 'PEERPATCH_PARENT_FD';
export const PARENT_PID_VARIABLE = 'PEERPATCH_PARENT_PID';
/** The first descriptor behind stdin, stdout and stderr. */
export const PARENT_FD = 3;
/** 'R' */
export const RESTART_REQUEST = 0x52;

export interface ThinParentLink {
  /** Whether the parent lives: then it watches this process. */
  isThere(): boolean;
  /**
   * Asks the parent to start the program again as soon as this process has ended.
   *
   * @returns false when the parent is gone: nobody will start it
   */
  requestRestart(): boolean;
}

/**
 * The link to this process's thin parent; undefined when it has none. Call it once, before the host starts children:
 * it removes the variables from the environment.
 */
export function adoptThinParent(): ThinParentLink | undefined {
  const { [PARENT_FD_VARIABLE]: fd, [PARENT_PID_VARIABLE]: pid } = process.env;
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the two names are constants
  for (const name of [PARENT_FD_VARIABLE, PARENT_PID_VARIABLE]) delete process.env[name];
  const isThere = (): boolean => pid === String(process.ppid);
  if (!isThere()) return undefined;
  // A program that came by execve has the parent, but the pipe was closed on the way.
  const canAsk = fd === String(PARENT_FD) && isOpenPipe(PARENT_FD);
  return {
    isThere,
    requestRestart: () => {
      if (!canAsk || !isThere()) return false;
      try {
        return writeSync(PARENT_FD, Uint8Array.of(RESTART_REQUEST)) === 1;
      } catch {
        return false; // the parent died a moment ago
      }
    },
  };
}
