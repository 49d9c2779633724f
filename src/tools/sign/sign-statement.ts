/**
 * Decides what the statement of a program says: name, version and sequence number, each above what was signed before.
 *
 * @module
 */
import { dirname } from 'node:path';
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { contradicts } from '../../core/install/machine-fit.ts';
import type { OwnerKey } from '../../core/keys/owner-key.ts';
import { formatVersion } from '../../core/release/version.ts';
import { decodeReleaseBlock } from '../../core/stamp/block.ts';
import type { StampedDigest } from '../../core/stamp/measure.ts';
import { decodeRegion } from '../../core/stamp/region.ts';
import { compareAppVersions, parseAppVersion, regionVersion } from '../../core/statement/app-version.ts';
import {
  formatName,
  readOwnStatement,
  type SignedStatement,
  type Statement,
  type StatementName,
} from '../../core/statement/statement.ts';
import { packageName } from '../../io/build/package-name.ts';
import type { PreviousProgram } from './previous-program.ts';
import { invalid, type SignProgramOptions } from './sign-options.ts';
import { checkName } from '../statement-name.ts';

/** What is known when deltas are still to be made. */
export interface StatementDraft {
  readonly statement: Statement;
  readonly seq: bigint;
}

export interface DraftParts {
  readonly options: SignProgramOptions;
  /** Real path. */
  readonly path: string;
  readonly measured: StampedDigest;
  readonly stampOffset: number;
  /** Manifest root of the canonical image. */
  readonly root: Uint8Array;
  readonly previous: readonly PreviousProgram[];
  readonly nowSeconds: number;
}

/** @throws PeerpatchError OPTION_INVALID, VERSION_MALFORMED, RELEASE_NOT_NEWER, and what `findPublished` throws */
export async function draftStatement(parts: DraftParts): Promise<StatementDraft> {
  const { options, measured, stampOffset, root, previous, nowSeconds } = parts;
  const own = lastStatement(measured, options.key);
  const name = await chooseName(parts, own);
  const version = options.appVersion ?? programVersion(measured, own);
  const { lowestVersion, expiresAt, rollout, notesUrl } = options;
  if (lowestVersion !== undefined && compareAppVersions(lowestVersion, version) >= 0) {
    throw invalid(`the lowest version that may jump to ${version} cannot be ${lowestVersion}`);
  }
  const stated = previous.map(({ statement }) => statement);
  const mirrors = new Set([own, ...stated].flatMap((statement) => statement?.mirrors ?? []));
  const published = await options.findPublished?.(name, [...mirrors]);
  const before = [...stated, published].filter(
    (statement) => statement !== undefined && formatName(statement) === formatName(name),
  ) as SignedStatement[];
  for (const statement of before) {
    // What is on the network may be this very program, signed again with other mirrors or a longer life.
    const again = statement === published && statement.version === version && equalBytes(statement.root, root);
    if (!again && compareAppVersions(version, statement.version) <= 0) {
      throw notNewer(`version ${version} is not above ${statement.version}, which was released as ${formatName(name)}`);
    }
  }
  const isSame = own !== undefined && formatName(own) === formatName(name);
  const seq = chooseSeq(options.seq, nowSeconds, isSame ? [...before, own] : before);
  const statement: Statement = {
    ...name,
    version,
    sizeBytes: measured.fileBytes,
    stampOffset,
    root,
    chunking: 1,
    issuedAt: nowSeconds,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(lowestVersion !== undefined && { lowestVersion }),
    isCritical: options.isCritical ?? false,
    ...(rollout !== undefined && { rollout }),
    deltas: [],
    mirrors: options.mirrors ?? [],
    ...(notesUrl !== undefined && { notesUrl }),
    speaksV0: options.speaksV0 ?? false,
  };
  return { statement, seq };
}

/** The version a program without a statement of this owner was built as, or the last statement's. */
export function programVersion(measured: StampedDigest, own: SignedStatement | undefined): string {
  const { versionText } = decodeRegion(measured.region);
  // A signed region has lost the suffix of a pre-release.
  const isOwn = own !== undefined && formatVersion(regionVersion(own.version)) === versionText;
  return parseAppVersion(isOwn ? own.version : versionText);
}

async function chooseName(
  { options, path, measured, previous }: DraftParts,
  own: SignedStatement | undefined,
): Promise<StatementName> {
  const app =
    options.app ??
    own?.app ??
    previous.find(({ statement }) => statement !== undefined)?.statement?.app ??
    (await packageName(dirname(path))) ??
    (await packageName(process.cwd()));
  if (app === undefined) throw invalid('no package.json names the app of this program: give --app');
  const target = options.target ?? targetOf(measured.format);
  if (target === undefined) {
    throw invalid('the header of this program does not tell its target: give --target, "linux-x64" for example');
  }
  if (contradicts(target, measured.format)) {
    throw invalid(
      `this program is ${String(measured.format)}, none for ${target}: sign the one built for it, or leave --target away`,
    );
  }
  const name = { app, target, channel: options.channel ?? 'stable' };
  checkName(name);
  return name;
}

const SYSTEMS: Readonly<Record<string, string>> = { elf: 'linux', macho: 'darwin', pe: 'win32' };

function targetOf(format: string | undefined): string | undefined {
  const [container = '', machine] = format?.split('-') ?? [];
  const system = SYSTEMS[container];
  return system === undefined || machine === undefined ? undefined : `${system}-${machine}`;
}

const NOT_OURS = [
  'STATEMENT_MALFORMED',
  'STATEMENT_BAD_SIGNATURE',
  'STATEMENT_UNSUPPORTED',
  'STATEMENT_WRONG_NAME',
] as const;

/** What this owner signed into the program before. A statement of somebody else, or a damaged one, is written over. */
export function lastStatement({ block }: StampedDigest, key: OwnerKey): SignedStatement | undefined {
  try {
    const item = block && decodeReleaseBlock(block);
    return item && readOwnStatement(key.publicKey, item);
  } catch (error) {
    if (isPeerpatchError(error, 'STAMP_MALFORMED', ...NOT_OURS)) return undefined;
    throw error;
  }
}

function chooseSeq(wanted: bigint | undefined, nowSeconds: number, before: readonly SignedStatement[]): bigint {
  const highest = before.reduce((most, { seq }) => (seq > most ? seq : most), -1n);
  const now = BigInt(nowSeconds);
  if (wanted === undefined) return now > highest ? now : highest + 1n;
  if (wanted > highest) return wanted;
  throw notNewer(`sequence number ${wanted.toString()} is not above ${highest.toString()}, which was released`);
}

function notNewer(reason: string): PeerpatchError {
  return new PeerpatchError('RELEASE_NOT_NEWER', `cannot sign: ${reason}`);
}
