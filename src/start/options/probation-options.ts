/**
 * The options of `spawn` about what a new program has to prove, before it is put in place and after. Spec:
 * docs/spec/17-probation.md.
 *
 * @module
 */
import { MINUTE_MS, SECOND_MS } from '../../core/base/units.ts';
import { DEFAULT_PREFLIGHT_TIMEOUT_MS } from '../../io/process/preflight.ts';
import { invalid } from './option-error.ts';
import { checkTime } from './option-time.ts';

export interface PreflightOptions {
  /** Longest trial. Default: 10 seconds. */
  readonly timeoutMs?: number;
}

export interface ProbationOptions {
  /**
   * `alive`: a new version has proven itself when it has run for `aliveMs`. `host`: only when the host has called
   * `updater.confirm()`. Default: `alive`.
   */
  readonly confirm?: 'alive' | 'host';
  /** Default: one minute. */
  readonly aliveMs?: number;
  /** With `confirm: 'host'`: without a call for so long the version before it comes back. Default: five minutes. */
  readonly confirmMs?: number;
  /** So many starts may end badly; then the version before it comes back. Default: 3. */
  readonly maxStarts?: number;
  /** With the event loop standing still for so long, the version before it comes back. Default: 30 seconds. */
  readonly hangMs?: number;
  /**
   * Whether a small guard starts the version before it again after a crash. `auto`: where no supervisor is seen that would do it.
   * Default: `auto`.
   */
  readonly guard?: 'auto' | 'always' | 'never';
}

/** {@link ProbationOptions}, checked and completed. */
export type ProbationSettings = Required<ProbationOptions>;

const SHORTEST_HANG_MS = 2 * SECOND_MS;
const MAX_STARTS = 100;

/** @throws PeerpatchError OPTION_INVALID */
export function probationSettings(options: ProbationOptions = {}): ProbationSettings {
  const { confirm = 'alive', guard = 'auto', maxStarts = 3, hangMs = 30 * SECOND_MS } = options;
  if (!['alive', 'host'].includes(confirm)) throw invalid('probation.confirm', confirm, '"alive" or "host"');
  if (!['auto', 'always', 'never'].includes(guard)) {
    throw invalid('probation.guard', guard, '"auto", "always" or "never"');
  }
  if (!Number.isInteger(maxStarts) || maxStarts < 1 || maxStarts > MAX_STARTS) {
    throw invalid('probation.maxStarts', maxStarts, `a whole number from 1 to ${MAX_STARTS}`);
  }
  return {
    confirm,
    guard,
    maxStarts,
    aliveMs: checkTime('probation.aliveMs', options.aliveMs ?? MINUTE_MS, SECOND_MS),
    confirmMs: checkTime('probation.confirmMs', options.confirmMs ?? 5 * MINUTE_MS, SECOND_MS),
    hangMs: checkTime('probation.hangMs', hangMs, SHORTEST_HANG_MS),
  };
}

/** Undefined: no trial. @throws PeerpatchError OPTION_INVALID */
export function preflightMs(options: false | PreflightOptions = {}): number | undefined {
  if (options === false) return undefined;
  return checkTime('preflight.timeoutMs', options.timeoutMs ?? DEFAULT_PREFLIGHT_TIMEOUT_MS, SECOND_MS);
}
