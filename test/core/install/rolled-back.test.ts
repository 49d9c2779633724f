import { expect, it } from 'vitest';
import { afterRollBack, afterTelling, journalOfInstall, type Journal } from '../../../src/core/install/journal.ts';
import { findRollBack } from '../../../src/core/install/rolled-back.ts';

const OLD = { version: '1.0.0', id: 'a1'.repeat(32) };
const NEW = { version: '1.1.0', id: 'b2'.repeat(32) };
const PROBATION = journalOfInstall({ to: NEW, from: OLD, before: undefined, nowMs: 1 });
const ROLLED_BACK = afterRollBack(PROBATION, { reason: 'it hung', nowMs: 2 });
const BACK = { from: NEW, to: OLD };

const cases: [what: string, journal: Journal | undefined, programId: string, quarantined: string[], found: unknown][] =
  [
    ['there is no journal', undefined, OLD.id, [NEW.id], undefined],
    ['it was rolled back', ROLLED_BACK, OLD.id, [], { ...BACK, reason: 'it hung' }],
    ['that was told already', afterTelling(ROLLED_BACK), OLD.id, [NEW.id], { ...BACK, reason: 'it hung' }],
    ['another one was put there since', ROLLED_BACK, 'c3'.repeat(32), [NEW.id], undefined],
    ['the one taken back was put there again', ROLLED_BACK, NEW.id, [NEW.id], undefined],
    [
      'a roll back has not written it down yet',
      PROBATION,
      OLD.id,
      [NEW.id],
      { ...BACK, reason: 'it did not prove itself' },
    ],
    ['an install has not put it in place yet', PROBATION, OLD.id, [], undefined],
    ['what is on probation is in place', PROBATION, NEW.id, [NEW.id], undefined],
  ];

it.each(cases)('%s', (_what, journal, programId, quarantined, found) => {
  expect(findRollBack({ journal, programId, isQuarantined: (id) => quarantined.includes(id) })).toEqual(found);
});
