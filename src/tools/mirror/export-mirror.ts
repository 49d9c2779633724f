/**
 * Writes programs into the folder of a mirror: objects first, statements last, so that the folder may be served all the time.
 * Spec: docs/spec/15-mirror.md.
 *
 * Adds and never removes. Nothing is written before every program has been verified.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { parsePublicKey, type PublicKey } from '../../core/keys/public-key.ts';
import { formatName } from '../../core/statement/statement.ts';
import { openMirrorFolder } from '../../io/mirror/mirror-folder.ts';
import { mirrorPaths } from '../../io/mirror/mirror-path.ts';
import { brotli } from '../../io/system/brotli.ts';
import { exportContent, type ContentExport, type ExportTally } from './export-content.ts';
import { exportDelta } from './export-delta.ts';
import { putRelease, type ExportedStatement } from './export-statement.ts';
import { canonicalImage, openStatedProgram, type StatedProgram } from './stated-program.ts';

export interface ExportMirrorOptions {
  /** Paths of signed programs of one owner, for any targets and channels, in any order. */
  readonly programs: readonly string[];
  /** The owner's, z-base-32. */
  readonly publicKey: string;
  /** The folder to serve. Made when it is not there. */
  readonly outFolder: string;
  /** Of the compression, 0 to 11. Default 5: about 3.4 to 1 for a Node executable; 11 saves six percent of it and takes fifty times as long. */
  readonly quality?: number | undefined;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ExportedProgram {
  /** Real path. */
  readonly path: string;
  readonly app: string;
  readonly target: string;
  readonly channel: string;
  readonly version: string;
  readonly seq: bigint;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** Deltas that the statement lists, and how many of them are in the folder now. */
  readonly listedDeltas: number;
  readonly exportedDeltas: number;
  readonly statement: ExportedStatement;
}

export interface ExportedMirror extends Readonly<ExportTally> {
  /** Absolute. */
  readonly folder: string;
  readonly programs: readonly ExportedProgram[];
  /** Whole sentences: deltas that could not be exported, statements that were kept. */
  readonly warnings: readonly string[];
}

const DEFAULT_QUALITY = 5;

/**
 * @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID, MIRROR_UNWRITABLE, CANCELLED, STATEMENT_CONFLICT when another statement with
 *   the same sequence number is there, and as {@link openStatedProgram} for each program
 */
export async function exportMirror(options: ExportMirrorOptions): Promise<ExportedMirror> {
  const { outFolder, quality = DEFAULT_QUALITY, signal } = options;
  const owner = parsePublicKey(options.publicKey);
  if (!Number.isInteger(quality) || quality < 0 || quality > 11)
    throw new PeerpatchError(
      'OPTION_INVALID',
      `the quality of the compression is a number from 0 to 11, not ${quality}`,
    );
  if (options.programs.length === 0) throw new PeerpatchError('OPTION_INVALID', 'there is no program to export');

  const opened: StatedProgram[] = [];
  const progress = createProgress(options.onProgress);
  try {
    for (const path of options.programs) opened.push(await openOne(path, { owner, signal, progress }));
    const paths = mirrorPaths(owner);
    const folder = await openMirrorFolder(outFolder, paths.folder);
    try {
      const tally = { filesWritten: 0, bytesWritten: 0, filesRepaired: 0, filesReused: 0, bytesReused: 0 };
      const content: ContentExport = { folder, paths, compression: brotli, quality, tally, seen: new Set(), signal };
      return await exportAll(opened, content, progress);
    } finally {
      await folder.close();
    }
  } finally {
    await Promise.all(opened.map(({ program }) => program.close()));
  }
}

interface Progress {
  readonly expect: (bytes: number) => void;
  readonly done: (bytes: number) => void;
}

function createProgress(onProgress: ExportMirrorOptions['onProgress']): Progress {
  let [doneBytes, totalBytes] = [0, 0];
  return {
    expect: (bytes) => {
      totalBytes += bytes;
    },
    done: (bytes) => {
      doneBytes += bytes;
      onProgress?.(doneBytes, totalBytes);
    },
  };
}

interface OpenOneOptions {
  readonly owner: PublicKey;
  readonly signal: AbortSignal | undefined;
  readonly progress: Progress;
}

/** Each program is read three times: for the hash, for the manifest, for the objects. */
async function openOne(path: string, { owner, signal, progress }: OpenOneOptions): Promise<StatedProgram> {
  let readBytes = 0;
  const onProgress = (doneBytes: number, totalBytes: number): void => {
    if (readBytes === 0) progress.expect(totalBytes * 1.5);
    progress.done(doneBytes - readBytes);
    readBytes = doneBytes;
  };
  const opened = await openStatedProgram(path, { owner, signal, onProgress });
  for (const delta of opened.statement.deltas) progress.expect(2 * delta.sizeBytes);
  return opened;
}

async function exportAll(
  opened: readonly StatedProgram[],
  content: ContentExport,
  progress: Progress,
): Promise<ExportedMirror> {
  const { folder, tally } = content;
  const warnings: string[] = [];
  const exportedDeltas = new Map<StatedProgram, number>();
  for (const one of opened) {
    const { program, statement, manifest } = one;
    await exportContent(content, manifest, canonicalImage(program, statement.stampOffset), progress.done);
    let count = 0;
    for (const delta of statement.deltas) {
      const problem = await exportDelta(content, program.path, delta, progress.done);
      if (problem === undefined) count += 1;
      else warnings.push(problem);
    }
    exportedDeltas.set(one, count);
  }
  const results = new Map<StatedProgram, ExportedStatement>();
  // The newest first: of two releases under one name the older one then finds the newer one's statement.
  for (const one of [...opened].sort((a, b) => (a.statement.seq < b.statement.seq ? 1 : -1))) {
    const { statement, stamp } = one;
    const result = await putRelease(content, statement, stamp);
    results.set(one, result);
    if (result !== 'kept') continue;
    warnings.push(
      `a later release than ${statement.version} of ${formatName(statement)} is on the mirror: its statement stays`,
    );
  }
  await folder.sync();
  return {
    ...tally,
    folder: folder.path,
    warnings,
    programs: opened.map((one) => ({
      path: one.program.path,
      app: one.statement.app,
      target: one.statement.target,
      channel: one.statement.channel,
      version: one.statement.version,
      seq: one.statement.seq,
      root: one.statement.root,
      listedDeltas: one.statement.deltas.length,
      exportedDeltas: exportedDeltas.get(one) ?? 0,
      statement: results.get(one) ?? 'kept',
    })),
  };
}
