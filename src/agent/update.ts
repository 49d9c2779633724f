/**
 * One update from look to restart: discover, choose, fetch, accept, install, ask for the restart.
 *
 * State changes only after the thing it describes has happened. A failing peer is left alone for a while and the next
 * one is tried; a failing folder or restart is this machine's own and pauses every attempt. Errors are events.
 *
 * @module
 */
import { isPeerpatchError, type PeerpatchError } from '../core/base/errors.ts';
import { toHex } from '../core/base/hex.ts';
import type { PublicKey } from '../core/keys/public-key.ts';
import type { Announcement } from '../core/record/open.ts';
import { selectNewest } from '../core/record/select.ts';
import type { SignedRelease } from '../core/release/release.ts';
import { compareVersions, formatVersion, type Version } from '../core/release/version.ts';
import type { ProgramFormat } from '../core/stamp/format.ts';
import type { LocalTime } from '../core/schedule/due.ts';
import type { UpdateMode } from '../core/schedule/mode.ts';
import { isBlocked } from '../core/update/backoff.ts';
import {
  afterFailure,
  afterInstall,
  atMoment,
  initialState,
  INSTALL,
  isRestartDue,
  newerThan,
  RESTART,
  type Moment,
  type UpdateState,
} from '../core/update/state.ts';
import type { Clock } from '../ports/clock.ts';
import type { Network } from '../ports/network.ts';
import type { ProgramStore } from '../ports/program.ts';
import type { Random } from '../ports/random.ts';
import { errorEvent, type EmitEvent } from './events.ts';
import { fetchRelease, installFetched } from './fetch.ts';
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

export interface UpdateParts {
  readonly owner: PublicKey;
  readonly mode: UpdateMode;
  /** What runs, and what the program file holds. */
  readonly running: SignedRelease;
  readonly installed: SignedRelease;
  /** Format and processor of the running program. */
  readonly format: ProgramFormat;
  readonly network: Network;
  readonly store: ProgramStore;
  readonly clock: Clock;
  readonly zone: LocalTime;
  readonly random: Random;
  readonly emit: EmitEvent;
  /** Everything the owner's peers announce now, signatures verified. */
  readonly discover: () => Promise<readonly Announcement[]>;
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
  #looking: Promise<CheckResult> | undefined;
  #restartRequested = false;

  constructor(parts: UpdateParts) {
    this.#parts = parts;
    this.#state = initialState(parts.running);
    const ahead = compareVersions(parts.installed.version, parts.running.version) > 0;
    if (ahead) this.#state = afterInstall(this.#state, parts.installed, parts.mode, this.#moment());
  }

  get state(): UpdateState {
    return this.#state;
  }

  /** Looks at the network and installs what is newer. Calls during a look share its result. Rejects with bugs only. */
  check(): Promise<CheckResult> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /** Asks for the restart when an update waits and its time has come. */
  restartWhenDue(): void {
    const { mode, requestRestart } = this.#parts;
    const moment = this.#moment();
    this.#state = atMoment(this.#state, mode, moment);
    if (this.#restartRequested || !isRestartDue(this.#state, moment)) return;
    this.#restartRequested = true;
    requestRestart(formatVersion(this.#state.installed.version));
  }

  /** The host could not replace the process: try again later, the update stays installed. */
  restartFailed(): void {
    this.#restartRequested = false;
    this.#failed(RESTART);
  }

  async #look(): Promise<CheckResult> {
    const { emit, discover, random } = this.#parts;
    emit({ type: 'checking' });
    let announcements: readonly Announcement[] = [];
    try {
      announcements = await discover();
    } catch (error) {
      if (!this.#parts.signal.aborted) emit(errorEvent('check', error));
    }
    await this.#adoptReplacement();
    const { newest, candidates } = selectNewest(announcements, {
      above: newerThan(this.#state),
      isBlamed: (nodeId) => this.#blocked(toHex(nodeId)),
      // A newcomer's first choice should not be everybody's.
      fraction: () => random.fraction(),
    });
    const result = { newest: formatVersion(newest), peers: offersOf(newest, candidates) };
    emit({ type: 'checked', ...result });
    const [first] = candidates;
    if (first !== undefined && !this.#blocked(INSTALL)) {
      const { version } = first.release;
      emit({ type: 'found', version: formatVersion(version), peers: offersOf(version, candidates) });
      await this.#installFromAny(candidates);
    }
    return { ...result, installed: formatVersion(this.#state.installed.version) };
  }

  /** Another process of the same program may have installed the update already: what is there is not fetched again. */
  async #adoptReplacement(): Promise<void> {
    const { emit, findReplacement, offer } = this.#parts;
    try {
      const found = await findReplacement();
      if (found === undefined) return;
      if (compareVersions(found.release.version, newerThan(this.#state)) > 0) this.#installed(found.release);
      await offer(found);
    } catch (error) {
      if (!this.#parts.signal.aborted) emit(errorEvent('install', error));
    }
  }

  async #installFromAny(candidates: readonly Announcement[]): Promise<void> {
    for (const candidate of candidates) {
      const outcome = await this.#installFrom(candidate);
      if (outcome === 'done') return;
    }
  }

  async #installFrom({ release, nodeId, peer }: Announcement): Promise<'done' | 'next peer'> {
    const { emit, signal } = this.#parts;
    const peerName = toHex(nodeId);
    try {
      const {
        staged,
        release: accepted,
        receivedBytes,
      } = await fetchRelease({
        ...this.#parts,
        release,
        peer,
        above: newerThan(this.#state),
        onProgress: this.#progress(release, peerName),
      });
      const version = formatVersion(accepted.version);
      emit({ type: 'accepted', version, totalBytes: receivedBytes, peer: peerName });
      await installFetched({ staged, release: accepted });
      this.#installed(accepted);
      if (!this.#restartRequested) await this.#adoptReplacement();
      return 'done';
    } catch (error) {
      if (signal.aborted) return 'done';
      const own = isOwnFailure(error);
      emit(errorEvent(own ? 'install' : 'fetch', error));
      // Never the release, whatever the error says: it may be the peer that lies, and another one has the real bytes.
      this.#failed(own ? INSTALL : peerName);
      return own ? 'done' : 'next peer';
    }
  }

  #installed(release: SignedRelease): void {
    const { emit, mode, path } = this.#parts;
    const [from, version] = [this.#state.installed.version, release.version].map(formatVersion) as [string, string];
    this.#state = afterInstall(this.#state, release, mode, this.#moment());
    emit({ type: 'installed', version, from, path });
    emit({ type: 'waiting', version, restartAt: this.#state.restartAt });
    this.restartWhenDue();
  }

  /** One event for each percent: a thread's messages are not free. */
  #progress({ version }: SignedRelease, peer: string): (receivedBytes: number, totalBytes: number) => void {
    let shown = -1;
    return (receivedBytes, totalBytes) => {
      const percent = Math.floor((receivedBytes / totalBytes) * 100);
      if (percent === shown) return;
      shown = percent;
      this.#parts.emit({ type: 'progress', version: formatVersion(version), peer, receivedBytes, totalBytes });
    };
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

function offersOf(version: Version, candidates: readonly Announcement[]): number {
  return candidates.filter(({ release }) => compareVersions(release.version, version) === 0).length;
}

/** Failures of this machine, which another peer would not help with. */
function isOwnFailure(error: unknown): error is PeerpatchError {
  return isPeerpatchError(error, 'INSTALL_FAILED', 'INSTALL_NO_SPACE', 'INSTALL_NOT_WRITABLE', 'PROGRAM_UNREADABLE');
}
