import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { MAX_INSTALL_STATE_BYTES, MAX_SKIPPED_VERSIONS } from '../../../src/core/base/limits.ts';
import { decodeChoices, encodeChoices, NO_CHOICES, type Choices } from '../../../src/core/install/choices.ts';
import { compareAppVersions } from '../../../src/core/statement/app-version.ts';

const GOLDEN = '{"format":1,"pin":"1.2.0","skip":["1.3.0-rc.1","1.3.0","1.10.0"]}\n';
const CHOICES: Choices = { pin: '1.2.0', skip: ['1.3.0-rc.1', '1.3.0', '1.10.0'] };

const version = fc
  .tuple(fc.nat(99), fc.nat(99), fc.nat(99), fc.option(fc.constantFrom('-rc.1', '-beta', '-0')))
  .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre ?? ''}`);

describe('the file of choices', () => {
  it('is this text', () => {
    expect(new TextDecoder().decode(encodeChoices(CHOICES))).toBe(GOLDEN);
    expect(decodeChoices(asciiBytes(GOLDEN))).toEqual(CHOICES);
    expect(new TextDecoder().decode(encodeChoices(NO_CHOICES))).toBe('{"format":1,"pin":null,"skip":[]}\n');
    expect(decodeChoices(encodeChoices(NO_CHOICES))).toEqual(NO_CHOICES);
  });

  it('has each version once, in order, however they were given', () => {
    const mixed = { pin: '1.2.0', skip: ['1.10.0', '1.3.0', '1.3.0-rc.1', '1.3.0'] };
    expect(new TextDecoder().decode(encodeChoices(mixed))).toBe(GOLDEN);
  });

  it('holds as many skipped versions as there may be, as long as they may be', () => {
    const longest = (number: number): string => `99999.99999.${number}-${'x'.repeat(64)}`.slice(0, 64);
    const skip = Array.from({ length: MAX_SKIPPED_VERSIONS }, (_, number) => longest(number));
    const bytes = encodeChoices({ pin: longest(0), skip });
    expect(bytes.length).toBeLessThanOrEqual(MAX_INSTALL_STATE_BYTES);
    expect(decodeChoices(bytes).skip).toHaveLength(MAX_SKIPPED_VERSIONS);
  });

  const many = Array.from({ length: MAX_SKIPPED_VERSIONS + 1 }, (_, number) => `"1.0.${number}"`).join(',');
  it.each([
    ['nothing', ''],
    ['no JSON', '{"format":1'],
    ['a list', '[]\n'],
    ['another format', '{"format":2,"pin":null,"skip":[]}\n'],
    ['no line end', '{"format":1,"pin":null,"skip":[]}'],
    ['two line ends', '{"format":1,"pin":null,"skip":[]}\n\n'],
    ['a key more', '{"format":1,"pin":null,"skip":[],"x":1}\n'],
    ['a key twice', '{"format":1,"pin":null,"pin":null,"skip":[]}\n'],
    ['keys in another order', '{"format":1,"skip":[],"pin":null}\n'],
    ['no pin', '{"format":1,"skip":[]}\n'],
    ['no skip', '{"format":1,"pin":null}\n'],
    ['a pin that is no version', '{"format":1,"pin":"v1.2.0","skip":[]}\n'],
    ['a pin that is a number', '{"format":1,"pin":1,"skip":[]}\n'],
    ['a skipped one that is no version', '{"format":1,"pin":null,"skip":["1.2"]}\n'],
    ['a version twice', '{"format":1,"pin":null,"skip":["1.2.0","1.2.0"]}\n'],
    ['versions out of order', '{"format":1,"pin":null,"skip":["1.10.0","1.9.0"]}\n'],
    ['too many versions', `{"format":1,"pin":null,"skip":[${many}]}\n`],
    ['a skip that is a text', '{"format":1,"pin":null,"skip":"1.2.0"}\n'],
  ])('rejects: %s', (_, text) => {
    expect(() => decodeChoices(asciiBytes(text))).toThrow(expect.objectContaining({ code: 'INSTALL_STATE_DAMAGED' }));
  });

  it('gives back what was put in', () => {
    fc.assert(
      fc.property(fc.option(version, { nil: undefined }), fc.array(version, { maxLength: 20 }), (pin, skip) => {
        const sorted = [...new Set(skip)].sort(compareAppVersions);
        expect(decodeChoices(encodeChoices({ pin, skip }))).toEqual({ pin, skip: sorted });
      }),
    );
  });
});
