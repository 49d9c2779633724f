/**
 * Whether a node may take a release, by its statement, the running one and the time. Spec: docs/spec/11-statement.md.
 *
 * Only verified statements come here. Whether any bytes are that release is decided in accept.ts.
 *
 * @module
 */
import { asciiBytes, equalBytes } from '../base/bytes.ts';
import type { ErrorCode } from '../base/errors.ts';
import { sha256 } from '../crypto/hash.ts';
import { compareAppVersions } from './app-version.ts';
import type { Rollout } from './fields.ts';
import type { SignedStatement } from './statement.ts';

export type Verdict =
  | { readonly kind: 'take' }
  /** It describes the program that runs. */
  | { readonly kind: 'current' }
  | { readonly kind: 'refuse'; readonly code: ErrorCode; readonly reason: string }
  /** `atSeconds`: when it will be taken, if nothing changes; undefined when it takes another statement. */
  | { readonly kind: 'later'; readonly reason: string; readonly atSeconds?: number };

export interface NodeSituation {
  /** The statement of the running program; undefined for a program without one. */
  readonly running: SignedStatement | undefined;
  /** Highest sequence number seen under this name, ever; 0 when none was. */
  readonly highestSeq: bigint;
  /** Highest version seen under this name, ever; undefined when none was. */
  readonly highestVersion: string | undefined;
  /** Unix time in seconds. */
  readonly nowSeconds: number;
  /** 32 bytes that only this node knows: its draw in every rollout follows from them. */
  readonly nodeSecret: Uint8Array;
  /** Takes it whatever its rollout says. */
  readonly force: boolean;
}

/** How far ahead of this machine's clock an owner's clock may be. */
export const MAX_STATEMENT_AHEAD_SECONDS: number = 24 * 60 * 60;

export function judgeStatement(statement: SignedStatement, situation: NodeSituation): Verdict {
  const { running, highestSeq, highestVersion, nowSeconds, force } = situation;
  const { seq, version, expiresAt, issuedAt, lowestVersion, rollout, isCritical } = statement;
  if (running !== undefined && seq === running.seq) {
    if (equalBytes(statement.item.value, running.item.value)) return { kind: 'current' };
    return refuse('STATEMENT_CONFLICT', `the owner signed two statements with the sequence number ${seq.toString()}`);
  }
  const highest = running !== undefined && running.seq > highestSeq ? running.seq : highestSeq;
  if (seq < highest) {
    return refuse('STATEMENT_ROLLED_BACK', `its sequence number is ${seq.toString()}, ${highest.toString()} was seen`);
  }
  if (expiresAt !== undefined && nowSeconds >= expiresAt) {
    return refuse('STATEMENT_EXPIRED', `the statement of version ${version} expired at ${isoTime(expiresAt)}`);
  }
  if (issuedAt > nowSeconds + MAX_STATEMENT_AHEAD_SECONDS) {
    return refuse(
      'STATEMENT_FROM_FUTURE',
      `the statement of version ${version} was issued at ${isoTime(issuedAt)}: this machine's clock or the owner's is wrong`,
    );
  }
  if (running !== undefined) {
    const order = compareAppVersions(version, running.version);
    // Signed again: with another expiry, other mirrors. The program is the same.
    if (order === 0 && equalBytes(statement.root, running.root)) return { kind: 'current' };
    if (order <= 0) return refuse('RELEASE_NOT_NEWER', `version ${version} is not above ${running.version}`);
    if (lowestVersion !== undefined && compareAppVersions(running.version, lowestVersion) < 0) {
      return refuse(
        'STATEMENT_TOO_FAR',
        `version ${version} can be reached from ${lowestVersion} on, ${running.version} is running`,
      );
    }
  }
  // Its own version may come again: the program that had it was put back by hand.
  if (highestVersion !== undefined && compareAppVersions(version, highestVersion) < 0) {
    return refuse(
      'STATEMENT_ROLLED_BACK',
      `version ${version} is below ${highestVersion}, which was taken here before`,
    );
  }
  if (rollout === undefined || force || isCritical) return { kind: 'take' };
  return judgeRollout(version, rollout, situation);
}

/** From 0 up to, not including, 100: the same for one node and version at any time. */
export function rolloutDraw(nodeSecret: Uint8Array, version: string): number {
  const hash = sha256(nodeSecret, asciiBytes(version));
  const view = new DataView(hash.buffer, hash.byteOffset);
  return ((view.getUint16(0) * 2 ** 32 + view.getUint32(2)) / 2 ** 48) * 100;
}

function judgeRollout(version: string, rollout: Rollout, { nodeSecret, nowSeconds }: NodeSituation): Verdict {
  const { percent, startsAt, rampSeconds } = rollout;
  const draw = rolloutDraw(nodeSecret, version);
  const done = rampSeconds === 0 ? Number(nowSeconds >= startsAt) : (nowSeconds - startsAt) / rampSeconds;
  if (draw < percent * Math.min(Math.max(done, 0), 1)) return { kind: 'take' };
  const reason = `version ${version} is rolled out to ${percent} % of all programs, and this one is not among the first`;
  if (draw >= percent) return { kind: 'later', reason };
  // One second more: at the moment itself the share is still equal to the draw.
  const atSeconds = rampSeconds === 0 ? startsAt : Math.floor(startsAt + rampSeconds * (draw / percent)) + 1;
  return { kind: 'later', reason, atSeconds };
}

function refuse(code: ErrorCode, reason: string): Verdict {
  return { kind: 'refuse', code, reason };
}

/** Not a date for what `Date` cannot hold. */
function isoTime(seconds: number): string {
  return seconds <= 8.64e12 ? new Date(seconds * 1000).toISOString() : `${seconds} s`;
}
