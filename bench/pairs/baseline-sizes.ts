/**
 * Sizes that the compared tools reached before: the same tool makes the same bytes of the same files, and one of them
 * needs a quarter of an hour for a large pair. Times are not kept.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { tmpdir } from 'node:os';
import type { Baseline, FilePair } from './baseline.ts';
import { attempt, type Measured, type Outcome } from './outcome.ts';
import { findTool } from './tool.ts';

export interface MeasureBaseline {
  readonly pair: FilePair;
  /** Folder the sizes are kept in. */
  readonly cache: string;
  /** Run it although its size is known: its time is wanted. */
  readonly isFresh: boolean;
}

/** Runs the tool, or gives the size it reached before. */
export async function measureBaseline(baseline: Baseline, options: MeasureBaseline): Promise<Outcome> {
  const { pair, cache, isFresh } = options;
  const tool = await findTool(baseline.name);
  if (tool === undefined) {
    return { reason: `not installed (apt-get install ${baseline.debianPackage})` };
  }
  const [oldHash, newHash] = [await fileHash(pair.oldPath), await fileHash(pair.newPath)];
  const key = [baseline.name, baseline.flags, tool.hash, oldHash, newHash].join(' ');
  const sizes = join(cache, 'baseline-sizes.json');
  const known = (await readSizes(sizes))[key];
  if (known !== undefined && !isFresh) return { bytes: known, cost: undefined };

  const folder = await mkdtemp(join(tmpdir(), 'peerpatch-bench-'));
  try {
    const outcome = await attempt(() => baseline.measure({ ...pair, tool: tool.path, folder }));
    if ('bytes' in outcome) await keepSize(sizes, key, outcome);
    return outcome;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** SHA-256 in hex. */
export async function fileHash(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function keepSize(path: string, key: string, { bytes }: Measured): Promise<void> {
  const sizes = { ...(await readSizes(path)), [key]: bytes };
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${JSON.stringify(sizes, undefined, 2)}\n`);
  await rename(`${path}.new`, path);
}

async function readSizes(path: string): Promise<Readonly<Record<string, number>>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '{}';
    throw error;
  });
  return JSON.parse(text) as Readonly<Record<string, number>>;
}
