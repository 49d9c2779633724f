import { describe, expect, it } from 'vitest';
import {
  installSteps,
  PLAIN_STEPS,
  UPDATE_STEPS,
  WINDOWS_PLAIN_STEPS,
  WINDOWS_UPDATE_STEPS,
} from '../../../src/core/install/steps.ts';

const LISTS = [
  ['plain', PLAIN_STEPS],
  ['update', UPDATE_STEPS],
  ['plain on Windows', WINDOWS_PLAIN_STEPS],
  ['update on Windows', WINDOWS_UPDATE_STEPS],
] as const;

describe('install steps', () => {
  it('are chosen by system and purpose', () => {
    expect(installSteps({ isWindows: false, isUpdate: false })).toBe(PLAIN_STEPS);
    expect(installSteps({ isWindows: false, isUpdate: true })).toBe(UPDATE_STEPS);
    expect(installSteps({ isWindows: true, isUpdate: false })).toBe(WINDOWS_PLAIN_STEPS);
    expect(installSteps({ isWindows: true, isUpdate: true })).toBe(WINDOWS_UPDATE_STEPS);
  });

  describe.each(LISTS)('%s', (_name, steps) => {
    it('come each once', () => {
      expect(new Set(steps).size).toBe(steps.length);
      expect(steps.length).toBeGreaterThanOrEqual(8);
    });

    const publish = steps.includes('move-in') ? 'move-in' : 'publish';
    it.each([
      ['the bytes are on disk before the name is', 'sync-file', publish],
      ['the attributes are on disk with the bytes', 'keep-attributes', 'sync-file'],
      ['late write errors show before the name is given', 'close-file', publish],
      ['what is replaced is looked at before it is replaced', 'check-target', publish],
      ['the length is checked before the name is given', 'check-length', publish],
      ['what was staged is looked at after it was closed', 'close-file', 'check-staged'],
      ['what was staged is looked at before it is in place', 'check-staged', publish],
    ] as const)('%s', (_name2, earlier, later) => {
      expect(steps).toContain(earlier);
      expect(steps.indexOf(earlier)).toBeLessThan(steps.indexOf(later));
    });
  });

  it.each([
    ['a program is tried when nobody writes to it any more', 'close-file', 'preflight'],
    ['what is put in place is what was tried', 'preflight', 'check-staged'],
    ['there is something to go back to before the journal says so', 'keep-previous', 'write-journal'],
    ['the journal is on disk before the new program is in place', 'write-journal', 'publish'],
    ['the name reaches the disk last', 'publish', 'sync-folder'],
  ] as const)('in an update: %s', (_name, earlier, later) => {
    expect(UPDATE_STEPS).toContain(earlier);
    expect(UPDATE_STEPS.indexOf(earlier)).toBeLessThan(UPDATE_STEPS.indexOf(later));
  });

  it('on Windows the program has no name for one step only', () => {
    const aside = WINDOWS_UPDATE_STEPS.indexOf('move-aside');
    expect(WINDOWS_UPDATE_STEPS.indexOf('write-journal')).toBeLessThan(aside);
    expect(WINDOWS_UPDATE_STEPS.indexOf('move-in')).toBe(aside + 1);
  });
});
