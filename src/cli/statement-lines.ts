/**
 * A statement as lines for people and as values for `--json`. Says nothing about whether it was verified.
 *
 * @module
 */
import { toHex, type SignedStatement, type Statement } from '../index.ts';

/** One field a line: a name of ten characters, then its value. */
export function statementLines(statement: Statement): string[] {
  const { rollout, expiresAt, lowestVersion, notesUrl } = statement;
  const lines: [name: string, value: string | undefined][] = [
    ['app', statement.app],
    ['target', statement.target],
    ['channel', statement.channel],
    ['release', statement.version],
    ['root', toHex(statement.root)],
    ['issued', isoTime(statement.issuedAt)],
    ['expires', expiresAt === undefined ? undefined : isoTime(expiresAt)],
    ['lowest', lowestVersion],
    ['critical', statement.isCritical ? 'yes' : undefined],
    [
      'rollout',
      rollout && `${rollout.percent} % from ${isoTime(rollout.startsAt)}, reached in ${rollout.rampSeconds} s`,
    ],
    ...statement.deltas.map(({ fromRoot, sizeBytes, root }): [string, string] => [
      'delta',
      `${sizeBytes} bytes from ${toHex(fromRoot)}, root ${toHex(root)}`,
    ]),
    ...statement.mirrors.map((url): [string, string] => ['mirror', url]),
    ['notes', notesUrl],
    ['speaks v0', statement.speaksV0 ? 'yes' : undefined],
  ];
  return lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(10)} ${value}`]));
}

/** All fields, byte strings as hex; `seq` as text, because it may be larger than a number can be. */
export function statementJson(
  statement: Statement & Partial<Pick<SignedStatement, 'seq'>>,
): Readonly<Record<string, unknown>> {
  const { app, target, channel, version, sizeBytes, stampOffset, root, chunking, issuedAt, seq } = statement;
  const { expiresAt, lowestVersion, isCritical, rollout, deltas, mirrors, notesUrl, speaksV0 } = statement;
  return {
    ...{ app, target, channel, version, sizeBytes, stampOffset, root: toHex(root), chunking, issuedAt },
    ...(seq !== undefined && { seq: seq.toString() }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(lowestVersion !== undefined && { lowestVersion }),
    isCritical,
    ...(rollout !== undefined && { rollout }),
    deltas: deltas.map((delta) => ({
      fromRoot: toHex(delta.fromRoot),
      sizeBytes: delta.sizeBytes,
      root: toHex(delta.root),
    })),
    mirrors,
    ...(notesUrl !== undefined && { notesUrl }),
    speaksV0,
  };
}

/** Not a date for what `Date` cannot hold. */
function isoTime(seconds: number): string {
  return seconds <= 8.64e12 ? new Date(seconds * 1000).toISOString().replace('.000Z', 'Z') : `${seconds} s`;
}
