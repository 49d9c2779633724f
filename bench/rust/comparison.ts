/**
 * The figures of the compared systems as Markdown: medians, what they lie between, ratios, and where they come from.
 *
 * @module
 */
import { median } from '../rows.ts';
import type { UpdateFigures } from './measured-update.ts';
import type { Plan } from './plan.ts';

export interface SystemResults {
  readonly name: string;
  readonly updates: readonly UpdateFigures[];
}

export interface LinkResults {
  /** Undefined: as fast as the machine. */
  readonly mbitPerSecond: number | undefined;
  /** The first is the one the others are compared with. */
  readonly results: readonly SystemResults[];
}

interface Figure {
  readonly what: string;
  readonly of: keyof UpdateFigures;
  readonly unit: 's' | 'MB' | 'MiB';
}

const FIGURES: readonly Figure[] = [
  { what: 'start of the old version to the new version running', of: 'totalMs', unit: 's' },
  { what: 'of it, until 1 % of the program has crossed', of: 'findingMs', unit: 's' },
  { what: 'of it, from 1 % to 99 %', of: 'transferMs', unit: 's' },
  { what: 'of it, from 99 % on', of: 'installingMs', unit: 's' },
  { what: 'on the wire to the updater', of: 'toUpdaterBytes', unit: 'MB' },
  { what: 'on the wire to the seeder', of: 'toSeederBytes', unit: 'MB' },
  { what: 'peak memory of the seeder', of: 'seederPeakBytes', unit: 'MiB' },
  { what: 'peak memory of the updater', of: 'updaterPeakBytes', unit: 'MiB' },
  { what: 'CPU of the seeder', of: 'seederCpuMs', unit: 's' },
  { what: 'CPU of the updater', of: 'updaterCpuMs', unit: 's' },
];
const UNIT_SIZE = { s: 1000, MB: 1e6, MiB: 1024 ** 2 } as const;

const RULES: readonly string[] = [
  'The new version runs, and its record is in the DHT, before the old version starts. Both systems look when they start and then about once a minute; the time counts from the start, so that the minute is not in it.',
  'It ends with the first line the new version writes. The phases are told by the bytes on the cable, not by the programs.',
  'Wire: whole Ethernet frames at the cable between the two ends, one packet each, everything included: DHT, name server, transfer. Nothing leaves the two ends; no relay can be reached.',
  'The slow link: both directions pass a token bucket of that rate with room for 50 ms; no delay is added.',
  'Memory: the highest resident size the kernel saw, with the touched pages of the program file. CPU: of all threads; the seeder’s from the start of the old version on, the updater’s with the start of the new version in it.',
  'The Rust programs are filled up to the size of the Peerpatch ones with bytes behind their end. Every update has an owner key of its own; the files of the first, uncounted update of each system are warm.',
  'The ratio is Peerpatch / rustpatcher, of the medians: below 1 Peerpatch needs less.',
];

const REASONS: readonly string[] = [
  'Transfer: `@number0/iroh` passes every byte through JavaScript as a number, on one thread at each end: in a profile of a download that is nine tenths of the fetching thread’s time and two thirds of the serving one’s, and it bounds the transfer. Rust hands over memory. Where the link is slower than these threads it bounds both systems alike.',
  'Until 1 %: rustpatcher reads and verifies its own file twice before it dials, and reads two slots twice, one after the other. Peerpatch reads its three slots at once, and verifies its own file meanwhile.',
  'From 99 % on: rustpatcher verifies, writes the file to the temporary folder and copies it from there, without waiting for the disk. Peerpatch has hashed and written what arrived before, waits for the disk, renames, and starts Node.',
  'Memory: rustpatcher keeps its own file in memory twice and copies it for each download it serves; a download is held several times over. Peerpatch streams from and to the disk; what it has is Node and the touched part of the program.',
];

export function formatComparison(plan: Plan, links: readonly LinkResults[]): readonly string[] {
  const size = (plan.sizeBytes / 1e6).toFixed(1);
  return [
    `Written by \`npm run bench:rust\`. A program of ${size} MB (${String(plan.sizeBytes)} bytes, the same for all) goes from 1.0.0 to 1.1.0: by rustpatcher from rustpatcher, by Peerpatch from Peerpatch (${plan.nodeName}), by turns, in one private DHT. Each cell: the median of ${String(plan.runs)} updates, and the least and the most.`,
    '',
    ...plan.machine.map((fact) => `- ${fact}`),
    '',
    ...links.flatMap(({ mbitPerSecond, results }) => [
      mbitPerSecond === undefined ? '## Cable as fast as the machine' : `## Link of ${mbitPerSecond} Mbit/s`,
      '',
      ...comparisonTable(results),
      '',
    ]),
    '## How it is measured',
    '',
    ...RULES.map((rule) => `- ${rule}`),
    '',
    '## Where the differences come from',
    '',
    ...REASONS.map((reason) => `- ${reason}`),
    '',
  ];
}

/** A Markdown table: a row for each figure, a column for each system, and one for each ratio. */
export function comparisonTable([first, ...others]: readonly SystemResults[]): readonly string[] {
  if (first === undefined) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const header = ['figure', first.name, ...others.flatMap(({ name }) => [name, 'ratio'])];
  const rows = FIGURES.map((figure) => {
    const ofFirst = middle(first, figure);
    const compared = others.flatMap((other) => [cell(other, figure), (ofFirst / middle(other, figure)).toFixed(2)]);
    return line([figure.what, cell(first, figure), ...compared]);
  });
  return [line(header), line(header.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows];
}

function middle({ updates }: SystemResults, { of }: Figure): number {
  return median(updates.map((update) => update[of]));
}

/** `14.3 s (13.9–15.0)` */
function cell(system: SystemResults, figure: Figure): string {
  const values = system.updates.map((update) => update[figure.of]);
  const text = (value: number): string => (value / UNIT_SIZE[figure.unit]).toFixed(figure.unit === 'MiB' ? 0 : 2);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${text(middle(system, figure))} ${figure.unit} (${text(least)}–${text(most)})`;
}
