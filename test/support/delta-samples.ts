/**
 * Deltas in memory: made, applied, taken apart; and programs that differ the way releases do.
 *
 * @module
 */
import fc from 'fast-check';
import { applyDelta, type ApplyDeltaOptions } from '../../src/agent/delta/apply-delta.ts';
import { concatBytes } from '../../src/core/base/bytes.ts';
import { bucketsOf, countPlaces, emptyIndex, enterPlaces, sumPlaces } from '../../src/core/delta/block-index.ts';
import type { BlockIndex } from '../../src/core/delta/block-index.ts';
import { readBlock, type Operation } from '../../src/core/delta/block.ts';
import { joinCopies, type CopyList } from '../../src/core/delta/copies.ts';
import { encodeBlocks } from '../../src/core/delta/encode.ts';
import { encodeDeltaHead, encodePackedBlock, type DeltaSizes } from '../../src/core/delta/format.ts';
import { matchSegment } from '../../src/core/delta/match.ts';
import { pairOf } from '../../src/core/delta/similarity.ts';
import { createSectionWriter } from '../../src/core/delta/section.ts';
import { encodeVarint, fold } from '../../src/core/delta/varint.ts';
import { packBlocks } from '../../src/io/delta/pack-blocks.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import { share } from './fuzz.ts';

/** Bytes without a pattern: the same for the same seed. */
export function noise(sizeBytes: number, seed = 1): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: sizeBytes }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return (value ^ (value >>> 14)) & 0xff;
  });
}

/** Puts other bytes into every chunk of a program, a sixth of them all, so that a delta is cheaper than chunks. */
export function rework(program: Uint8Array): void {
  const stampAt = program.length / 2; // it stays as it is
  for (let at = 1000; at + 5000 <= program.length; at += 30_000)
    if (Math.abs(at - stampAt) > 10_000) program.set(noise(5000, at), at);
}

export function indexOf(base: Uint8Array): BlockIndex {
  const index = emptyIndex(base.length);
  const { baseView } = pairOf(base, base);
  const all = { from: 0, to: bucketsOf(index) };
  countPlaces(baseView, index, all);
  sumPlaces(index);
  enterPlaces(baseView, index, all);
  return index;
}

/** @param segmentBytes the new program is searched in parts of this size */
export function copiesOf(base: Uint8Array, result: Uint8Array, segmentBytes: number = Infinity): CopyList {
  const input = { ...pairOf(base, result), index: indexOf(base) };
  const segments: CopyList[] = [];
  for (let from = 0; from < result.length; from += segmentBytes)
    segments.push(matchSegment(input, from, Math.min(result.length, from + segmentBytes)));
  return joinCopies(segments);
}

/** The delta, with blocks of at most `blockBytes`. */
export async function deltaOf(
  base: Uint8Array,
  result: Uint8Array,
  blockBytes?: number,
  segmentBytes?: number,
): Promise<Uint8Array> {
  const blocks = encodeBlocks(pairOf(base, result), copiesOf(base, result, segmentBytes), blockBytes);
  const parts = [encodeDeltaHead({ baseSizeBytes: base.length, resultSizeBytes: result.length })];
  for await (const block of packBlocks({ blocks, compression: brotli, concurrency: 2 }))
    parts.push(encodePackedBlock(block));
  return concatBytes(...parts);
}

export type Applied = Partial<ApplyDeltaOptions> & { readonly pieceBytes?: number };

/** What the delta makes of the base. */
export async function resultOf(base: Uint8Array, delta: Uint8Array, options: Applied): Promise<Uint8Array> {
  const made: Uint8Array[] = [];
  await applyDelta({
    base: { sizeBytes: base.length, read: (offset, length) => Promise.resolve(base.slice(offset, offset + length)) },
    delta: pieces(delta, options.pieceBytes ?? delta.length),
    compression: brotli,
    baseSizeBytes: base.length,
    resultSizeBytes: 0,
    write: (bytes) => {
      made.push(bytes.slice());
      return Promise.resolve();
    },
    ...options,
  });
  return concatBytes(...made);
}

// eslint-disable-next-line @typescript-eslint/require-await -- an async iterable is what is asked for
export async function* pieces(bytes: Uint8Array, pieceBytes: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += Math.max(1, pieceBytes))
    yield bytes.slice(at, at + Math.max(1, pieceBytes));
}

export interface BlockParts {
  readonly literalLengths?: readonly number[];
  readonly copyLengths?: readonly number[];
  /** With sign. */
  readonly seeks?: readonly number[];
  readonly gaps?: readonly number[];
  /** With sign. */
  readonly words?: readonly number[];
  readonly literals?: Uint8Array;
}

/** A block of any content, right or wrong. */
export function blockOf(parts: BlockParts): Uint8Array {
  const { literalLengths = [], copyLengths = [], seeks = [], gaps = [], words = [] } = parts;
  const numbers = [literalLengths, copyLengths, seeks.map(fold), gaps, words.map(fold)];
  const sections = numbers.map((section) => {
    const writer = createSectionWriter();
    for (const number of section) writer.putVarint(number);
    return writer.take();
  });
  const lengths = sections.map(({ length }) => encodeVarint(length));
  return concatBytes(...lengths, ...sections, parts.literals ?? new Uint8Array(0));
}

/** A delta whose blocks are not compressed. */
export function plainDelta(sizes: DeltaSizes, ...blocks: readonly Uint8Array[]): Uint8Array {
  const packed = blocks.map((block) => encodePackedBlock({ sizeBytes: block.length, packed: block }));
  return concatBytes(encodeDeltaHead(sizes), ...packed);
}

/** What a block makes of a base of zeros, and its operations. @throws PeerpatchError DELTA_MALFORMED */
export function takeApart(block: Uint8Array, sizes: DeltaSizes): { made: Uint8Array; operations: Operation[] } {
  const reader = readBlock({ ...sizes, block, position: { resultAt: 0, baseAt: 0 } });
  const operations: Operation[] = [];
  const made: Uint8Array[] = [];
  for (let next = reader.nextOperation(); next !== undefined; next = reader.nextOperation()) {
    operations.push({ ...next });
    const copied = new Uint8Array(next.copyLength);
    made.push(reader.literals(next.literalLength).slice());
    reader.corrector.correct(copied, 0);
    made.push(copied);
  }
  reader.end();
  return { made: concatBytes(...made), operations };
}

/** An old program, and the new one that edits made of it. */
export const editedPrograms: fc.Arbitrary<readonly [Uint8Array, Uint8Array]> = fc
  .record({
    sizeBytes: fc.nat(6000),
    seed: fc.nat(),
    isTame: fc.boolean(),
    edits: fc.array(
      fc.record({
        kind: fc.constantFrom('insert', 'remove', 'move', 'words', 'bytes', 'repeat', 'zeros'),
        at: share,
        length: fc.oneof(fc.nat(8), fc.nat(600)),
        seed: fc.nat(),
      }),
      { maxLength: 8 },
    ),
  })
  .map(({ sizeBytes, seed, isTame, edits }) => {
    const random = noise(sizeBytes, seed);
    // Few values and runs, as tables in programs have them.
    const base = isTame ? random.map((byte, index) => (index % 8 < 5 ? 0 : byte & 3)) : random;
    let result: Uint8Array = base;
    for (const { kind, at, length, seed: editSeed } of edits) {
      const from = Math.floor(at * (result.length + 1));
      const [before, part, behind] = [
        result.slice(0, from),
        result.slice(from, from + length),
        result.slice(from + length),
      ];
      if (kind === 'insert') result = concatBytes(before, noise(length, editSeed), part, behind);
      else if (kind === 'remove') result = concatBytes(before, behind);
      else if (kind === 'move') result = concatBytes(before, behind, part);
      else if (kind === 'repeat') result = concatBytes(before, part, part, behind);
      else if (kind === 'zeros') result = concatBytes(before, new Uint8Array(part.length), behind);
      else if (kind === 'bytes')
        result = concatBytes(
          before,
          part.map((byte) => byte ^ 0x55),
          behind,
        );
      else {
        // A constant is added to a word here and there, as when code was moved.
        const view = new DataView(result.slice().buffer);
        for (let place = from; place + 4 <= Math.min(result.length, from + length); place += 13)
          view.setUint32(place, view.getUint32(place, true) + (editSeed & 0xffff), true);
        result = new Uint8Array(view.buffer);
      }
    }
    return [base, result] as const;
  });
