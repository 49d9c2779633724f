/**
 * What `peerpatch diff` says of two programs: the compiled command, in a process of its own.
 *
 * @module
 */
import { join } from 'node:path';
import type { FilePair } from './baseline.ts';
import { measureCommand } from './measured-command.ts';
import type { Measured } from './outcome.ts';

const CLI = join(import.meta.dirname, '../../dist/cli/main.js');

/** Of the command's JSON what the benchmark reads. */
interface DiffLine {
  readonly bytes: number;
  readonly plan: string;
  readonly delta?: { readonly bytes: number };
  readonly chunks: { readonly bytes: number };
  readonly whole: { readonly bytes: number };
}

export interface DiffFigures extends Measured {
  /** The cheapest: `delta`, `chunks`, `whole` or `none`. */
  readonly plan: string;
  readonly chunksBytes: number;
  readonly wholeBytes: number;
}

/** @throws Error when the command fails or says something else */
export async function diffPair({ oldPath, newPath }: FilePair): Promise<DiffFigures> {
  const { stdout, wallMs, peakBytes } = await measureCommand(process.execPath, [
    CLI,
    'diff',
    oldPath,
    newPath,
    '--json',
  ]);
  const line = JSON.parse(stdout) as DiffLine;
  const figures = [line.bytes, line.chunks.bytes, line.whole.bytes];
  if (!figures.every(Number.isSafeInteger)) throw new Error(`peerpatch diff gave no figures: ${stdout.slice(0, 200)}`);
  return {
    bytes: line.bytes,
    plan: line.plan,
    chunksBytes: line.chunks.bytes,
    wholeBytes: line.whole.bytes,
    cost: { wallMs, peakBytes },
  };
}
