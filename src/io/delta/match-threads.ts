/**
 * Threads that search for copies. Spec: docs/spec/13-delta.md has nothing of it: what a delta means does not depend on it.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { matchTasks, type MatchMemory, type MatchTask } from './match-task.ts';

/** Carries out one task at a time. */
export interface MatchThread {
  carryOut(task: MatchTask): Promise<Float64Array>;
  close(): Promise<void>;
}

/** As many threads as asked for; the calling one alone for 0, and where the code of a thread has no file, as in a bundle. */
export function startMatchThreads(memory: MatchMemory, count: number): readonly MatchThread[] {
  const entry = workerEntry();
  if (entry === undefined || count === 0) return [callingThread(memory)];
  return Array.from({ length: count }, () => startThread(entry, memory));
}

/** What `new Worker` takes. The compiled package and its sources have the code of a thread beside this file. */
interface WorkerEntry {
  readonly code: URL | string;
  readonly isText: boolean;
}

function workerEntry(): WorkerEntry | undefined {
  const isSource = import.meta.url.endsWith('.ts');
  const url = new URL(isSource ? './match-worker.ts' : './match-worker.js', import.meta.url);
  if (!existsSync(fileURLToPath(url))) return undefined;
  if (!isSource) return { code: url, isText: false };
  // Node 20 runs no TypeScript, and a thread does not get the loader that development has by a flag.
  const packagePath = createRequire(import.meta.url).resolve('tsx/package.json');
  const loader = pathToFileURL(join(dirname(packagePath), 'dist/esm/api/index.mjs')).href;
  const code = `import(${JSON.stringify(loader)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(url.href)}); });`;
  return { code, isText: true };
}

function startThread({ code, isText }: WorkerEntry, memory: MatchMemory): MatchThread {
  const worker = new Worker(code, { eval: isText, workerData: memory, execArgv: [], name: 'peerpatch delta' });
  let failure: Error | undefined;
  worker.on('error', (error) => {
    failure ??= error;
  });
  worker.on('exit', () => {
    failure ??= new Error('the thread ended');
  });
  return {
    carryOut: (task) =>
      new Promise((resolve, reject) => {
        if (failure !== undefined) {
          reject(failure);
          return;
        }
        const settle = (): void => {
          worker.off('message', answered);
          worker.off('exit', ended);
        };
        const answered = (numbers: Float64Array): void => {
          settle();
          resolve(numbers);
        };
        const ended = (): void => {
          settle();
          reject(failure ?? new Error('the thread ended'));
        };
        worker.on('message', answered);
        worker.on('exit', ended); // comes behind `error`, which says why
        worker.postMessage(task);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}

function callingThread(memory: MatchMemory): MatchThread {
  const carryOut = matchTasks(memory);
  return {
    carryOut: async (task) => {
      await setImmediate(); // between two tasks others have their turn, an abort for example
      return carryOut(task);
    },
    close: () => Promise.resolve(),
  };
}
