/**
 * The flags of `sign` that say what the statement says: times, lengths of time and shares as people write them.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from 'commander';
import type { Rollout } from '../index.ts';

export interface StatementFlags {
  readonly app?: string;
  readonly target?: string;
  readonly channel?: string;
  readonly previous?: readonly string[];
  readonly expires?: When;
  readonly lowestVersion?: string;
  readonly critical?: boolean;
  readonly rollout?: RolloutFlag;
  readonly ramp?: number;
  readonly mirror?: readonly string[];
  readonly notes?: string;
  readonly seq?: bigint;
  readonly v0?: boolean;
  readonly v0Only?: boolean;
  readonly adHoc?: boolean;
}

/** A moment, or so many seconds from now. */
export type When = { readonly atSeconds: number } | { readonly inSeconds: number };

export interface RolloutFlag {
  readonly percent: number;
  readonly start?: When;
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

export function addStatementFlags(command: Command): Command {
  const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
  return command
    .option('--app <name>', 'what the release is of (default: that of the last statement, else the package.json)')
    .option('--target <os-cpu>', "what it runs on (default: read from the program's header)")
    .option('--channel <name>', 'whom it is for (default: stable)')
    .option('--previous <program>', 'an earlier release: makes a delta from it; may be given 8 times', collect)
    .option('--expires <90d|date>', 'nobody takes it any more after this time', parseWhen)
    .option('--lowest-version <version>', 'programs below it must not jump to this one')
    .option('--critical', 'no rollout holds it back')
    .option('--rollout <25%[@date]>', 'only this share of all programs takes it, from then on', parseRollout)
    .option('--ramp <48h>', 'time in which the rollout grows from nobody to its share', parseDuration)
    .option('--mirror <url>', 'where "peerpatch export" folders lie; may be given 4 times', collect)
    .option('--notes <url>', 'release notes for people')
    .option('--seq <number>', 'sequence number (default: the time, or one more than the last)', parseSeq)
    .option('--v0', 'offer it to copies that only know the v0 profile, too')
    .option('--v0-only', 'sign without a statement')
    .option('--ad-hoc', 'macOS: replace the code signature by one that needs no certificate');
}

/** @param nowSeconds Unix time */
export function secondsOf(when: When, nowSeconds: number): number {
  return 'atSeconds' in when ? when.atSeconds : nowSeconds + when.inSeconds;
}

/** @throws InvalidArgumentError for a ramp without a rollout */
export function rolloutOf({ rollout, ramp }: StatementFlags, nowSeconds: number): Rollout | undefined {
  if (rollout === undefined) return undefined;
  const startsAt = rollout.start === undefined ? nowSeconds : secondsOf(rollout.start, nowSeconds);
  return { percent: rollout.percent, startsAt, rampSeconds: ramp ?? 0 };
}

/** `90d`, `48h`, `30m`, `45s`, `2w`. @throws InvalidArgumentError */
export function parseDuration(text: string): number {
  const [, digits, unit = ''] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('Expected a length of time such as 90d, 48h or 30m.');
  return Number(digits) * (UNIT_SECONDS[unit] ?? 0);
}

/** A length of time from now, or a date: `2026-12-01`, `2026-12-01T08:00Z`. @throws InvalidArgumentError */
export function parseWhen(text: string): When {
  if (/^\d+[a-z]$/.test(text)) return { inSeconds: parseDuration(text) };
  // Other forms are read in the local time zone, or not the same by every runtime.
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const ms = isDate ? Date.parse(text) : NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Expected 90d, 2026-12-01 or 2026-12-01T08:00Z.');
  // The runtime takes the 31st of February for the 3rd of March.
  const day = text.slice(0, 10);
  if (!new Date(`${day}T00:00Z`).toISOString().startsWith(day)) throw new InvalidArgumentError(`There is no ${day}.`);
  return { atSeconds: ms / 1000 };
}

/** `25%`, `25%@2026-12-01T08:00Z`, `25%@2d`. @throws InvalidArgumentError */
export function parseRollout(text: string): RolloutFlag {
  const [, percent = '', start] = /^(\d{1,3})%(?:@(.+))?$/.exec(text) ?? [];
  if (percent === '' || Number(percent) > 100) throw new InvalidArgumentError('Expected 25% or 25%@2026-12-01T08:00Z.');
  return { percent: Number(percent), ...(start !== undefined && { start: parseWhen(start) }) };
}

function parseSeq(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('Expected a whole number.');
  return BigInt(text);
}
