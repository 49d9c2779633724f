/**
 * What the demo proves: compares each updated copy with how it was started.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { programName } from '../test/support/program-name.ts';
import type { Copy } from './copy.ts';

/** A copy and how it was started. */
export interface Expectation {
  readonly copy: Copy;
  readonly path: string;
  readonly home: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly oldProgram: string;
  readonly newProgram: string;
  readonly version: string;
  /** Whether the runtime can replace a process and keep its id. */
  readonly keepsPid: boolean;
}

/** What an update leaves: the program, and the folder with what brings the one before it back. */
export const PROGRAM: string = programName('hello');
const INSTALL_FOLDER = `.${PROGRAM}.peerpatch`;

/** One sentence for each thing that is not as it should be. */
export async function deviationsOf(copies: readonly Expectation[], outcome: Outcome): Promise<string[]> {
  const wanted = { now: await fileHash(outcome.newProgram), kept: [await fileHash(outcome.oldProgram)] };
  const found = await Promise.all(copies.map((copy) => deviationsOfCopy(copy, outcome, wanted)));
  return found.flat();
}

/** A few lines changed: what crosses the wire is a delta of some kilobytes. */
const MAX_RECEIVED_BYTES = 64 * 1024;

/** Hashes of the program, and of those that could come back. */
interface Programs {
  readonly now: string;
  readonly kept: readonly string[];
}

async function deviationsOfCopy(expected: Expectation, outcome: Outcome, wanted: Programs): Promise<string[]> {
  const { copy, path, home, args, env } = expected;
  const last = copy.starts.at(-1);
  const facts: [holds: boolean, sentence: string][] = [
    [copy.starts.length === 2, `was started ${String(copy.starts.length)} times, not twice`],
    [!copy.exited, 'has ended'],
    [copy.errors === '', `wrote to stderr: ${copy.errors.trim()}`],
    [last?.version === outcome.version, `runs ${last?.version ?? 'nothing'}, not ${outcome.version}`],
    [last?.state === 'running', `its updater is ${last?.state ?? 'gone'}`],
    [same(last?.args, args), `arguments are ${JSON.stringify(last?.args)}, were ${JSON.stringify(args)}`],
    [last?.tag === env['HELLO_TAG'], `environment is ${last?.tag ?? 'gone'}, was ${env['HELLO_TAG'] ?? ''}`],
    [last?.cwd === (await realpath(home)), `working directory is ${last?.cwd ?? 'gone'}`],
    [!outcome.keepsPid || last?.pid === copy.pid, `process ${String(copy.pid)} became ${String(last?.pid)}`],
    [same(copy.ways, ['delta']), `was updated by ${copy.ways.join(', then ') || 'nothing'}, not by a delta`],
    [isSmall(copy.receivedBytes), `received ${String(copy.receivedBytes)} bytes for a change of a few lines`],
    [(await fileHash(path)) === wanted.now, 'its program file is not the new release'],
    [same(await keptBy(home), wanted.kept), 'does not keep the old release beside it'],
    [
      same((await readdir(home)).sort(), [INSTALL_FOLDER, PROGRAM]),
      `left files behind: ${(await readdir(home)).join(', ')}`,
    ],
  ];
  return facts.filter(([holds]) => !holds).map(([, sentence]) => `${copy.name}: ${sentence}`);
}

function isSmall(bytes: number): boolean {
  return bytes > 0 && bytes < MAX_RECEIVED_BYTES;
}

async function keptBy(home: string): Promise<string[]> {
  const previous = join(home, INSTALL_FOLDER, 'previous');
  const names = await readdir(previous).catch(() => []); // no folder: nothing is kept
  return Promise.all(names.map((name) => fileHash(join(previous, name))));
}

async function fileHash(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
