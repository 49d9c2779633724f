/**
 * Makes the delta of a pair and applies it, each in a process of its own, and checks that the new program comes out.
 *
 * @module
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { MadeDelta, MakeDeltaOptions } from '../../src/tools/make-delta.ts';
import type { AppliedDelta, ApplyOrder } from './apply-worker.ts';
import { fileHash } from './baseline-sizes.ts';
import type { FilePair } from './baseline.ts';
import { measureCommand } from './measured-command.ts';
import { attempt, type Measured, type NotMeasured } from './outcome.ts';

const COMPILED = pathToFileURL(join(import.meta.dirname, '../../dist/tools/make-delta.js')).href;
/** The compiled code alone: what runs the benchmark's own TypeScript would count as memory. */
const MAKE_SCRIPT = `
import { makeDelta } from ${JSON.stringify(COMPILED)};
console.log(JSON.stringify(await makeDelta(JSON.parse(process.argv[2]))));
`;

export interface DeltaFigures {
  /** The file itself, without the page that names its chunks. */
  readonly made: Measured;
  readonly applied: AppliedDelta | NotMeasured;
}

/** @throws Error when it cannot be made */
export async function runDelta({ oldPath, newPath }: FilePair): Promise<DeltaFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  try {
    const script = join(folder, 'make.mjs');
    await writeFile(script, MAKE_SCRIPT);
    const deltaPath = join(folder, 'delta');
    const options: MakeDeltaOptions = { basePath: oldPath, resultPath: newPath, out: deltaPath };
    const { stdout, wallMs, peakBytes } = await measureCommand(process.execPath, [script, JSON.stringify(options)]);
    const { sizeBytes } = JSON.parse(stdout) as MadeDelta;

    const order = { oldPath, newPath, deltaPath, resultPath: join(folder, 'result') };
    const applied = await attempt(() => applyChecked(order));
    return { made: { bytes: sizeBytes, cost: { wallMs, peakBytes } }, applied };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function applyChecked(order: ApplyOrder): Promise<AppliedDelta> {
  const applied = await applyInProcess(order);
  const [made, wanted] = [await fileHash(order.resultPath), await fileHash(order.newPath)];
  if (made !== wanted) throw new Error('the delta makes another program than it was made for');
  return applied;
}

async function applyInProcess(order: ApplyOrder): Promise<AppliedDelta> {
  const child = fork(new URL('./apply-worker.ts', import.meta.url));
  try {
    const failed = once(child, 'exit').then(() => {
      throw new Error('the process that applies the delta ended without a result: its error stands above');
    });
    child.send(order);
    const [applied] = (await Promise.race([once(child, 'message'), failed])) as [AppliedDelta];
    return applied;
  } finally {
    child.kill();
  }
}
