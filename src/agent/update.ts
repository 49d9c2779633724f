/**
 * One update from look to restart: discover, choose, fetch, accept, install, ask for the restart.
 *
 * State changes only after the thing it describes has happened. A failing peer is left alone for a while and the next
 * one is tried; a failing folder or restart is this machine's own and pauses every attempt. Errors are events.
 *
 * @module
 */
import type { LocalTime } from '../core/schedule/due.ts';
import type { UpdateMode } from '../core/schedule/mode.ts';
import { compareAppVersions } from '../core/statement/app-version.ts';
import { isBlocked } from '../core/update/backoff.ts';
import {
  afterFailure,
  afterInstall,
  atMoment,
  initialState,
  INSTALL,
  isRestartDue,
  RESTART,
  type Moment,
  type UpdateState,
} from '../core/update/state.ts';
import type { Clock } from '../ports/clock.ts';
import { isOwnFailure, type Candidate, type Find, type Found } from './candidate.ts';
import { errorEvent, type EmitEvent } from './events.ts';
import { installFetched } from './fetch/fetch.ts';
import { versionOf } from './known-release.ts';
import type { Offered } from './replacement.ts';

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

export interface UpdateParts {
  readonly mode: UpdateMode;
  /** Versions: of what runs, and of what the program file holds. */
  readonly running: string;
  readonly installed: string;
  readonly clock: Clock;
  readonly zone: LocalTime;
  readonly emit: EmitEvent;
  /** Looks at the network. */
  readonly find: Find;
  /** The program file, for events. */
  readonly path: string;
  /** The verified program at the path, when that is another file than before. */
  readonly findReplacement: () => Promise<Offered | undefined>;
  /** Announces and serves this from now on. Takes over the file. */
  readonly offer: (offered: Offered) => Promise<void>;
  /** Asks the host to replace the process. Answered by `restartFailed` or by the end of this process. */
  readonly requestRestart: (version: string) => void;
  readonly signal: AbortSignal;
}

export class Update {
  readonly #parts: UpdateParts;
  #state: UpdateState;
  #looking: { readonly force: boolean; readonly result: Promise<CheckResult> } | undefined;
  #restartRequested = false;

  constructor(parts: UpdateParts) {
    this.#parts = parts;
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
    const found = await this.#find(force);
    const { newest, peers } = found;
    try {
      await this.#adoptReplacement();
      emit({ type: 'checked', newest, peers });
      const candidates = found.candidates.filter(({ version }) => this.#isNewer(version));
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
    const blame = (key: string): void => {
      this.#failed(key);
    };
    try {
      return await find({ above, force, isBlamed, blame });
    } catch (error) {
      if (!signal.aborted) emit(errorEvent('check', error));
      return { newest: above, peers: 0, candidates: [], close: () => Promise.resolve() };
    }
  }

  /** Another process of the same program may have installed the update already: what is there is not fetched again. */
  async #adoptReplacement(): Promise<void> {
    const { emit, findReplacement, offer } = this.#parts;
    try {
      const found = await findReplacement();
      if (found === undefined) return;
      const version = versionOf(found);
      if (this.#isNewer(version)) this.#installed(version);
      await offer(found);
    } catch (error) {
      if (!this.#parts.signal.aborted) emit(errorEvent('install', error));
    }
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
      const fetched = await candidate.fetch(this.#progress(candidate));
      const { receivedBytes, from } = fetched;
      emit({ type: 'accepted', version, totalBytes: receivedBytes, peer: from });
      await installFetched(fetched);
      this.#installed(version);
      if (!this.#restartRequested) await this.#adoptReplacement();
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'done';
      const own = isOwnFailure(error);
      emit(errorEvent(own ? 'install' : 'fetch', error));
      // Never the release, whatever the error says: it may be the peer that lies, and another one has the real bytes.
      this.#failed(own ? INSTALL : candidate.key);
      return own ? 'done' : 'next candidate';
    }
  }

  #installed(version: string): void {
    const { emit, mode, path } = this.#parts;
    const from = this.#state.installed;
    this.#state = afterInstall(this.#state, version, mode, this.#moment());
    emit({ type: 'installed', version, from, path });
    emit({ type: 'waiting', version, restartAt: this.#state.restartAt });
    this.restartWhenDue();
  }

  /** One event for each percent: a thread's messages are not free. */
  #progress({ version, key }: Candidate): (receivedBytes: number, totalBytes: number) => void {
    let shown = -1;
    return (receivedBytes, totalBytes) => {
      const percent = Math.floor((receivedBytes / totalBytes) * 100);
      if (percent === shown) return;
      shown = percent;
      this.#parts.emit({ type: 'progress', version, peer: key, receivedBytes, totalBytes });
    };
  }

  #isNewer(version: string): boolean {
    return compareAppVersions(version, this.#state.installed) > 0;
  }

  #blocked(key: string): boolean {
    return isBlocked(this.#state.failures, key, this.#parts.clock.monotonic());
  }

  #failed(key: string): void {
    this.#state = afterFailure(this.#state, key, this.#moment());
  }

  #moment(): Moment {
    const { clock, zone } = this.#parts;
    return { nowMs: clock.now(), monotonicMs: clock.monotonic(), zone };
  }
}
