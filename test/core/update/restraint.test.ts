import { describe, expect, it } from 'vitest';
import { NO_RESTRAINTS, ruledOut, type JudgedRelease, type Restraints } from '../../../src/core/update/restraint.ts';

const BAD = 'ba'.repeat(32);
const GOOD = '90'.repeat(32);
const quarantined = new Map([[BAD, { version: '1.2.0', reason: 'it crashed', isOwn: true }]]);
const foreign = new Map([[BAD, { version: '1.2.0', reason: 'it crashed', isOwn: false }]]);

const cases: [
  what: string,
  release: Partial<JudgedRelease>,
  restraints: Partial<Restraints>,
  reason: string | undefined,
][] = [
  ['nothing', {}, {}, undefined],
  ['quarantine', { id: BAD }, { quarantined }, 'in quarantine here (it crashed)'],
  ['quarantine, by another copy', { id: BAD }, { quarantined: foreign }, 'in quarantine here (it crashed)'],
  ['quarantine, of the version of another release', { id: GOOD }, { quarantined }, undefined],
  ['quarantine, of a version in a record', { isFromRecord: true }, { quarantined }, 'in quarantine here'],
  ["quarantine, of another program's version", { isFromRecord: true }, { quarantined: foreign }, undefined],
  ['quarantine, of another version', { isFromRecord: true, version: '1.2.1' }, { quarantined }, undefined],
  ['quarantine, though pinned to it', { id: BAD }, { quarantined, pin: '1.2.0' }, 'in quarantine here'],
  ['people', {}, { skip: ['1.1.0', '1.2.0'] }, '1.2.0 is skipped here'],
  ['people, another version', {}, { skip: ['1.2.0-rc.1', '1.2.1'] }, undefined],
  ['people, though pinned to it', {}, { skip: ['1.2.0'], pin: '1.2.0' }, '1.2.0 is skipped here'],
  ['the option skipVersions', {}, { skipVersions: ['1.2.0'] }, '1.2.0 is among the skipVersions'],
  ['the option skipVersions, another version', {}, { skipVersions: ['1.2.1'] }, undefined],
  ['a pin below', {}, { pin: '1.1.0' }, 'pinned to 1.1.0 here, this is 1.2.0'],
  ['a pin above', {}, { pin: '1.3.0' }, 'pinned to 1.3.0 here'],
  ['a pin to its pre-release', {}, { pin: '1.2.0-rc.1' }, 'pinned to 1.2.0-rc.1 here'],
  ['a pin to it', {}, { pin: '1.2.0' }, undefined],
  ['a ceiling below', {}, { maxVersion: '1.1.9' }, '1.2.0 is above 1.1.9'],
  ['a ceiling of its pre-release', {}, { maxVersion: '1.2.0-rc.9' }, '1.2.0 is above 1.2.0-rc.9'],
  ['a ceiling that it just reaches', {}, { maxVersion: '1.2.0' }, undefined],
  ['a ceiling, by numbers and not by text', { version: '1.10.0' }, { maxVersion: '1.9.0' }, '1.10.0 is above 1.9.0'],
  ['a ceiling below the pin', {}, { pin: '1.2.0', maxVersion: '1.1.0' }, '1.2.0 is above 1.1.0'],
];

describe('a release on this machine', () => {
  it.each(cases)('is ruled out or not by %s', (_what, release, restraints, reason) => {
    const judged = ruledOut(
      { version: '1.2.0', id: GOOD, isFromRecord: false, ...release },
      { ...NO_RESTRAINTS, ...restraints },
    );
    if (reason === undefined) expect(judged).toBeUndefined();
    else expect(judged?.reason).toContain(reason);
  });

  it('is ruled out with the command that ends it, where people can', () => {
    const reasons = [{ quarantined }, { skip: ['1.2.0'] }, { pin: '1.1.0' }].map(
      (restraints) =>
        ruledOut({ version: '1.2.0', id: BAD, isFromRecord: false }, { ...NO_RESTRAINTS, ...restraints })?.reason,
    );
    expect(reasons).toEqual([
      expect.stringContaining('"peerpatch skip <program> 1.2.0 --undo"'),
      expect.stringContaining('"peerpatch skip <program> 1.2.0 --undo"'),
      expect.stringContaining('"peerpatch pin <program> --off"'),
    ]);
  });
});
