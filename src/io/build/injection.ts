/**
 * Makes the Node binary and the program one file: Node's own format of single executables.
 *
 * First Node packs code and assets into a blob, then postject puts the blob into the binary: a note in ELF, a segment in
 * Mach-O, a resource in PE. postject is seconds of uninterrupted computation, so it gets a thread.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import { runCommand } from '../process/command.ts';
import { seaFuse } from './node-binary.ts';

export interface BlobOptions {
  /** Path of a Node binary that runs here, of the version that will carry the blob: the format is the version's. */
  readonly node: string;
  /** Where the blob and its configuration are written. */
  readonly folder: string;
  /** Path of the code. */
  readonly main: string;
  /** Asset name to path. */
  readonly assets: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** @returns the blob's path. @throws PeerpatchError BUILD_FAILED */
export async function makeBlob({ node, folder, main, assets, signal }: BlobOptions): Promise<string> {
  const config = join(folder, 'sea-config.json');
  const output = join(folder, 'program.blob');
  // No snapshot: it excludes worker threads. No code cache: it ties the blob to one processor and version.
  const settings = { disableExperimentalSEAWarning: true, useSnapshot: false, useCodeCache: false };
  // The path of the code stands in the blob: relative, it neither tells where the build ran nor makes builds differ.
  await writeFile(config, JSON.stringify({ main: relative(folder, main), output, assets, ...settings }));
  try {
    await runCommand(node, ['--experimental-sea-config', config], {
      env: { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'] },
      cwd: folder,
      timeoutMs: MINUTE_MS,
      signal,
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new PeerpatchError('BUILD_FAILED', `${node} could not pack the program: ${(cause as Error).message}`, {
      cause,
    });
  }
  return output;
}

/** Plain script: it runs as it is, whether this file is TypeScript or compiled. */
const INJECT_SCRIPT = `
  const { readFileSync } = require('node:fs');
  const { parentPort, workerData: { postject, file, blob, options } } = require('node:worker_threads');
  require(postject).inject(file, 'NODE_SEA_BLOB', readFileSync(blob), options).then(
    () => parentPort.postMessage('done'),
    (error) => parentPort.postMessage(String(error.message)),
  );`;

/** Puts the blob into `file`, a copy of the Node binary. @throws PeerpatchError BUILD_FAILED */
export async function injectBlob(file: string, blob: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  const postject = createRequire(import.meta.url).resolve('postject');
  const options = { sentinelFuse: seaFuse(), machoSegmentName: 'NODE_SEA' };
  // Its output is warnings about sections that every Node binary has.
  const worker = new Worker(INJECT_SCRIPT, {
    eval: true,
    execArgv: [],
    stdout: true,
    stderr: true,
    workerData: { postject, file, blob, options },
  });
  let abort: (() => void) | undefined;
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => {
        reject(new Error('postject ended without a result'));
      });
      abort = () => {
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
    if (answer !== 'done') throw new Error(answer);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new PeerpatchError('BUILD_FAILED', `the program could not be put into ${file}: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    if (abort !== undefined) signal?.removeEventListener('abort', abort);
    await worker.terminate();
  }
}
