import { describe, expect, it } from 'vitest';
import { decodeReleaseRegion } from '../../src/core/release/region.ts';
import { verifyRelease } from '../../src/core/release/release.ts';
import { createContentMeasure } from '../../src/core/content/measure-content.ts';
import { createCanonicalizer } from '../../src/core/codesign/image.ts';
import { checkStatement } from '../../src/core/statement/accept.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../src/testing/sample-program.ts';
import { failure, filler, insert, measureFile, OWNER, UNSIGNED } from '../support/stamp-samples.ts';

describe('sample programs', () => {
  it.each([1400, 1401, 5000, 100_000])('of %d bytes carry one stamp, bound to its place', (sizeBytes) => {
    const file = sampleProgram({ version: '1.2.3', sizeBytes });
    expect(file).toHaveLength(sizeBytes);
    expect(measureFile(file, 97)).toMatchObject({ bound: 'anchor', fileBytes: sizeBytes });
  });

  it('are the same for the same options, and others for another seed or version', () => {
    const make = (version: string, seed?: number): string =>
      Buffer.from(sampleProgram({ version, ...(seed !== undefined && { seed }) })).toString('hex');
    expect(make('1.0.0')).toBe(make('1.0.0', 0));
    expect(new Set([make('1.0.0'), make('1.0.0', 1), make('1.0.0', 2), make('1.0.1')]).size).toBe(4);
  });

  it('refuse a length without room for a stamp, and what is no version', () => {
    expect(() => sampleProgram({ version: '1.2.3', sizeBytes: 1399 })).toThrow(RangeError);
    expect(() => sampleProgram({ version: '1.2' })).toThrow(failure('VERSION_MALFORMED'));
  });

  it('are signed with the version that is in them', () => {
    const unsigned = sampleProgram({ version: '3.2.1' });
    const { file, release, regionOffset } = signSample(unsigned, OWNER);
    const measured = measureFile(file);
    expect(measured).toMatchObject({ hash: release.hash, sizeBytes: release.sizeBytes, regionOffset });
    expect(verifyRelease(OWNER.publicKey, decodeReleaseRegion(measured.region))).toEqual(release);
    expect(release.version).toEqual({ major: 3, minor: 2, patch: 1 });
    expect(signSample(file, OWNER).file).toEqual(file); // signing again changes nothing
    expect(file).toHaveLength(unsigned.length);
  });

  it('carry a statement where one is asked for', () => {
    const unsigned = sampleProgram({ version: '3.2.1' });
    const signed = signSampleStatement(unsigned, OWNER, { seq: 9n, version: '3.2.1-beta.2', app: 'tool' });
    const measured = measureFile(signed.file);
    expect(checkStatement(signed.statement, measured, signed.manifest.root).version).toEqual(signed.release.version);
    expect(signed.statement).toMatchObject({ app: 'tool', target: 'linux-x64', seq: 9n, version: '3.2.1-beta.2' });
    const content = createContentMeasure('image');
    content.update(createCanonicalizer(signed.statement.stampOffset).update(unsigned));
    expect(content.finish().root).toEqual(signed.statement.root); // signing does not change the image
    expect(() => signSampleStatement(insert(filler(1000), UNSIGNED, 10), OWNER)).toThrow(RangeError);
  });

  it('cannot be signed without a region', () => {
    expect(() => signSample(filler(1000), OWNER)).toThrow(failure('STAMP_MISSING'));
  });
});
