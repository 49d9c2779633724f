/**
 * Random programs in random pieces: measuring depends on the bytes alone, refuses with its own error, and what it found puts the
 * file together again.
 *
 * @module
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes, equalBytes } from '../../src/core/base/bytes.ts';
import { isPeerpatchError } from '../../src/core/base/errors.ts';
import { sha512Half } from '../../src/core/crypto/hash.ts';
import { anchorBytes, boundBytes } from '../../src/core/stamp/marker.ts';
import { createMeasure, type StampedDigest } from '../../src/core/stamp/measure.ts';
import { signSample, sampleProgram } from '../../src/testing/sample-program.ts';
import { bytesNear, FUZZ_RUNS, regressions, share } from '../support/fuzz.ts';
import { elfWithoutRegion, insert, machOHead, OWNER, peHead, UNSIGNED, V0_FILE } from '../support/stamp-samples.ts';

const place = { offset: 512, sizeBytes: 176 };
const machO = concatBytes(
  machOHead({ codeSignature: { offset: 700, sizeBytes: 50 }, section: { offset: 400, sizeBytes: 176 } }),
  new Uint8Array(1000),
);
const samples = [
  V0_FILE,
  signSample(sampleProgram({ version: '1.2.3', sizeBytes: 1700 }), OWNER).file,
  insert(elfWithoutRegion(), UNSIGNED, 300),
  insert(peHead(place), UNSIGNED, 512),
  insert(machO.subarray(0, 574), UNSIGNED, 400),
  concatBytes(boundBytes(), boundBytes(), boundBytes()),
  concatBytes(anchorBytes(), UNSIGNED, anchorBytes()),
];

/** The result, or the code it is refused with. */
function measure(bytes: Uint8Array, cuts: readonly number[]): StampedDigest | string {
  const edges = [0, ...cuts.map((cut) => Math.floor(cut * bytes.length)).sort((a, b) => a - b), bytes.length];
  // One buffer for all pieces, as files and streams have it.
  const buffer = new Uint8Array(bytes.length);
  const measuring = createMeasure();
  try {
    edges.slice(1).forEach((end, index) => {
      const piece = bytes.subarray(edges[index], end);
      buffer.fill(0xee).set(piece);
      measuring.update(buffer.subarray(0, piece.length));
    });
    return measuring.finish();
  } catch (error) {
    if (isPeerpatchError(error, 'STAMP_MISSING', 'STAMP_MALFORMED')) return error.code;
    throw error;
  }
}

function check(bytes: Uint8Array, cuts: readonly number[]): void {
  const whole = measure(bytes, []);
  const pieced = measure(bytes, cuts);
  if (typeof whole === 'string' || typeof pieced === 'string') {
    expect(pieced).toBe(whole);
    return;
  }
  expect(pieced).toEqual(whole);
  const { regionOffset, region, sizeBytes, hash } = whole;
  const signed = concatBytes(bytes.subarray(0, regionOffset), bytes.subarray(regionOffset + 176)).subarray(
    0,
    sizeBytes,
  );
  expect(equalBytes(region, bytes.subarray(regionOffset, regionOffset + 176))).toBe(true);
  expect(signed).toHaveLength(sizeBytes);
  expect(equalBytes(hash, sha512Half(signed))).toBe(true);
  expect(whole.fileBytes).toBe(bytes.length);
  const { block, stampOffset = -1 } = whole;
  if (whole.bound === 'anchor') expect(block).toEqual(bytes.slice(stampOffset, stampOffset + 1104));
  else expect(block).toBeUndefined();
}

/** Many of them near the beginning, where heads are read. */
const cut = fc.oneof(
  share,
  share.map((part) => part / 10),
);
const cuts = fc.array(cut, { maxLength: 12 });

it('finds the region of each sample that has one', () => {
  expect(samples.map((sample) => (measure(sample, []) as Partial<StampedDigest>).bound)).toEqual([
    'none',
    'anchor',
    'section',
    'section',
    'section',
    undefined,
    undefined,
  ]);
});

it('programs in pieces', () => {
  fc.assert(fc.property(fc.oneof(bytesNear(...samples), fc.constantFrom(...samples)), cuts, check), {
    numRuns: FUZZ_RUNS,
  });
});

it('programs put together of bounds, anchors and regions', () => {
  const part = fc.constantFrom(
    ...[
      boundBytes(),
      anchorBytes(),
      UNSIGNED,
      boundBytes().subarray(0, 27),
      Uint8Array.of(0x17),
      new Uint8Array(120),
      new Uint8Array(1104),
    ],
  );
  const program = fc.array(part, { maxLength: 6 }).map((parts) => concatBytes(...parts));
  fc.assert(fc.property(program, cuts, check), { numRuns: FUZZ_RUNS });
});

it('a region is refused everywhere but in its place', () => {
  const { file, regionOffset } = signSample(sampleProgram({ version: '1.2.3', sizeBytes: 1700 }), OWNER);
  const region = file.subarray(regionOffset, regionOffset + 176);
  const without = concatBytes(file.subarray(0, regionOffset), file.subarray(regionOffset + 176));
  for (let offset = 0; offset <= without.length; offset++) {
    const found = measure(insert(without, region, offset), []);
    if (offset === regionOffset) expect(found).toMatchObject({ regionOffset, bound: 'anchor' });
    else expect(found).toBe('STAMP_MALFORMED');
  }
});

it.each(regressions('measure'))('regression %s', (_file, bytes) => {
  check(bytes, [0.1, 0.5, 0.51, 0.9]);
});
