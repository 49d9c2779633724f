/**
 * What a look at the network came to: releases that could be installed, each with the way to fetch it.
 *
 * Made by find-announced.ts and find-stated.ts, used by update.ts, which knows neither DHT nor peers.
 *
 * @module
 */
import { isPeerpatchError, type ErrorCode, type PeerpatchError } from '../core/base/errors.ts';
import type { ReleaseName } from '../core/install/release-id.ts';
import type { AcceptedRelease } from '../core/release/accept.ts';
import type { FailureMark } from '../core/update/backoff.ts';
import type { InstallPlan, StagedProgram } from '../ports/program.ts';

/** A program that is here and passed the gate. The caller installs or discards it. */
export interface FetchedProgram {
  readonly staged: Pick<StagedProgram, 'install' | 'discard'>;
  readonly release: AcceptedRelease;
  /** What the next start will find that it is. */
  readonly name: ReleaseName;
  /** Bytes that crossed the wire for it. */
  readonly receivedBytes: number;
  /** Whom it came from, for events: a peer's id in hex, or the names of several sources with commas between. */
  readonly from: string;
}

/** @param from whom it came from so far, as in `FetchedProgram` */
export type OnFetched = (receivedBytes: number, totalBytes: number, from: string) => void;

export interface Candidate {
  /** `1.2.3`, or `1.2.3-rc.1` */
  readonly version: string;
  /** What its failures are remembered under. None where each of its sources is blamed by itself. */
  readonly key?: string;
  /** What would be put in the program's place: asked about before anything is fetched. */
  readonly plan: InstallPlan;
  /** @throws PeerpatchError: nothing stays staged but what a later attempt can go on with */
  fetch(onProgress: OnFetched): Promise<FetchedProgram>;
}

export interface Found {
  /** The newest version of the owner that was seen, or `above` when that is newer. */
  readonly newest: string;
  /** How many peers offer it. */
  readonly peers: number;
  /** In the order to try them. */
  readonly candidates: readonly Candidate[];
  /** Closes what the candidates fetch from. Never rejects. */
  close(): Promise<void>;
}

export interface FindOptions {
  /** The version in the program file: candidates are above it. */
  readonly above: string;
  /** Rollouts and pauses after failures are not waited for. */
  readonly force: boolean;
  /** Whether what is known under this key failed a short while ago. */
  readonly isBlamed: (key: string) => boolean;
  /** Remembers that a source failed or lied. */
  readonly blame: (key: string, mark?: FailureMark) => void;
}

/** @throws PeerpatchError when nobody could be asked; the signal's reason when it aborts */
export type Find = (options: FindOptions) => Promise<Found>;

const OWN_CODES: readonly ErrorCode[] = ['PROGRAM_UNREADABLE', 'PREFLIGHT_FAILED', 'ROLLED_BACK'];

/** Failures of this machine, or of the release on it, which another peer would not help with. */
export function isOwnFailure(error: unknown): error is PeerpatchError {
  return isPeerpatchError(error) && (error.code.startsWith('INSTALL_') || OWN_CODES.includes(error.code));
}
