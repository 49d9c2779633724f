/**
 * The figures that have a target, from what was found out about the pairs. Pure.
 *
 * @module
 */
import type { BenchRow, Target } from '../rows.ts';
import { isMeasured, type Outcome } from './outcome.ts';
import type { PairResult } from './pair-result.ts';

/** Those a program of the same bytes would otherwise be sent with; bsdiff has a target of its own. */
const RIVALS = ['xdelta3', 'zstd', 'casync'] as const;
const RUNTIME_PAIR = 'node';
const MB = 1e6;

export interface FigureOptions {
  /** Own app, a few lines changed: reported, since its target is about a whole update. */
  readonly sea: PairResult | undefined;
  readonly published: readonly PairResult[];
  /** Names of the pairs of about 150 MB on which making and applying a delta are judged. */
  readonly large: readonly string[];
}

export function pairRows({ sea, published, large }: FigureOptions): readonly BenchRow[] {
  const all = sea === undefined ? published : [sea, ...published];
  return [
    ...published.flatMap((pair) => ratioRows(pair, true)),
    ...published.filter(({ name }) => name === RUNTIME_PAIR).flatMap(runtimeRows),
    ...(sea === undefined ? [] : seaRows(sea)),
    ...all.filter(({ name }) => large.includes(name)).flatMap(deltaRows),
  ];
}

/** Ours as a share of the best rival's and of bsdiff's. Judged only beside every rival: a missing one may be the best. */
function ratioRows(pair: PairResult, isJudged: boolean): readonly BenchRow[] {
  const rivals = RIVALS.map((name) => ({ name, bytes: bytesOf(pair.baselines.get(name)) }));
  const missing = rivals.filter(({ bytes }) => Number.isNaN(bytes)).map(({ name }) => name);
  const present = rivals.filter(({ bytes }) => !Number.isNaN(bytes));
  const [best] = present.toSorted((a, b) => a.bytes - b.bytes);
  const bsdiff = bytesOf(pair.baselines.get('bsdiff'));
  const ours = bytesOf(pair.diff);
  // Ours that could not be measured is a miss, whoever else is there.
  const judged = (target: Target, isComplete: boolean): Target =>
    isJudged && (isComplete || Number.isNaN(ours)) ? target : 'reported';
  return [
    {
      what: `${pair.name}: cheapest plan, share of the best of ${RIVALS.join(', ')}`,
      target: judged('<= 100', missing.length === 0),
      measured: (100 * ours) / (best?.bytes ?? NaN),
      unit: '%',
      note: missing.length === 0 ? `the best is ${best?.name ?? 'none'}` : `not judged without ${missing.join(', ')}`,
    },
    {
      what: `${pair.name}: cheapest plan, share of bsdiff`,
      target: judged('<= 110', !Number.isNaN(bsdiff)),
      measured: (100 * ours) / bsdiff,
      unit: '%',
    },
  ];
}

function runtimeRows({ title, diff }: PairResult): readonly BenchRow[] {
  const wholeBytes = isMeasured(diff) ? diff.wholeBytes : NaN;
  const bytes = bytesOf(diff);
  return [
    { what: `runtime upgrade: ${title}: cheapest plan`, target: '<= 4', measured: bytes / MB, unit: 'MB' },
    {
      what: 'runtime upgrade: the same, share of the whole program',
      target: 'reported',
      measured: (100 * bytes) / wholeBytes,
      unit: '%',
      note: `the whole program is ${(wholeBytes / MB).toFixed(1)} MB in chunks compressed with brotli 5`,
    },
  ];
}

function seaRows(pair: PairResult): readonly BenchRow[] {
  const deltaBytes = 'made' in pair.delta ? pair.delta.made.bytes : NaN;
  return [
    {
      what: `${pair.name}: cheapest plan`,
      target: 'reported',
      measured: bytesOf(pair.diff) / 1000,
      unit: 'KB',
      note: 'content, statement and stamp, without connections; the compared tools carry no statement',
    },
    { what: `${pair.name}: the delta alone`, target: 'reported', measured: deltaBytes, unit: 'bytes' },
    ...ratioRows(pair, false),
  ];
}

function deltaRows({ name, newBytes, delta, baselines }: PairResult): readonly BenchRow[] {
  const size = `${(newBytes / MB).toFixed(0)} MB, ${name}`;
  const row = (what: string, target: Target, measured: number, unit: string): BenchRow => ({
    what: `${what} (${size})`,
    target,
    measured,
    unit,
  });
  const cost = 'made' in delta ? delta.made.cost : undefined;
  const applied = 'applied' in delta && 'wallMs' in delta.applied ? delta.applied : undefined;
  const bsdiff = baselines.get('bsdiff');
  const bsdiffMs = isMeasured(bsdiff) ? bsdiff.cost?.wallMs : undefined;
  const share = (100 * (cost?.wallMs ?? NaN)) / (bsdiffMs ?? NaN);
  return [
    {
      ...row('making a delta: time', '<= 8', (cost?.wallMs ?? NaN) / 1000, 's'),
      note: 'the target is for 150 MB; finding what moved is the work of all cores, proving and writing it of one',
    },
    row('making a delta: share of the time of bsdiff', bsdiffMs === undefined ? 'reported' : '<= 10', share, '%'),
    row('making a delta: peak RSS', '<= 600', (cost?.peakBytes ?? NaN) / MB, 'MB'),
    {
      ...row('applying a delta: time', '<= 1000', applied?.wallMs ?? NaN, 'ms'),
      note: 'from and to files, not hashed and not synced; the result is compared with the new program afterwards',
    },
    row('applying a delta: RSS growth', '<= 64', (applied?.rssGrowthBytes ?? NaN) / MB, 'MB'),
  ];
}

function bytesOf(outcome: Outcome | undefined): number {
  return isMeasured(outcome) ? outcome.bytes : NaN;
}
