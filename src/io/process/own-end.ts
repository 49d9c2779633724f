/**
 * Ends this process at once from any of its threads, whatever the others do.
 *
 * @module
 */
import { runInThisContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';

/** SIGKILL is delivered while the call returns; so long another thread may still run. */
const PATIENCE_MS = 1000;

/**
 * No listener runs, nothing is closed: for a process whose main thread does not answer.
 *
 * The first process of a container gets no SIGKILL from itself. A fault is not held up there: the runtime is told to run into
 * a break point, which the system does not let anyone ignore.
 */
export function killThisProcess(): never {
  process.kill(process.pid, 'SIGKILL');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PATIENCE_MS);
  setFlagsFromString('--allow-natives-syntax');
  runInThisContext('%SystemBreak()');
  throw new Error('this process cannot end itself');
}
