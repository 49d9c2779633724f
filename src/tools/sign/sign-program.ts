/**
 * Signs a program: writes the owner's word about its bytes and version into its release block and region.
 *
 * Works on a copy beside the program. What is hashed is compared with what the copy holds, piece by piece, and the result passes
 * the same checks as any peer's; only then it takes the program's place. A stop at any moment leaves the program as it was.
 *
 * Order: canonical image, its root, deltas, statement, release block; then the hash over everything but the region, and the
 * region; last the page hashes of an ad hoc code signature. Spec: docs/spec/11-statement.md, docs/spec/18-code-signature.md.
 *
 * @module
 */
import { measureImage } from '../../agent/measure-image.ts';
import { measureProgram } from '../../agent/read-release.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { createSignatureWatch } from '../../core/codesign/watch.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { formatPublicKey } from '../../core/keys/public-key.ts';
import { checkReleaseBytes } from '../../core/release/accept.ts';
import { checkFitsRegion, encodeReleaseRegion } from '../../core/release/region.ts';
import { signRelease, verifyRelease, type Release } from '../../core/release/release.ts';
import { formatVersion, parseVersion, type Version } from '../../core/release/version.ts';
import { encodeReleaseBlock, type SignedItem } from '../../core/stamp/block.ts';
import { createMeasure, type StampedDigest } from '../../core/stamp/measure.ts';
import { checkStatement } from '../../core/statement/accept.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import { encodeStatement } from '../../core/statement/dictionary.ts';
import { signStatement, type SignedStatement, type StatementDelta } from '../../core/statement/statement.ts';
import { openProgram } from '../../io/files/open-program.ts';
import { checkRewrite } from '../../io/install/preconditions/check-install.ts';
import { stageReplacement } from '../../io/install/program-file.ts';
import type { StagedFile } from '../../io/install/staged-file.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { withAdHocSignature, type ReadableProgram } from './ad-hoc-program.ts';
import { readPrevious } from './previous-program.ts';
import { makeProgramDeltas, sweepProgramDeltas, type ProgramDelta, type ProgramDeltas } from './program-deltas.ts';
import { checkSignOptions, checkWithoutStatement, type SignProgramOptions, type SignStep } from './sign-options.ts';
import { readSigned, renewSignature, type CopiedSignature } from './sign-pages.ts';
import { draftStatement, lastStatement, programVersion } from './sign-statement.ts';

export interface SignedProgram {
  /** Real path. */
  readonly path: string;
  readonly version: string;
  readonly release: Release;
  /** Undefined for a program that was signed without one. */
  readonly statement: SignedStatement | undefined;
  readonly deltas: readonly ProgramDelta[];
  /** z-base-32: programs with another key in their code will refuse this release. */
  readonly publicKey: string;
  /** What the owner should know, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * @throws PeerpatchError OPTION_INVALID, PROGRAM_UNREADABLE, STAMP_MISSING, STAMP_MALFORMED, VERSION_MALFORMED,
 *   RELEASE_NOT_NEWER, STATEMENT_MALFORMED when all fields together are too long, CODE_SIGNATURE_INVALID for a program that needs
 *   a code signature and has none, INSTALL_NOT_WRITABLE, INSTALL_NO_SPACE, INSTALL_FAILED, CANCELLED; for a previous program also
 *   what `readRelease` throws
 */
export async function signProgram(options: SignProgramOptions): Promise<SignedProgram> {
  const nowSeconds = options.issuedAt ?? Math.floor(Date.now() / 1000);
  checkSignOptions(options, nowSeconds);
  const opened = await openProgram(options.program);
  try {
    const program = options.adHoc === true ? await withAdHocSignature(opened, options.app) : opened;
    await checkRewrite(program.path, { sizeBytes: program.sizeBytes });
    const staged = await stageReplacement(program.path, program.sizeBytes);
    try {
      return await signCopy({ program, staged, options, nowSeconds });
    } finally {
      await staged.discard();
    }
  } finally {
    await opened.close();
  }
}

interface Signing {
  readonly program: ReadableProgram;
  readonly staged: StagedFile;
  readonly options: SignProgramOptions;
  readonly nowSeconds: number;
}

interface Stated {
  readonly statement: SignedStatement;
  /** Manifest root of the canonical image. */
  readonly root: Uint8Array;
  readonly deltas: ProgramDeltas;
}

async function signCopy(signing: Signing): Promise<SignedProgram> {
  const { program, staged, options } = signing;
  const { key } = options;
  const { measured: copied, signature } = await copyMeasured(signing);
  const without = reasonWithout(copied, signature, options);
  if (without !== undefined) checkWithoutStatement(options, without);
  const stated = without === undefined ? await state(signing, copied) : undefined;
  try {
    const version = stated === undefined ? plainVersion(copied, options) : regionVersion(stated.statement.version);
    const measured = await writeBlock(signing, copied, stated?.statement.item);
    const release = signRelease(key, version, measured);
    const region = encodeReleaseRegion(release);
    await staged.overwrite(region, measured.regionOffset);
    await checkCopy(staged, region, measured.regionOffset);
    const written = { ...measured, region };
    checkReleaseBytes(verifyRelease(key.publicKey, release), written);
    if (stated !== undefined) checkStatement(stated.statement, written, stated.root);
    if (signature === 'renewable') await writePageHashes(signing);
    await staged.publish();
    const unswept = await sweepProgramDeltas(program.path, stated?.statement.deltas ?? []);
    return {
      path: program.path,
      version: stated?.statement.version ?? formatVersion(release.version),
      release,
      statement: stated?.statement,
      deltas: stated?.deltas.made ?? [],
      publicKey: formatPublicKey(key.publicKey),
      warnings: [
        ...(signature === 'foreign' ? [`${program.path}: ${FOREIGN_REASON}`] : []),
        ...(unswept === undefined ? [] : [unswept]),
      ],
    };
  } catch (error) {
    await stated?.deltas.discard();
    throw error;
  }
}

const FOREIGN_REASON =
  'its code signature fits no more and cannot be made anew here: sign it with your certificate now, with "codesign --force". ' +
  'It carries no statement, whose bytes that would change. For one, sign with --ad-hoc, which replaces the code signature';

/** Why a program gets no statement; undefined when it does. */
function reasonWithout(
  measured: StampedDigest,
  signature: CopiedSignature,
  { v0Only }: SignProgramOptions,
): string | undefined {
  if (v0Only === true) return 'with --v0-only';
  if (measured.stampOffset === undefined) return 'into a program without a release block';
  return signature === 'foreign' ? 'into a program with a code signature that is not ad hoc' : undefined;
}

function plainVersion(measured: StampedDigest, { appVersion, key }: SignProgramOptions): Version {
  const version = parseVersion(appVersion ?? programVersion(measured, lastStatement(measured, key)));
  checkFitsRegion(version);
  return version;
}

/** Everything up to the signature of the statement. The copy is complete and its stamp does not matter. */
async function state(signing: Signing, measured: StampedDigest): Promise<Stated> {
  const { program, staged, options } = signing;
  const { key, signal } = options;
  const { stampOffset = 0, fileBytes: sizeBytes } = measured;
  const progress = progressOf(signing);
  const { root } = await ofCopy(staged, (copy) =>
    measureImage(copy, stampOffset, { signal, onProgress: progress('image') }),
  );
  const previous = [];
  for (const path of options.previous ?? []) previous.push(await readPrevious(path, key.publicKey, signal));
  const draft = await draftStatement({ ...signing, path: program.path, measured, stampOffset, root, previous });
  // Whether there is room for deltas is told before minutes are spent on them.
  encodeStatement({ ...draft.statement, deltas: previous.map(emptyDelta) });
  const deltas = await makeProgramDeltas({
    path: program.path,
    imagePath: staged.path,
    stampOffset,
    sizeBytes,
    root,
    previous,
    onProgress: (share) => {
      progress('delta')(Math.round(share * sizeBytes), sizeBytes);
    },
    signal,
  });
  const listed = deltas.made.flatMap((delta) => (delta.listed === undefined ? [] : [delta.listed.delta]));
  return { statement: signStatement(key, { ...draft.statement, deltas: listed }, draft.seq), root, deltas };
}

/** As long as a real one, and different from all others. */
function emptyDelta(_previous: unknown, index: number): StatementDelta {
  return { fromRoot: new Uint8Array(32).fill(index), sizeBytes: 1, root: new Uint8Array(32) };
}

/** Puts the statement into the copy, or zeros. @returns what the copy measures then */
async function writeBlock(
  signing: Signing,
  copied: StampedDigest,
  item: SignedItem | undefined,
): Promise<StampedDigest> {
  const { staged, options } = signing;
  const { stampOffset } = copied;
  const block = encodeReleaseBlock(item);
  if (copied.block === undefined || stampOffset === undefined || equalBytes(copied.block, block)) return copied;
  await staged.overwrite(block, stampOffset);
  const onProgress = progressOf(signing)('sign');
  const { path } = signing.program; // the copy's means nothing to anybody
  return await ofCopy(staged, (copy) => measureProgram({ ...copy, path }, { onProgress, signal: options.signal }));
}

async function ofCopy<T>(staged: StagedFile, work: (copy: OpenProgram) => Promise<T>): Promise<T> {
  const copy = await openProgram(staged.path);
  try {
    return await work(copy);
  } finally {
    await copy.close();
  }
}

function progressOf({ options }: Signing): (step: SignStep) => (doneBytes: number, totalBytes: number) => void {
  return (step) => (doneBytes, totalBytes) => options.onProgress?.(doneBytes, totalBytes, step);
}

/** The stamp is in: every page is as it stays. */
async function writePageHashes({ staged, options }: Signing): Promise<void> {
  const hashes = await ofCopy(staged, (copy) => renewSignature(copy, options.signal));
  await staged.overwrite(hashes.bytes, hashes.offset);
  await checkCopy(staged, hashes.bytes, hashes.offset);
}

interface Copied {
  readonly measured: StampedDigest;
  readonly signature: CopiedSignature;
}

/** Reads the program once: each piece is measured, copied, and read back. The disk works while this thread hashes. */
async function copyMeasured(signing: Signing): Promise<Copied> {
  const { program, staged, options } = signing;
  const onProgress = progressOf(signing)('copy');
  const measure = createMeasure();
  const signature = createSignatureWatch();
  let doneBytes = 0;
  for await (const piece of program.read()) {
    if (options.signal?.aborted === true)
      throw new PeerpatchError('CANCELLED', 'signing was stopped: the program is as it was');
    const half = piece.length >> 1;
    await besides(staged.write(piece), () => {
      measure.update(piece.subarray(0, half));
      signature.update(piece);
    });
    await besides(checkCopy(staged, piece, doneBytes), () => {
      measure.update(piece.subarray(half));
    });
    doneBytes += piece.length;
    onProgress(doneBytes, program.sizeBytes);
  }
  const measured = measure.finish();
  return { measured, signature: readSigned(signature, measured) };
}

/** Does `work` while `pending`, begun before, goes on; fails with whichever fails first. */
async function besides(pending: Promise<void>, work: () => void): Promise<void> {
  const working = new Promise<void>((resolve) => {
    work(); // a failure in here rejects
    resolve();
  });
  await Promise.all([pending, working]);
}

async function checkCopy(staged: StagedFile, bytes: Uint8Array, offset: number): Promise<void> {
  if (await staged.holds(bytes, offset)) return;
  throw new PeerpatchError(
    'INSTALL_FAILED',
    `${staged.path} does not hold what was written: check the disk; the program is as it was`,
  );
}
