/**
 * What may be asked of signing a program, and what of it contradicts itself or the rest.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { MAX_STATEMENT_DELTAS, MAX_STATEMENT_MIRRORS } from '../../core/base/limits.ts';
import type { OwnerKey } from '../../core/keys/owner-key.ts';
import { MAX_STATEMENT_SEQ } from '../../core/stamp/block.ts';
import { parseAppVersion } from '../../core/statement/app-version.ts';
import type { Rollout, SignedStatement, StatementName } from '../../core/statement/statement.ts';
import { isStatementUrl } from '../../core/statement/fields.ts';
import { checkName } from '../statement-name.ts';

/** In this order; `delta` once for each previous program. Without a statement it is `copy` alone, or `copy` and `sign`. */
export const SIGN_STEPS = ['copy', 'image', 'delta', 'sign'] as const;
export type SignStep = (typeof SIGN_STEPS)[number];

export interface SignProgramOptions {
  readonly program: string;
  readonly key: OwnerKey;
  /** Semantic version, `1.2.0` or `1.2.0-beta.1`. Default: the one the program carries, which the build put there. */
  readonly appVersion?: string | undefined;
  /** Default: the app of the program's last statement, of the first previous program's, the nearest package's name. */
  readonly app?: string | undefined;
  /** `linux-x64`. Default: read from the program's own header. */
  readonly target?: string | undefined;
  /** Default `stable`. */
  readonly channel?: string | undefined;
  /** Paths of earlier releases: version and sequence number must be above theirs, and a delta is made from each. At most 8. */
  readonly previous?: readonly string[] | undefined;
  /** Unix time in seconds: from then on nobody takes it. */
  readonly expiresAt?: number | undefined;
  /** Programs below this version must not jump to it. */
  readonly lowestVersion?: string | undefined;
  readonly isCritical?: boolean | undefined;
  readonly rollout?: Rollout | undefined;
  /** At most 4 URLs of folders written by `exportMirror`. */
  readonly mirrors?: readonly string[] | undefined;
  readonly notesUrl?: string | undefined;
  /** Sequence number. Default: the time of issue in seconds, or one more than the highest known. */
  readonly seq?: bigint | undefined;
  /** Offers the release in the v0 profile, too: for copies and Rust programs that know nothing else. */
  readonly speaksV0?: boolean | undefined;
  /** Signs without a statement. The default for programs without a release block. */
  readonly v0Only?: boolean | undefined;
  /**
   * Gives a Mach-O program an ad hoc code signature in place of the one it has, or where it has none. It adds nothing to other
   * programs. Without it an ad hoc signature stays, and its page hashes are made anew.
   */
  readonly adHoc?: boolean | undefined;
  /** Unix time in seconds. Default: now. */
  readonly issuedAt?: number | undefined;
  /**
   * Looks for the newest statement under a name on the network: what is signed must be above it.
   *
   * @param mirrors URLs in the program's last statement and in those of the previous programs: there it may be found, too
   */
  readonly findPublished?:
    ((name: StatementName, mirrors: readonly string[]) => Promise<SignedStatement | undefined>) | undefined;
  readonly onProgress?: ((doneBytes: number, totalBytes: number, step: SignStep) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the owner must mean when nothing was said about a statement: these make no sense without one. */
const STATEMENT_OPTIONS = [
  'app',
  'target',
  'channel',
  'previous',
  'expiresAt',
  'lowestVersion',
  'isCritical',
  'rollout',
  'mirrors',
  'notesUrl',
  'seq',
  'speaksV0',
] as const satisfies readonly (keyof SignProgramOptions)[];

/**
 * Everything that can be judged before a byte of the program is read.
 *
 * @param nowSeconds the time of issue
 * @throws PeerpatchError OPTION_INVALID, VERSION_MALFORMED
 */
export function checkSignOptions(options: SignProgramOptions, nowSeconds: number): void {
  const { app, target, channel, previous = [], mirrors = [], notesUrl, rollout, expiresAt, seq } = options;
  if (options.appVersion !== undefined) parseAppVersion(options.appVersion);
  if (options.lowestVersion !== undefined) parseAppVersion(options.lowestVersion);
  checkName({ app, target, channel });
  if (previous.length > MAX_STATEMENT_DELTAS) throw invalid(`at most ${MAX_STATEMENT_DELTAS} previous programs`);
  if (mirrors.length > MAX_STATEMENT_MIRRORS) throw invalid(`at most ${MAX_STATEMENT_MIRRORS} mirrors`);
  for (const url of [...mirrors, ...(notesUrl === undefined ? [] : [notesUrl])]) {
    if (!isStatementUrl(url)) {
      throw invalid(`${url} cannot stand in a statement: http or https, at most 200 characters, no "@", "?" and "#"`);
    }
  }
  if (rollout !== undefined && !isRollout(rollout)) {
    throw invalid('a rollout is a whole percentage from 0 to 100, a start and a length in whole seconds');
  }
  if (expiresAt !== undefined && !(isSeconds(expiresAt) && expiresAt > nowSeconds)) {
    throw invalid('a statement expires at a time that is still to come');
  }
  if (seq !== undefined && (seq < 0n || seq > MAX_STATEMENT_SEQ)) throw invalid('a sequence number has 63 bits');
  if (options.v0Only === true) checkWithoutStatement(options, 'with --v0-only');
}

/** @throws PeerpatchError OPTION_INVALID when options are given that need a statement */
export function checkWithoutStatement(options: SignProgramOptions, why: string): void {
  const given = STATEMENT_OPTIONS.filter((name) => {
    const value = options[name];
    return value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0);
  });
  if (given.length > 0) throw invalid(`${given.join(', ')} cannot be signed ${why}: there is no statement to carry it`);
}

function isRollout({ percent, startsAt, rampSeconds }: Rollout): boolean {
  return [percent, startsAt, rampSeconds].every(isSeconds) && percent <= 100;
}

function isSeconds(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function invalid(reason: string): PeerpatchError {
  return new PeerpatchError('OPTION_INVALID', `cannot sign: ${reason}`);
}
