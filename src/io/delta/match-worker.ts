/**
 * The code of a thread that searches for copies. Started by io/delta/match-threads.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import { matchTasks, type MatchMemory, type MatchTask } from './match-task.ts';

const carryOut = matchTasks(workerData as MatchMemory);
parentPort?.on('message', (task: MatchTask) => {
  const numbers = carryOut(task);
  parentPort?.postMessage(numbers, [numbers.buffer as ArrayBuffer]);
});
