import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { fromHex } from '../../../src/core/base/hex.ts';
import { judgeStatement, rolloutDraw, type NodeSituation, type Verdict } from '../../../src/core/statement/eligible.ts';
import type { Statement } from '../../../src/core/statement/statement.ts';
import { signedSample, VECTORS } from '../../support/statement-samples.ts';

const NOW = 1_790_000_000;
const DAY = 86_400;
/** Draws 41.6 for version 1.3.0. */
const SECRET = new Uint8Array(32).fill(82).with(1, 23);
const RUNNING = signedSample({ version: '1.2.3', issuedAt: NOW - DAY }, 100n);
const SITUATION: NodeSituation = {
  running: RUNNING,
  highestSeq: 100n,
  highestVersion: '1.2.3',
  nowSeconds: NOW,
  nodeSecret: SECRET,
  force: false,
};
const NEXT: Partial<Statement> = { version: '1.3.0', issuedAt: NOW, root: new Uint8Array(32).fill(9) };

type Expected = 'take' | 'current' | 'later' | ErrorCode;
const cases: [what: string, fields: Partial<Statement>, seq: bigint, situation: Partial<NodeSituation>, Expected][] = [
  ['newer', {}, 101n, {}, 'take'],
  ['newer, for a program without a statement', {}, 101n, { running: undefined }, 'take'],
  ['the first ever seen', {}, 0n, { running: undefined, highestSeq: 0n }, 'take'],
  ['seen before and not taken', {}, 101n, { highestSeq: 101n }, 'take'],
  ['a lower sequence number than seen', {}, 101n, { highestSeq: 102n }, 'STATEMENT_ROLLED_BACK'],
  ['a lower one than the running', {}, 99n, { highestSeq: 0n }, 'STATEMENT_ROLLED_BACK'],
  ['a lower one, without a running one', {}, 5n, { running: undefined }, 'STATEMENT_ROLLED_BACK'],
  ['a lower one and critical', { isCritical: true }, 99n, {}, 'STATEMENT_ROLLED_BACK'],
  ['a lower one and forced', {}, 99n, { force: true }, 'STATEMENT_ROLLED_BACK'],
  ['a lower version than seen', {}, 101n, { highestVersion: '1.3.1' }, 'STATEMENT_ROLLED_BACK'],
  ['the highest version seen', {}, 101n, { highestVersion: '1.3.0' }, 'take'],
  [
    'a pre-release of the highest seen',
    { version: '1.3.0-rc.1' },
    101n,
    { highestVersion: '1.3.0' },
    'STATEMENT_ROLLED_BACK',
  ],
  [
    'a lower version than seen, forced and critical',
    { isCritical: true },
    101n,
    { highestVersion: '2.0.0', force: true },
    'STATEMENT_ROLLED_BACK',
  ],
  [
    'a lower version than seen, nothing running',
    {},
    101n,
    { running: undefined, highestVersion: '2.0.0' },
    'STATEMENT_ROLLED_BACK',
  ],
  ['the first version ever seen', {}, 101n, { highestVersion: undefined }, 'take'],
  ["the running one's number, other content", {}, 100n, {}, 'STATEMENT_CONFLICT'],
  ['expired', { expiresAt: NOW - 1 }, 101n, {}, 'STATEMENT_EXPIRED'],
  ['expiring this second', { expiresAt: NOW }, 101n, {}, 'STATEMENT_EXPIRED'],
  ['expiring in a second', { expiresAt: NOW + 1 }, 101n, {}, 'take'],
  ['expired, critical and forced', { expiresAt: 1, isCritical: true }, 101n, { force: true }, 'STATEMENT_EXPIRED'],
  ['issued a day ahead', { issuedAt: NOW + DAY }, 101n, {}, 'take'],
  ['issued a day and a second ahead', { issuedAt: NOW + DAY + 1 }, 101n, {}, 'STATEMENT_FROM_FUTURE'],
  ['issued when seconds end', { issuedAt: 2 ** 53 - 1 }, 101n, {}, 'STATEMENT_FROM_FUTURE'],
  ['expired long ago, by a clock that stands', { expiresAt: 0 }, 101n, { nowSeconds: 0 }, 'STATEMENT_EXPIRED'],
  ['the same version of other bytes', { version: '1.2.3' }, 101n, {}, 'RELEASE_NOT_NEWER'],
  ['an older version', { version: '1.2.2' }, 101n, {}, 'RELEASE_NOT_NEWER'],
  ["the running version's pre-release", { version: '1.2.3-rc.1' }, 101n, {}, 'RELEASE_NOT_NEWER'],
  ['the pre-release of the next', { version: '1.2.4-rc.1' }, 101n, {}, 'take'],
  ['the running program, signed again', { version: '1.2.3', root: RUNNING.root }, 101n, {}, 'current'],
  ['its lowest version is running', { lowestVersion: '1.2.3' }, 101n, {}, 'take'],
  ['its lowest version is above', { lowestVersion: '1.2.4' }, 101n, {}, 'STATEMENT_TOO_FAR'],
  ['its lowest version is above, forced', { lowestVersion: '1.2.4' }, 101n, { force: true }, 'STATEMENT_TOO_FAR'],
  ['a lowest version, nothing running', { lowestVersion: '1.2.4' }, 101n, { running: undefined }, 'take'],
  ['rolled out to nobody', rollout(0), 101n, {}, 'later'],
  ['rolled out to nobody, forced', rollout(0), 101n, { force: true }, 'take'],
  ['rolled out to nobody, critical', { ...rollout(0), isCritical: true }, 101n, {}, 'take'],
  ['rolled out to all', rollout(100), 101n, {}, 'take'],
  ['rolled out to less than the draw', rollout(41), 101n, {}, 'later'],
  ['rolled out to more than the draw', rollout(42), 101n, {}, 'take'],
  ['rolled out from a second on', rollout(100, NOW + 1), 101n, {}, 'later'],
  ['rolled out from now on', rollout(100, NOW), 101n, {}, 'take'],
  ['a ramp that begins now', rollout(100, NOW, 1000), 101n, {}, 'later'],
  ['a ramp before the draw', rollout(100, NOW - 415, 1000), 101n, {}, 'later'],
  ['a ramp behind the draw', rollout(100, NOW - 417, 1000), 101n, {}, 'take'],
  ['a ramp to half, before the draw', rollout(50, NOW - 831, 1000), 101n, {}, 'later'],
  ['a ramp to half, behind the draw', rollout(50, NOW - 833, 1000), 101n, {}, 'take'],
  ['a ramp that is over, to less than the draw', rollout(41, NOW - 5000, 1000), 101n, {}, 'later'],
];

function rollout(percent: number, startsAt = 0, rampSeconds = 0): Partial<Statement> {
  return { rollout: { percent, startsAt, rampSeconds } };
}

function judge(fields: Partial<Statement>, seq: bigint, situation: Partial<NodeSituation> = {}): Verdict {
  return judgeStatement(signedSample({ ...NEXT, ...fields }, seq), { ...SITUATION, ...situation });
}

describe('whether a statement is taken', () => {
  it.each(cases)('%s', (_what, fields, seq, situation, expected) => {
    const verdict = judge(fields, seq, situation);
    expect(verdict.kind === 'refuse' ? verdict.code : verdict.kind).toBe(expected);
    if (verdict.kind === 'refuse' || verdict.kind === 'later') expect(verdict.reason).not.toMatch(/[A-Z].*\.$/);
  });

  it("the running program's own is current, also when it has expired since", () => {
    const own = signedSample({ version: '1.2.3', expiresAt: NOW - 1 }, 100n);
    expect(judgeStatement(own, { ...SITUATION, running: own })).toEqual({ kind: 'current' });
  });

  it('a rollout tells when this node will take it: then it does, and not a second earlier', () => {
    for (const fields of [rollout(100, NOW + 50), rollout(100, NOW, 1000), rollout(60, NOW - 10, 100_000)]) {
      const verdict = judge(fields, 101n);
      const at = verdict.kind === 'later' ? (verdict.atSeconds ?? NaN) : NaN;
      expect(judge(fields, 101n, { nowSeconds: at }).kind).toBe('take');
      expect(judge(fields, 101n, { nowSeconds: at - 1 }).kind).toBe('later');
    }
  });

  it('a rollout that never comes to this node says no time', () => {
    const verdict = judge(rollout(41), 101n);
    expect(verdict).toMatchObject({ kind: 'later' });
    expect(verdict).not.toHaveProperty('atSeconds');
  });
});

describe('the draw', () => {
  it('is the one of the vectors', () => {
    for (const { secret, version, draw } of VECTORS.draws) {
      expect(rolloutDraw(fromHex(secret), version)).toBe((draw / 2 ** 48) * 100);
    }
    expect(VECTORS.draws).toHaveLength(8);
    expect(rolloutDraw(SECRET, '1.3.0')).toBeGreaterThan(41);
    expect(rolloutDraw(SECRET, '1.3.0')).toBeLessThan(42);
  });

  it('spreads nodes evenly, and anew for each version', () => {
    const draws = (version: string): number[] =>
      Array.from({ length: 1000 }, (_, node) =>
        rolloutDraw(new Uint8Array(32).fill(node & 255).with(0, node >> 8), version),
      );
    const below = (all: number[], percent: number): number => all.filter((draw) => draw < percent).length;
    const [first, second] = [draws('1.0.0'), draws('1.0.1')];
    for (const percent of [10, 25, 50, 90]) {
      expect(Math.abs(below(first, percent) - percent * 10)).toBeLessThan(50);
    }
    const inBoth = first.filter((draw, node) => draw < 50 && (second[node] ?? 0) < 50).length;
    expect(Math.abs(inBoth - 250)).toBeLessThan(60);
  });
});
