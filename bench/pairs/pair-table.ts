/**
 * The table of all pairs and tools: a row for each tool on each pair. Pure.
 *
 * @module
 */
import { BASELINES } from './baseline.ts';
import { isMeasured, type Cost, type Outcome } from './outcome.ts';
import type { PairResult } from './pair-result.ts';

const MB = 1e6;
const NONE = '–';

export const PAIR_HEADER: readonly string[] = [
  'pair',
  'tool',
  'bytes',
  'of the new program',
  'cheapest plan is',
  'time',
  'peak RSS',
];

export function pairTable(pairs: readonly PairResult[]): readonly (readonly string[])[] {
  return pairs.flatMap(pairLines);
}

function pairLines(pair: PairResult): readonly (readonly string[])[] {
  const ours = isMeasured(pair.diff) ? pair.diff.bytes : undefined;
  const plan = 'plan' in pair.diff ? ` (${pair.diff.plan})` : '';
  const line = (tool: string, outcome: Outcome): readonly string[] => {
    if (!isMeasured(outcome)) return [pair.name, tool, outcome.reason, NONE, NONE, NONE, NONE];
    const { bytes, cost } = outcome;
    const ofNew = percent(bytes, pair.newBytes);
    return [pair.name, tool, String(bytes), ofNew, percent(ours, bytes), ...costCells(cost)];
  };
  const uncosted = (bytes: number): Outcome => ({ bytes, cost: undefined });
  return [
    line(`Peerpatch diff${plan}`, pair.diff),
    line('Peerpatch delta alone', 'made' in pair.delta ? pair.delta.made : pair.delta),
    ...('chunksBytes' in pair.diff
      ? [
          line('Peerpatch chunks', uncosted(pair.diff.chunksBytes)),
          line('Peerpatch whole', uncosted(pair.diff.wholeBytes)),
        ]
      : []),
    ...BASELINES.map(({ name }) => line(name, pair.baselines.get(name) ?? { reason: 'not run' })),
  ];
}

function costCells(cost: Cost | undefined): readonly [time: string, peak: string] {
  if (cost === undefined) return [NONE, NONE];
  const peak = cost.peakBytes === undefined ? 'needs GNU time' : `${(cost.peakBytes / MB).toFixed(0)} MB`;
  return [`${(cost.wallMs / 1000).toFixed(2)} s`, peak];
}

function percent(part: number | undefined, whole: number): string {
  return part === undefined ? NONE : `${((100 * part) / whole).toFixed(1)} %`;
}
