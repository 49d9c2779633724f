/**
 * One update from look to restart: discover, choose, fetch, accept, install, ask for the restart.
 *
 * State changes only after the thing it describes has happened. A failing peer is left alone for a while and the next
 * one is tried; a failing folder or restart is this machine's own and pauses every attempt. Errors are events.
 *
 * @module
 */
import { isPeerpatchError } from '../core/base/errors.ts';
import type { ReleaseName } from '../core/install/release-id.ts';
import type { LocalTime } from '../core/schedule/due.ts';
import type { UpdateMode } from '../core/schedule/mode.ts';
import { compareAppVersions } from '../core/statement/app-version.ts';
import { isBlocked, type FailureMark } from '../core/update/backoff.ts';
import {
  afterFailure,
  afterInstall,
  afterReturn,
  atMoment,
  initialState,
  INSTALL,
  isRestartDue,
  isWaiting,
  RESTART,
  type Moment,
  type UpdateState,
} from '../core/update/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { InstallLock, InstallPlan } from '../ports/program.ts';
import { isOwnFailure, type Candidate, type Find, type Found, type OnFetched } from './candidate.ts';
import { errorEvent } from './events.ts';
import { installFetched } from './fetch/fetch.ts';
import { versionOf } from './known-release.ts';
import { ProgramInPlace, type ProgramInPlaceParts } from './program-in-place.ts';

/** What one look at the network came to. */
export interface CheckResult {
  /** The newest release of the owner that anyone announced, or the installed one when that is newer. */
  readonly newest: string;
  /** How many peers offer it. */
  readonly peers: number;
  /** The version in the program file afterwards. */
  readonly installed: string;
}

export interface CheckOptions {
  /** Takes a release although its rollout has not come to this node yet, and asks peers again that failed a moment ago. */
  readonly force?: boolean;
}

export interface UpdateParts extends ProgramInPlaceParts {
  readonly mode: UpdateMode;
  /** Versions: of what runs, and of what the program file holds. */
  readonly running: string;
  readonly installed: string;
  readonly clock: Clock;
  readonly zone: LocalTime;
  /** Looks at the network. */
  readonly find: Find;
  /** Whether a program could be put in place. */
  readonly checkInstall: (plan: InstallPlan) => Promise<void>;
  /** The right to download and install. Undefined while another process has it. */
  readonly lock: () => Promise<InstallLock | undefined>;
  /** Asks the host to replace the process. Answered by `restartFailed` or by the end of this process. */
  readonly requestRestart: (version: string) => void;
}

export class Update {
  readonly #parts: UpdateParts;
  readonly #inPlace: ProgramInPlace;
  #state: UpdateState;
  #looking: { readonly force: boolean; readonly result: Promise<CheckResult> } | undefined;
  #restartRequested = false;

  constructor(parts: UpdateParts) {
    this.#parts = parts;
    this.#inPlace = new ProgramInPlace(parts);
    this.#state = initialState(parts.running);
    const ahead = compareAppVersions(parts.installed, parts.running) > 0;
    if (ahead) this.#state = afterInstall(this.#state, parts.installed, parts.mode, this.#moment());
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** Looks at the network and installs what is newer. Calls during a look share its result; a forced one comes after one that is not. Rejects with bugs only. */
  check({ force = false }: CheckOptions = {}): Promise<CheckResult> {
    const running = this.#looking;
    if (running !== undefined && (running.force || !force)) return running.result;
    const look = async (): Promise<CheckResult> => {
      await running?.result;
      return this.#look(force);
    };
    const result = look().finally(() => {
      if (this.#looking?.result === result) this.#looking = undefined;
    });
    this.#looking = { force, result };
    return result;
  }

  /** Asks for the restart when an update waits and its time has come. */
  restartWhenDue(): void {
    const { mode, requestRestart } = this.#parts;
    const moment = this.#moment();
    this.#state = atMoment(this.#state, mode, moment);
    if (this.#restartRequested || !isRestartDue(this.#state, moment)) return;
    this.#restartRequested = true;
    requestRestart(this.#state.installed);
  }

  /** The host could not replace the process: try again later, the update stays installed. */
  restartFailed(): void {
    this.#restartRequested = false;
    this.#failed(RESTART);
  }

  async #look(force: boolean): Promise<CheckResult> {
    const { emit } = this.#parts;
    emit({ type: 'checking' });
    await this.#adoptReplacement(); // first: what is looked for is above it
    const above = this.#state.installed;
    const found = await this.#find(force);
    const { newest, peers } = found;
    try {
      await this.#adoptReplacement();
      emit({ type: 'checked', newest, peers });
      // What was put there during the look may be one of them: the next look finds what is newer than that.
      const candidates = (this.#state.installed === above ? found.candidates : []).filter(
        ({ version }) => this.#isNewer(version) && (force || !this.#blocked(flawOf(version))),
      );
      const [first] = candidates;
      if (first !== undefined && (force || !this.#blocked(INSTALL))) {
        emit({ type: 'found', version: first.version, peers });
        await this.#installFromAny(candidates);
      }
    } finally {
      await found.close();
    }
    return { newest, peers, installed: this.#state.installed };
  }

  async #find(force: boolean): Promise<Found> {
    const { emit, find, signal } = this.#parts;
    const above = this.#state.installed;
    const isBlamed = (key: string): boolean => !force && this.#blocked(key);
    const blame = (key: string, mark?: FailureMark): void => {
      this.#failed(key, mark);
    };
    try {
      return await find({ above, force, isBlamed, blame });
    } catch (error) {
      if (!signal.aborted) emit(errorEvent('check', error));
      return { newest: above, peers: 0, candidates: [], close: () => Promise.resolve() };
    }
  }

  /** What another process of this program installed is not fetched again. @param own what this one put there just now */
  async #adoptReplacement(own?: ReleaseName): Promise<void> {
    const { emit } = this.#parts;
    const found = await this.#inPlace.look(own);
    const version = found && versionOf(found);
    if (version !== undefined && this.#isNewer(version)) this.#installed(version);
    const back = await this.#inPlace.wentBack(this.#state.installed);
    if (back !== undefined) {
      // By another copy, or by people. This process goes on with what it runs, and with the next release from what is there.
      this.#state = afterReturn(this.#state, back.to.version);
      emit({ type: 'rolled-back', version: back.from.version, to: back.to.version, reason: back.reason });
    } else if (version === this.#state.running) this.#state = afterReturn(this.#state, version);
    if (found !== undefined) await this.#inPlace.offer(found);
  }

  async #installFromAny(candidates: readonly Candidate[]): Promise<void> {
    for (const candidate of candidates) {
      const outcome = await this.#installFrom(candidate);
      if (outcome === 'done') return;
    }
  }

  async #installFrom(candidate: Candidate): Promise<'done' | 'next candidate'> {
    const { emit, signal } = this.#parts;
    const { version } = candidate;
    try {
      // Before a byte is downloaded.
      await this.#parts.checkInstall(candidate.plan);
      this.#inPlace.checkUnchanged(this.#state.installed);
      const lock = await this.#parts.lock();
      // What the other process installs is adopted at the next look.
      if (lock === undefined) return 'done';
      try {
        const before = this.#state.installed;
        // It may have done so between the look at the path and the lock.
        await this.#adoptReplacement();
        if (this.#state.installed !== before) return 'done';
        this.#inPlace.checkUnchanged(this.#state.installed);
        const fetched = await candidate.fetch(this.#progress(candidate));
        const { receivedBytes, from, name } = fetched;
        emit({ type: 'accepted', version, totalBytes: receivedBytes, peer: from });
        await installFetched(fetched, { to: name, from: this.#inPlace.name, signal });
        // Not the candidate's version: a record has three numbers, the program may be a pre-release.
        this.#installed(name.version);
        // Also when a restart was asked for: the host may take its time for it, and the end of this process ends the reading.
        await this.#adoptReplacement(name);
        return 'done';
      } finally {
        await lock.release();
      }
    } catch (error) {
      if (signal.aborted) return 'done';
      const own = isOwnFailure(error);
      emit(errorEvent(own ? 'install' : 'fetch', error));
      const key = own ? INSTALL : isSignedFlaw(candidate, error) ? flawOf(version) : candidate.key;
      if (key !== undefined) this.#failed(key);
      return own ? 'done' : 'next candidate';
    }
  }

  #installed(version: string): void {
    const { emit, mode, path } = this.#parts;
    const from = this.#state.installed;
    this.#state = afterInstall(this.#state, version, mode, this.#moment());
    emit({ type: 'installed', version, from, path });
    // What runs came back, after it had been taken back.
    if (!isWaiting(this.#state)) return;
    emit({ type: 'waiting', version, restartAt: this.#state.restartAt });
    this.restartWhenDue();
  }

  /** One event for each percent: a thread's messages are not free. */
  #progress({ version }: Candidate): OnFetched {
    let shown = -1;
    return (receivedBytes, totalBytes, peer) => {
      const percent = Math.floor((receivedBytes / totalBytes) * 100);
      if (percent === shown) return;
      shown = percent;
      this.#parts.emit({ type: 'progress', version, peer, receivedBytes, totalBytes });
    };
  }

  #isNewer(version: string): boolean {
    return compareAppVersions(version, this.#state.installed) > 0;
  }

  #blocked(key: string): boolean {
    return isBlocked(this.#state.failures, key, this.#parts.clock.monotonic());
  }

  #failed(key: string, mark?: FailureMark): void {
    this.#state = afterFailure(this.#state, key, this.#moment(), mark);
  }

  #moment(): Moment {
    const { clock, zone } = this.#parts;
    return { nowMs: clock.now(), monotonicMs: clock.monotonic(), zone };
  }
}

/** What a release that is no good for anybody is remembered under. */
function flawOf(version: string): string {
  return `release ${version}`;
}

/**
 * From one peer alone never the release is at fault, whatever the error says: the peer may lie, and another one has the real bytes.
 * What several sources gave was compared with what the owner signed before.
 */
function isSignedFlaw({ key }: Candidate, error: unknown): boolean {
  return key === undefined && isPeerpatchError(error, 'RELEASE_WRONG_TARGET', 'CODE_SIGNATURE_INVALID');
}
