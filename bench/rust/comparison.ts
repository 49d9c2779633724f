/**
 * The figures of the compared systems as Markdown: medians, what they lie between, ratios, verdicts, and where they come from.
 *
 * @module
 */
import { median } from '../rows.ts';
import type { UpdateFigures } from './measured-update.ts';
import type { Plan } from './plan.ts';

export interface SystemResults {
  readonly name: string;
  readonly isOurs: boolean;
  readonly updates: readonly UpdateFigures[];
}

export interface LinkResults {
  /** Undefined: as fast as the machine. */
  readonly mbitPerSecond: number | undefined;
  /** Ours are compared with the first of the others. */
  readonly results: readonly SystemResults[];
}

interface Figure {
  readonly what: string;
  readonly of: keyof UpdateFigures;
  readonly unit: 's' | 'MB' | 'MiB';
  /** A part of another figure: not judged. */
  readonly isPhase?: boolean;
}

const FIGURES: readonly Figure[] = [
  { what: 'start of the updater to the new version running', of: 'totalMs', unit: 's' },
  { what: 'of it, until 1 % of the bytes have crossed', of: 'findingMs', unit: 's', isPhase: true },
  { what: 'of it, from 1 % to 99 %', of: 'transferMs', unit: 's', isPhase: true },
  { what: 'of it, from 99 % on', of: 'installingMs', unit: 's', isPhase: true },
  { what: 'on the wire to the updater', of: 'toUpdaterBytes', unit: 'MB' },
  { what: 'on the wire to the seeder', of: 'toSeederBytes', unit: 'MB' },
  { what: 'peak memory of the seeder', of: 'seederPeakBytes', unit: 'MiB' },
  { what: 'peak memory of the updater', of: 'updaterPeakBytes', unit: 'MiB' },
  { what: 'CPU of the seeder', of: 'seederCpuMs', unit: 's' },
  { what: 'CPU of the updater', of: 'updaterCpuMs', unit: 's' },
];
const DECIMALS = { s: 2, MB: 3, MiB: 0 } as const;
const UNIT_SIZE = { s: 1000, MB: 1e6, MiB: 1024 ** 2 } as const;

const RULES: readonly string[] = [
  'Small change: 1.0.0 becomes 1.1.0, in which a few lines of the app were changed; the owner made a delta (`peerpatch sign --previous`). Whole program: a first install, by an executable that has nothing of the program, fetches it in chunks and becomes it. rustpatcher has one way for both: 1.0.0 fetches 1.1.0 as one file.',
  'The new version runs, and its record is in the DHT, before the updater starts. All look when they start; the time counts from the start, so that no interval is in it.',
  'It ends with the first line the new version writes. The phases are told by the bytes on the cable, not by the programs; where less than 1 % of the program crosses it there are none.',
  'Wire: whole Ethernet frames at the cable between the two ends, one packet each, everything included: DHT, name server, transfer. Nothing leaves the two ends; no relay can be reached.',
  'The slow link: both directions pass a token bucket of that rate with room for 50 ms; no delay is added.',
  'Memory: the highest resident size the kernel saw, with the touched pages of the program file. CPU: of all threads; the seeder’s from the start of the updater on, the updater’s with the start of the new version in it.',
  'The Rust programs are filled up to the size of the Peerpatch ones with bytes behind their end. Every update has an owner key of its own and no delta kept from another one; the files of the first, uncounted update of each system are warm.',
  'The ratios are of the medians: below 1 Peerpatch needs less.',
];

const REASONS: readonly string[] = [
  'Bytes: a small change is a delta, and what remains are the DHT and the handshake. A whole program crosses in chunks, compressed.',
  'Whole program, time and CPU: `@number0/iroh` passes every byte through JavaScript as a number, on one thread at each end; the seeder compresses each chunk when it is first asked for, the updater decompresses and verifies it. Rust hands over memory, uncompressed.',
  'Before the transfer: rustpatcher reads and verifies its own file twice before it dials, and reads two slots twice, one after the other. Peerpatch reads its three slots at once, and verifies its own file meanwhile.',
  'After it: rustpatcher verifies, writes the file to the temporary folder and copies it from there, without waiting for the disk. Peerpatch waits for the disk, renames, and starts Node.',
  'Memory: rustpatcher keeps its own file in memory twice and copies it for each download it serves; a download is held several times over. Peerpatch streams from and to the disk; what it has is Node and the touched part of the program.',
];

export function formatComparison(plan: Plan, links: readonly LinkResults[]): readonly string[] {
  const size = (plan.sizeBytes / 1e6).toFixed(1);
  return [
    `Written by \`npm run bench:rust\`. A program of ${size} MB (${String(plan.sizeBytes)} bytes, the same for all) goes from peer to peer: by rustpatcher, and by Peerpatch (${plan.nodeName}), by turns, in one private DHT. Each cell: the median of ${String(plan.runs)} updates, and the least and the most.`,
    '',
    ...plan.machine.map((fact) => `- ${fact}`),
    '',
    ...links.flatMap(({ mbitPerSecond, results }) => [
      mbitPerSecond === undefined ? '## Cable as fast as the machine' : `## Link of ${mbitPerSecond} Mbit/s`,
      '',
      ...comparisonTable(results),
      '',
      ...verdicts(results).map((verdict) => `- ${verdict}`),
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

/** A Markdown table: a row for each figure, a column for each system, and one for each ratio to the first that is not ours. */
export function comparisonTable(results: readonly SystemResults[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const { ours, reference } = sides(results);
  const header = ['figure', ...results.map(({ name }) => name), ...ours.map(({ name }) => `ratio: ${name}`)];
  const rows = FIGURES.map((figure) =>
    line([
      figure.what,
      ...results.map((system) => cell(system, figure)),
      ...ours.map((system) => ratioText(middle(system, figure) / middle(reference, figure))),
    ]),
  );
  return [line(header), line(header.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows];
}

/** Where ours is behind, one sentence each. */
export function verdicts(results: readonly SystemResults[]): readonly string[] {
  const { ours, reference } = sides(results);
  return ours.map((system) => {
    const ratios = FIGURES.filter(({ isPhase }) => isPhase !== true).map((figure) => ({
      what: figure.what,
      ratio: middle(system, figure) / middle(reference, figure),
    }));
    const behind = ratios.filter(({ ratio }) => ratio >= 1).map(({ what, ratio }) => `${what} (${ratioText(ratio)})`);
    const which = behind.length === 0 ? 'ahead in all' : `behind in ${behind.join(', ')}; ahead in the rest`;
    return `${system.name}, beside ${reference.name}: ${which}.`;
  });
}

function sides(results: readonly SystemResults[]): {
  readonly ours: readonly SystemResults[];
  readonly reference: SystemResults;
} {
  const reference = results.find(({ isOurs }) => !isOurs);
  if (reference === undefined) throw new RangeError('nothing to compare with');
  return { ours: results.filter(({ isOurs }) => isOurs), reference };
}

function middle({ updates }: SystemResults, { of }: Figure): number {
  return median(updates.map((update) => update[of]));
}

/** `14.3 s (13.9–15.0)`, or a dash for what does not happen. */
function cell(system: SystemResults, figure: Figure): string {
  const values = system.updates.map((update) => update[figure.of]);
  if (values.some(Number.isNaN)) return '–';
  const text = (value: number): string => (value / UNIT_SIZE[figure.unit]).toFixed(DECIMALS[figure.unit]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${text(middle(system, figure))} ${figure.unit} (${text(least)}–${text(most)})`;
}

/** With two digits that say something, however small. */
function ratioText(ratio: number): string {
  if (Number.isNaN(ratio)) return '–';
  return ratio >= 0.1 ? ratio.toFixed(2) : Number(ratio.toPrecision(2)).toString();
}
