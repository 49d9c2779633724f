/**
 * The host's handle on its agent: state, events, and the few things a host may ask for.
 *
 * Lives on the main thread, does no work of its own. Owns the agent's thread: starts it again with growing pauses when
 * it fails, closes it before the process is replaced, and brings it back when that did not work.
 *
 * @module
 */
import { errorEvent, type AgentEvent } from '../agent/events.ts';
import type { CheckOptions, CheckResult } from '../agent/update.ts';
import { isPeerpatchError, PeerpatchError } from '../core/base/errors.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../core/base/units.ts';
import { isBlocked, NO_FAILURES, withFailure } from '../core/update/backoff.ts';
import { RESTART } from '../core/update/state.ts';
import type { AgentThread, StartAgentThread } from './thread/agent-thread.ts';
import { Listeners } from './listeners.ts';
import { withinGrace } from './grace.ts';
import { keepAliveUntil } from './keep-alive.ts';
import type { AgentSettings, MessageToHost } from './messages.ts';
import type { SpawnOptions } from './options/options.ts';
import type { WatchedProbation } from './probation/probation.ts';

/**
 * starting → running → waiting (installed, not yet restarted) → restarting. `disabled`: this program cannot be updated,
 * `reason` says why. `failed`: the agent ended and will be started again. `stopped`: by `stop()`.
 */
export type UpdaterState = 'disabled' | 'starting' | 'running' | 'waiting' | 'restarting' | 'failed' | 'stopped';

export type UpdaterEvent = AgentEvent | { readonly type: 'state'; readonly state: UpdaterState };

/** What the handle needs from outside. */
export interface UpdaterParts {
  readonly options: Pick<SpawnOptions, 'beforeRestart' | 'restartGraceMs'>;
  readonly settings: AgentSettings;
  readonly startThread: StartAgentThread;
  /** Finds what would keep that program from running. Throws RESTART_FAILED. Default: nothing is looked at. */
  readonly checkRestart?: (path: string) => Promise<void>;
  /** Replaces this process by the program at `path`. Returns only by throwing RESTART_FAILED. */
  readonly restartProcess: (path: string) => Promise<never>;
  /** Set when the running program has to prove itself. */
  readonly probation?: WatchedProbation | undefined;
  /** Puts the previous program in the place of the running one. */
  readonly putBack?: (reason: string) => Promise<unknown>;
  /** What happened at the start, to be told when somebody can listen. */
  readonly events?: readonly AgentEvent[];
}

const FIRST_REVIVAL_MS = 10 * SECOND_MS;
/** An agent that ran for so long works: the pauses begin anew. One that says `running`, or has looked once, may die at once. */
const LONGEST_REVIVAL_MS: number = HOUR_MS;

export class Updater {
  readonly #parts: UpdaterParts | undefined;
  readonly #listeners = new Listeners<UpdaterEvent>();
  readonly #checks = new Map<number, (result: CheckResult | PeerpatchError) => void>();
  /** Calls `listener` for each event of the type (`'*'` for all). Returns the function that ends it. */
  readonly on: Listeners<UpdaterEvent>['on'] = this.#listeners.on.bind(this.#listeners);
  readonly #ready: Promise<UpdaterState>;
  #settleReady: (state: UpdaterState) => void = () => undefined;
  #state: UpdaterState = 'starting';
  #reason: string | undefined;
  #version: string | undefined;
  #thread: AgentThread | undefined;
  #threadStartedAt = 0;
  #revivals = 0;
  #nextCheck = 0;
  #restarting: Promise<void> | undefined;
  #restartFailures = NO_FAILURES;

  private constructor(parts: UpdaterParts | undefined) {
    this.#parts = parts;
    this.#ready = new Promise((resolve) => (this.#settleReady = resolve));
  }

  static start(parts: UpdaterParts): Updater {
    const updater = new Updater(parts);
    const emit = (event: AgentEvent): void => {
      updater.#emit(event);
    };
    parts.probation?.begin({ emit, giveUp: (reason) => void updater.#giveUp(parts, reason) });
    // Told one turn later: now nobody can be listening yet.
    if (parts.events?.length) setImmediate(() => parts.events?.forEach(emit));
    updater.#startThread(parts);
    return updater;
  }

  static disabled(reason: string): Updater {
    const updater = new Updater(undefined);
    setImmediate(() => {
      updater.#emit({ type: 'state', state: 'disabled' }); // one turn later, as in `start`
    });
    updater.#state = 'disabled';
    updater.#reason = reason;
    updater.#settleReady('disabled');
    return updater;
  }

  /**
   * Settles when it is known whether the agent runs: with the state `running`, `disabled`, `failed` or `stopped`. Who waits
   * for it keeps the process alive.
   */
  get ready(): Promise<UpdaterState> {
    return keepAliveUntil(this.#ready);
  }

  get state(): UpdaterState {
    return this.#state;
  }

  /** Why the state is `disabled` or `failed`. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** The version this process runs, known once `ready` has settled. */
  get version(): string | undefined {
    return this.#version;
  }

  /** Looks at the network now; the process lives until it is done. @throws PeerpatchError AGENT_FAILED when no agent runs */
  async checkNow({ force = false }: CheckOptions = {}): Promise<CheckResult> {
    const thread = this.#thread;
    if (thread === undefined) throw this.#notRunning();
    const id = this.#nextCheck++;
    const checked = new Promise<CheckResult | PeerpatchError>((settle) => this.#checks.set(id, settle));
    thread.send({ type: 'check', id, force });
    const outcome = await keepAliveUntil(checked);
    if (outcome instanceof PeerpatchError) throw outcome;
    return outcome;
  }

  /**
   * Replaces this process by the program file, now. Resolves only when that was not possible; why is an `error` event.
   *
   * @throws PeerpatchError AGENT_FAILED when the updater is disabled or stopped
   */
  async restart(): Promise<void> {
    if (this.#parts === undefined || this.#state === 'stopped') throw this.#notRunning();
    await this.#replaceOnce(this.#parts);
  }

  /**
   * This version works: nothing brings the one before it back by itself any more. Does nothing when it is not on probation; with
   * `probation: { confirm: 'host' }` it must be called in time.
   */
  confirm(): void {
    this.#parts?.probation?.confirm();
  }

  /** Ends the agent. The host runs on; nothing more is announced, served or installed. */
  async stop(): Promise<void> {
    if (this.#state === 'disabled' || this.#state === 'stopped') return;
    this.#enter('stopped');
    await this.#endThread('the updater was stopped');
  }

  #replaceOnce(parts: UpdaterParts): Promise<void> {
    this.#restarting ??= this.#replaceProcess(parts).finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  async #replaceProcess(parts: UpdaterParts): Promise<void> {
    if (this.#state !== 'stopped') this.#enter('restarting');
    try {
      // First of all: behind `beforeRestart` the host may have closed what it lives by.
      await parts.checkRestart?.(parts.settings.programPath);
      await withinGrace(parts.options);
      await this.#endThread(); // a check may have found what is restarted into: that is no failure of it
      parts.probation?.takeBack();
      await parts.restartProcess(parts.settings.programPath);
    } catch (cause) {
      const error = isPeerpatchError(cause)
        ? cause
        : new PeerpatchError('RESTART_FAILED', 'beforeRestart failed: the restart is put off', { cause });
      this.#restartFailures = withFailure(this.#restartFailures, RESTART, performance.now());
      if (this.#thread !== undefined) this.#enter('waiting');
      else if (this.#state !== 'stopped') this.#startThread(parts);
      this.#thread?.send({ type: 'restart-failed' });
      this.#emit({ type: 'error', during: 'restart', code: error.code, message: error.message });
    }
  }

  async #giveUp(parts: UpdaterParts, reason: string): Promise<void> {
    try {
      await parts.putBack?.(reason);
    } catch (error) {
      this.#emit(errorEvent('restart', error));
      return;
    }
    parts.probation?.end();
    // Also when it was stopped: the program file is another one, and what runs is known to be bad. Until the process is replaced.
    for (let pauseMs = MINUTE_MS; ; pauseMs = Math.min(2 * pauseMs, HOUR_MS)) {
      try {
        await this.#replaceOnce(parts);
      } catch (cause) {
        this.#emit(errorEvent('restart', new PeerpatchError('AGENT_FAILED', 'the agent did not come back', { cause })));
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs).unref());
    }
  }

  #startThread(parts: UpdaterParts): void {
    this.#failChecks(new PeerpatchError('AGENT_FAILED', 'the check ended early: the process could not be replaced'));
    this.#enter('starting');
    const thread = parts.startThread(parts.settings, {
      onMessage: (message) => {
        // While it ends it still answers what it was asked.
        if (this.#thread === thread || message.type === 'checked') this.#receive(message, parts);
      },
      onFailure: (error) => {
        if (this.#thread === thread) this.#revive(parts, error);
      },
    });
    this.#thread = thread;
    this.#threadStartedAt = performance.now();
  }

  #receive(message: MessageToHost, parts: UpdaterParts): void {
    switch (message.type) {
      case 'running':
        this.#version = message.version;
        parts.probation?.agentRuns();
        this.#enter('running');
        return;
      case 'disabled':
        this.#enter('disabled', message.reason);
        void this.#endThread(message.reason);
        return;
      case 'failed':
        void this.#endThread(message.message);
        this.#revive(parts, new PeerpatchError(message.code, message.message));
        return;
      case 'event':
        this.#emit(message.event);
        if (message.event.type === 'waiting') this.#enter('waiting');
        if (message.event.type === 'rolled-back' && this.#state === 'waiting') this.#enter('running'); // nothing waits any more
        return;
      case 'checked':
        this.#checks.get(message.id)?.(message.result);
        this.#checks.delete(message.id);
        return;
      case 'restart':
        this.#obeyRestart(message.version);
        return;
      case 'stopped': // agent-thread waits for it
    }
  }

  /** A new agent does not know that the last restart failed: without this pause it would try again at once, for ever. */
  #obeyRestart(version: string): void {
    if (isBlocked(this.#restartFailures, RESTART, performance.now())) {
      this.#thread?.send({ type: 'restart-failed' });
      return;
    }
    this.#emit({ type: 'restarting', version });
    void this.restart();
  }

  #revive(parts: UpdaterParts, error: PeerpatchError): void {
    this.#thread = undefined;
    parts.probation?.agentFailed(error);
    this.#failChecks(error);
    this.#enter('failed', error.message);
    this.#emit({ type: 'error', during: 'start', code: error.code, message: error.message });
    if (performance.now() - this.#threadStartedAt >= LONGEST_REVIVAL_MS) this.#revivals = 0;
    const pauseMs = Math.min(FIRST_REVIVAL_MS * 2 ** this.#revivals++, LONGEST_REVIVAL_MS);
    setTimeout(() => {
      if (this.#state === 'failed') this.#startThread(parts);
    }, pauseMs).unref();
  }

  async #endThread(reason?: string): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    if (reason !== undefined) this.#failChecks(new PeerpatchError('AGENT_FAILED', `the check ended early: ${reason}`));
    await thread?.stop();
  }

  #failChecks(error: PeerpatchError): void {
    for (const settle of this.#checks.values()) settle(error);
    this.#checks.clear();
  }

  #enter(state: UpdaterState, reason?: string): void {
    this.#reason = reason;
    if (this.#state === state && state !== 'disabled') return;
    this.#state = state;
    if (state !== 'starting') this.#settleReady(state);
    this.#emit({ type: 'state', state });
  }

  #emit(event: UpdaterEvent): void {
    this.#listeners.emit(event);
  }

  #notRunning(): PeerpatchError {
    const why = this.#reason ? `: ${this.#reason}` : '';
    return new PeerpatchError('AGENT_FAILED', `the updater is ${this.#state}${why}`);
  }
}
