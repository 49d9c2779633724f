import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_INSTALL_STATE_BYTES } from '../../../src/core/base/limits.ts';
import {
  afterRollBack,
  afterStart,
  afterTelling,
  decodeJournal,
  encodeJournal,
  isPreviousName,
  journalOfInstall,
  previousName,
  afterGoodEnd,
  takeBackStart,
  type Journal,
  type ProbationJournal,
} from '../../../src/core/install/journal.ts';

const A = 'a1'.repeat(32);
const B = 'b2'.repeat(32);
const GOLDEN_PROBATION = `{"format":1,"phase":"probation","to":{"version":"1.1.0","id":"${B}"},"from":{"version":"1.0.0","id":"${A}"},"over":null,"previous":"1.0.0~a1a1a1a1a1a1a1a1","installedAt":1700000000000,"starts":2}\n`;
const PROBATION: ProbationJournal = {
  format: 1,
  phase: 'probation',
  to: { version: '1.1.0', id: B },
  from: { version: '1.0.0', id: A },
  over: null,
  previous: '1.0.0~a1a1a1a1a1a1a1a1',
  installedAt: 1_700_000_000_000,
  starts: 2,
};
const GOLDEN_ROLLED_BACK = `{"format":1,"phase":"rolled-back","from":{"version":"1.1.0","id":"${B}"},"to":{"version":"1.0.0","id":"${A}"},"reason":"it hung","at":1700000000001,"told":false}\n`;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (journal: Journal): string => new TextDecoder().decode(encodeJournal(journal));
const name = fc.record({
  version: fc.constantFrom('1.0.0', '1.2.3-rc.1', '999.0.0'),
  id: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((id) => Buffer.from(id).toString('hex')),
});

describe('the journal', () => {
  it('on probation is this line', () => {
    expect(text(PROBATION)).toBe(GOLDEN_PROBATION);
    expect(decodeJournal(bytes(GOLDEN_PROBATION))).toEqual(PROBATION);
  });

  it('after a roll back is this line', () => {
    const journal = afterRollBack(PROBATION, { reason: 'it hung', nowMs: 1_700_000_000_001 });
    expect(text(journal)).toBe(GOLDEN_ROLLED_BACK);
    expect(decodeJournal(bytes(GOLDEN_ROLLED_BACK))).toEqual(journal);
    expect(text(afterTelling(journal))).toBe(GOLDEN_ROLLED_BACK.replace('"told":false', '"told":true'));
  });

  it('gives back what was put in, always below the limit', () => {
    const probation = fc.record({
      format: fc.constant(1 as const),
      phase: fc.constant('probation' as const),
      to: name,
      from: name,
      over: fc.option(name),
      previous: name.map(previousName),
      installedAt: fc.maxSafeNat(),
      starts: fc.nat(),
    });
    const rolledBack = fc
      .tuple(name, name, fc.string({ unit: 'binary', maxLength: 600 }), fc.maxSafeNat(), fc.boolean())
      .map(([from, to, reason, nowMs, told]) => ({
        ...afterRollBack({ to: from, from: to }, { reason, nowMs }),
        told,
      }));
    fc.assert(
      fc.property(fc.oneof(probation, rolledBack), (journal) => {
        const encoded = encodeJournal(journal);
        expect(encoded.length).toBeLessThanOrEqual(MAX_INSTALL_STATE_BYTES);
        expect(decodeJournal(encoded)).toEqual(journal);
      }),
    );
  });

  const replaced = (golden: string, from: string, to: string): string => {
    expect(golden).toContain(from);
    return golden.replace(from, to);
  };
  it.each([
    ['nothing', () => ''],
    ['half of it', () => GOLDEN_PROBATION.slice(0, 100)],
    ['zeros, as a power cut leaves them', () => '\0'.repeat(200)],
    ['no line end', () => GOLDEN_PROBATION.trimEnd()],
    ['something behind it', () => `${GOLDEN_PROBATION}\n`],
    ['another format', () => replaced(GOLDEN_PROBATION, '"format":1', '"format":2')],
    ['an unknown phase', () => replaced(GOLDEN_PROBATION, '"probation"', '"trial"')],
    ['a key more', () => replaced(GOLDEN_PROBATION, '"starts":2', '"starts":2,"x":0')],
    ['a key less', () => replaced(GOLDEN_PROBATION, '"over":null,', '')],
    ['a key twice', () => replaced(GOLDEN_PROBATION, '"starts":2', '"starts":2,"starts":2')],
    ['a name with a key more', () => replaced(GOLDEN_PROBATION, '"version":"1.1.0"', '"version":"1.1.0","x":0')],
    ['no version', () => replaced(GOLDEN_PROBATION, '"1.1.0"', '"1.1"')],
    ['an id in upper case', () => replaced(GOLDEN_PROBATION, B, B.toUpperCase())],
    ['a kept name with a path', () => replaced(GOLDEN_PROBATION, '1.0.0~a1', '../../~a1')],
    ['a hidden kept name', () => replaced(GOLDEN_PROBATION, '"1.0.0~', '".1.0~')],
    ['a negative count', () => replaced(GOLDEN_PROBATION, '"starts":2', '"starts":-1')],
    ['a count as text', () => replaced(GOLDEN_PROBATION, '"starts":2', '"starts":"2"')],
    ['a fraction', () => replaced(GOLDEN_PROBATION, '"starts":2', '"starts":2.5')],
    ['another way to write a number', () => replaced(GOLDEN_PROBATION, '"starts":2', '"starts":2e0')],
    ['a time beyond whole numbers', () => replaced(GOLDEN_PROBATION, '1700000000000', '17000000000000000000')],
    ['a reason of two lines', () => replaced(GOLDEN_ROLLED_BACK, 'it hung', 'it\\nhung')],
    ['a reason too long', () => replaced(GOLDEN_ROLLED_BACK, 'it hung', 'x'.repeat(301))],
    ['told as a number', () => replaced(GOLDEN_ROLLED_BACK, 'false', '0')],
  ])('rejects: %s', (_name, damage) => {
    expect(() => decodeJournal(bytes(damage()))).toThrow(expect.objectContaining({ code: 'INSTALL_STATE_DAMAGED' }));
  });
});

describe('the journal of an install', () => {
  const C = { version: '1.2.0', id: 'c3'.repeat(32) };
  const nowMs = 5;

  it('goes back to what was in place', () => {
    const journal = journalOfInstall({ to: PROBATION.to, from: PROBATION.from, before: undefined, nowMs });
    expect(journal).toEqual({ ...PROBATION, installedAt: 5, starts: 0 });
  });

  it('over a program that has not proven itself goes back to the one before it', () => {
    const journal = journalOfInstall({ to: C, from: PROBATION.to, before: PROBATION, nowMs });
    expect(journal).toMatchObject({ to: C, from: PROBATION.from, over: PROBATION.to, previous: PROBATION.previous });
  });

  it.each([
    ['says that another one was on probation', { ...PROBATION, to: { version: '1.1.0', id: 'd4'.repeat(32) } }],
    ['tells of a roll back', afterRollBack(PROBATION, { reason: 'x', nowMs: 1 })],
  ])('goes back to what was in place when the journal before it %s', (_name, before) => {
    const journal = journalOfInstall({ to: C, from: PROBATION.to, before, nowMs });
    expect(journal).toMatchObject({ from: PROBATION.to, over: null, previous: previousName(PROBATION.to) });
  });

  it('counts starts up, and back down to none', () => {
    expect(afterStart(PROBATION).starts).toBe(3);
    expect(takeBackStart(PROBATION).starts).toBe(1);
    expect(takeBackStart({ ...PROBATION, starts: 0 }).starts).toBe(0);
    expect(takeBackStart({ ...PROBATION, starts: 5 }, 3).starts).toBe(2);
    expect(takeBackStart({ ...PROBATION, starts: 2 }, 3).starts).toBe(0);
  });

  it.each([
    [0, 0, 0],
    [3, 0, 0],
    [3, 1, 1],
    [3, 5, 2],
  ])('counts after a good end, of %i starts beside %i that live, %i', (starts, alive, left) => {
    expect(afterGoodEnd({ ...PROBATION, starts }, alive).starts).toBe(left);
  });

  it('names kept programs so that the name is none of a path', () => {
    expect(previousName({ version: '1.0.0-rc.1', id: A })).toBe('1.0.0-rc.1~a1a1a1a1a1a1a1a1');
    expect(isPreviousName('1.0.0-rc.1~a1a1a1a1a1a1a1a1')).toBe(true);
    for (const bad of ['..', '../x~a1a1a1a1a1a1a1a1', 'x/y~a1a1a1a1a1a1a1a1', '1.0.0~a1', '.x~a1a1a1a1a1a1a1a1', '']) {
      expect(isPreviousName(bad)).toBe(false);
    }
  });
});
