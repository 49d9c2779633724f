/**
 * The part of bench/results.md about the pairs.
 *
 * @module
 */
import type { PairsReport } from '../pairs.ts';
import { ROW_HEADER, rowCells } from '../rows.ts';
import { BASELINES } from './baseline.ts';
import { PAIR_HEADER, pairTable } from './pair-table.ts';
import { findTool, toolVersion } from './tool.ts';

/** @param machine a line for each fact about the machine */
export async function pairsDocument(report: PairsReport, machine: readonly string[]): Promise<readonly string[]> {
  const { rows, results, failures } = report;
  const notes = rows.flatMap(({ what, note }) => (note === undefined ? [] : [`${what}: ${note}`]));
  return [
    'Written by `npm run bench -- pairs`. One run, one program at a time.',
    '',
    ...bullets([...machine, ...(await toolLines())]),
    '',
    ...markdownTable([ROW_HEADER, ...rows.map(rowCells)]),
    '',
    '## Pairs',
    '',
    ...bullets(results.map(({ name, title, newBytes }) => `${name}: ${title}, ${newBytes} bytes`)),
    ...bullets(failures),
    '',
    ...markdownTable([PAIR_HEADER, ...pairTable(results)]),
    '',
    '## Notes on the pairs',
    '',
    ...bullets([
      'Peerpatch diff works out every plan, in the compiled command; its bytes are those of the cheapest one with everything but the connections. The delta alone is the work other tools do: made, proven and written.',
      'casync: the chunks that the new program adds to the store of the old one, compressed; its index is not counted.',
      'A tool without a time has reached its size in an earlier run on the same files. Peak RSS is that of the largest process.',
      ...notes,
    ]),
    '',
  ];
}

async function toolLines(): Promise<readonly string[]> {
  return await Promise.all(
    BASELINES.map(async ({ name, debianPackage, flags }) => {
      if ((await findTool(name)) === undefined) return `${name}: not installed (apt-get install ${debianPackage})`;
      return `${name} ${await toolVersion(debianPackage)}: ${flags === '' ? 'no flags' : `\`${flags}\``}`;
    }),
  );
}

function bullets(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `- ${line}`);
}

function markdownTable([header = [], ...rows]: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '/')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}
