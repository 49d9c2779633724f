/**
 * Everything that was found out about one pair of programs.
 *
 * @module
 */
import { stat } from 'node:fs/promises';
import { BASELINES, type FilePair } from './baseline.ts';
import { measureBaseline } from './baseline-sizes.ts';
import { runDelta, type DeltaFigures } from './delta-run.ts';
import { attempt, type NotMeasured, type Outcome } from './outcome.ts';
import { diffPair, type DiffFigures } from './program-diff.ts';

export interface PairResult {
  readonly name: string;
  /** `@esbuild/linux-x64 0.28.1 → 0.28.2, Go` */
  readonly title: string;
  readonly oldBytes: number;
  readonly newBytes: number;
  readonly diff: DiffFigures | NotMeasured;
  readonly delta: DeltaFigures | NotMeasured;
  /** By the name of the tool. */
  readonly baselines: ReadonlyMap<string, Outcome>;
}

export interface MeasurePair {
  readonly name: string;
  readonly title: string;
  readonly files: FilePair;
  /** Folder that keeps what is the same in every run. */
  readonly cache: string;
  /** Run every tool, although its size is known. */
  readonly isFresh: boolean;
  /** Run bsdiff in any case: ours is compared with its time. */
  readonly timesBsdiff: boolean;
}

export async function measurePair({
  name,
  title,
  files,
  cache,
  isFresh,
  timesBsdiff,
}: MeasurePair): Promise<PairResult> {
  console.error(title);
  const diff = await attempt(() => diffPair(files));
  const delta = await attempt(() => runDelta(files));
  const baselines = new Map<string, Outcome>();
  for (const baseline of BASELINES) {
    console.error(`  ${baseline.name}`);
    const outcome = await measureBaseline(baseline, {
      pair: files,
      cache,
      isFresh: isFresh || (timesBsdiff && baseline.name === 'bsdiff'),
    });
    baselines.set(baseline.name, outcome);
  }
  const [oldBytes, newBytes] = [(await stat(files.oldPath)).size, (await stat(files.newPath)).size];
  return { name, title, oldBytes, newBytes, diff, delta, baselines };
}
