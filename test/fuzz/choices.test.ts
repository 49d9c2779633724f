/**
 * Random files of choices: refused with their own error, or written back byte for byte.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeChoices, encodeChoices, NO_CHOICES } from '../../src/core/install/choices.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const samples = [
  encodeChoices(NO_CHOICES),
  encodeChoices({ pin: '1.2.0', skip: [] }),
  encodeChoices({ pin: undefined, skip: ['1.2.0-rc.1', '1.2.0', '1.10.0'] }),
];

function check(bytes: Uint8Array): boolean {
  return accepts(() => {
    expect(encodeChoices(decodeChoices(bytes))).toEqual(bytes);
  }, 'INSTALL_STATE_DAMAGED');
}

it('files of choices', () => {
  let accepted = 0;
  const near = fc.property(bytesNear(...samples), (bytes) => {
    if (check(bytes)) accepted++;
  });
  fc.assert(near, { numRuns: FUZZ_RUNS });
  expect(accepted).toBeGreaterThan(FUZZ_RUNS / 1000);
});

it.each(regressions('choices'))('regression %s', (_file, bytes) => {
  check(bytes);
});
