/**
 * Random version texts: refused with their own error, or the one text of their version.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asciiBytes } from '../../src/core/base/bytes.ts';
import { compareVersions, formatVersion, isVersion, parseVersion } from '../../src/core/release/version.ts';
import { accepts, bytesNear, FUZZ_RUNS, regressions } from '../support/fuzz.ts';

const samples = ['1.2.3', '0.0.0', '2147483647.0.99', '99999.99999.9999', '1.0.0-beta'].map(asciiBytes);

function check(bytes: Uint8Array): void {
  const text = new TextDecoder('latin1').decode(bytes);
  accepts(() => {
    const version = parseVersion(text);
    expect(formatVersion(version)).toBe(text);
    expect(isVersion(version)).toBe(true);
    expect(compareVersions(version, parseVersion(text))).toBe(0);
  }, 'VERSION_MALFORMED');
}

it('version texts', () => {
  const digits = fc
    .string({ unit: fc.constantFrom('0', '1', '9', '2147483647', '.', '.'), maxLength: 17 })
    .map(asciiBytes);
  fc.assert(fc.property(fc.oneof(bytesNear(...samples), digits), check), { numRuns: FUZZ_RUNS });
});

it.each(regressions('version'))('regression %s', (_file, bytes) => {
  check(bytes);
});
