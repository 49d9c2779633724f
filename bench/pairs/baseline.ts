/**
 * The tools whose results are compared with: how each is called, and what counts as the bytes it would send.
 *
 * @module
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { measureCommand } from './measured-command.ts';
import type { Measured } from './outcome.ts';

export interface FilePair {
  readonly oldPath: string;
  readonly newPath: string;
}

export interface BaselineRun extends FilePair {
  /** Path of the tool. */
  readonly tool: string;
  /** Empty folder for what it writes. */
  readonly folder: string;
}

export interface Baseline {
  readonly name: string;
  readonly debianPackage: string;
  /** Everything besides the files that decides the result; stands in results.md. */
  readonly flags: string;
  readonly measure: (run: BaselineRun) => Promise<Measured>;
}

/** xdelta3 looks this far back; by default 64 MiB, which would miss most of a large program. */
const XDELTA_WINDOW_BYTES: number = 512 * 1024 * 1024;
const CASYNC_AVERAGE_BYTES = 32_768;

export const BASELINES: readonly Baseline[] = [
  {
    name: 'xdelta3',
    debianPackage: 'xdelta3',
    flags: `-9 -e -A -B ${XDELTA_WINDOW_BYTES} -s`,
    measure: ({ tool, folder, oldPath, newPath }) => {
      const out = join(folder, 'delta');
      // -A: without the names of the files, which would count as bytes.
      return oneFile(tool, ['-9', '-e', '-A', '-B', String(XDELTA_WINDOW_BYTES), '-s', oldPath, newPath, out], out);
    },
  },
  {
    name: 'zstd',
    debianPackage: 'zstd',
    flags: '-9 --long=31 --patch-from',
    measure: ({ tool, folder, oldPath, newPath }) => {
      const out = join(folder, 'delta');
      return oneFile(tool, ['-9', '--long=31', '-q', `--patch-from=${oldPath}`, newPath, '-o', out], out);
    },
  },
  { name: 'casync', debianPackage: 'casync', flags: `--chunk-size=${CASYNC_AVERAGE_BYTES}`, measure: newChunks },
  {
    name: 'bsdiff',
    debianPackage: 'bsdiff',
    flags: '',
    measure: ({ tool, folder, oldPath, newPath }) => {
      const out = join(folder, 'delta');
      return oneFile(tool, [oldPath, newPath, out], out);
    },
  },
];

async function oneFile(tool: string, args: readonly string[], out: string): Promise<Measured> {
  const { wallMs, peakBytes } = await measureCommand(tool, args);
  return { bytes: (await stat(out)).size, cost: { wallMs, peakBytes } };
}

/** The chunks that the new program adds to a store of the old one, compressed as they lie there; its index is not counted. */
async function newChunks({ tool, folder, oldPath, newPath }: BaselineRun): Promise<Measured> {
  const store = join(folder, 'chunks.castr');
  const make = (path: string, index: string): ReturnType<typeof measureCommand> =>
    measureCommand(tool, [
      'make',
      `--store=${store}`,
      `--chunk-size=${CASYNC_AVERAGE_BYTES}`,
      join(folder, `${index}.caibx`),
      path,
    ]);
  await make(oldPath, 'old');
  const before = await storeBytes(store);
  const { wallMs, peakBytes } = await make(newPath, 'new');
  return { bytes: (await storeBytes(store)) - before, cost: { wallMs, peakBytes } };
}

async function storeBytes(store: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(store, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
