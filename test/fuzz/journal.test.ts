/**
 * Random files of an install folder: refused with their own error, or written back byte for byte.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { afterRollBack, decodeJournal, encodeJournal, journalOfInstall } from '../../src/core/install/journal.ts';
import { decodeQuarantine, encodeQuarantine } from '../../src/core/install/quarantine.ts';
import { decodeTicket, encodeTicket } from '../../src/core/install/ticket.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const from = { version: '1.0.0', id: 'a1'.repeat(32) };
const to = { version: '1.1.0-rc.1', id: 'b2'.repeat(32) };
const probation = journalOfInstall({ to, from, before: undefined, nowMs: 1_700_000_000_000 });
const over = journalOfInstall({ to: from, from: to, before: probation, nowMs: 1 });
const rolledBack = afterRollBack(probation, { reason: 'it was started 3 times', nowMs: 2 });

const FORMATS = [
  {
    name: 'journal',
    samples: [probation, over, rolledBack].map(encodeJournal),
    again: (bytes: Uint8Array) => encodeJournal(decodeJournal(bytes)),
  },
  {
    name: 'quarantine note',
    samples: [encodeQuarantine({ version: '1.1.0', reason: 'é "quoted"', at: 1 })],
    again: (bytes: Uint8Array) => encodeQuarantine(decodeQuarantine(bytes)),
  },
  {
    name: 'lock ticket',
    samples: [encodeTicket({ pid: 4711, system: '0a1b2c3d', startedAt: '-', free: true })],
    again: (bytes: Uint8Array) => encodeTicket(decodeTicket(bytes)),
  },
] as const;

function check(bytes: Uint8Array, again: (bytes: Uint8Array) => Uint8Array): boolean {
  return accepts(() => {
    expect(again(bytes)).toEqual(bytes);
  }, 'INSTALL_STATE_DAMAGED');
}

it.each(FORMATS)('$name', ({ samples, again }) => {
  let accepted = 0;
  const near = fc.property(bytesNear(...samples), (bytes) => {
    if (check(bytes, again)) accepted++;
  });
  fc.assert(near, { numRuns: FUZZ_RUNS });
  expect(accepted).toBeGreaterThan(FUZZ_RUNS / 1000);
});

it.each(regressions('journal'))('regression %s', (_file, bytes) => {
  for (const { again } of FORMATS) check(bytes, again);
});
