/**
 * One block of a delta, unpacked: what to write out, what to copy from the base, and how to correct what was copied.
 *
 * size     field
 * 1 to 3   n1: length of the literal lengths, varint
 * 1 to 3   n2: length of the copy lengths, varint
 * 1 to 3   n3: length of the seeks, varint
 * 1 to 3   n4: length of the gaps, varint
 * 1 to 3   n5: length of the words, varint
 * n1       literal lengths: varints, one for each operation
 * n2       copy lengths: varints, one for each operation. 0 in the last operation alone
 * n3       seeks: folded varints, one for each operation
 * n4       gaps: varints, one for each correction
 * n5       words: folded varints, one for each correction
 * rest     literals
 *
 * Checks everything that can be checked without the base's bytes. Does not touch files, does not decompress.
 *
 * Spec: docs/spec/13-delta.md.
 *
 * @module
 */
import { createCorrector, type Corrector } from './corrector.ts';
import { malformedDelta, type DeltaSizes } from './format.ts';
import { createSectionReader, type SectionReader } from './section.ts';
import { unfold } from './varint.ts';

/** Where a block begins: what the blocks before it have made, and where they stopped in the base. */
export interface DeltaPosition {
  resultAt: number;
  /** Where the next copy begins when nothing was inserted or removed. */
  baseAt: number;
}

/** Write `literalLength` bytes of the block's literals, then `copyLength` bytes of the base from `baseAt` on. */
export interface Operation {
  readonly literalLength: number;
  readonly copyLength: number;
  readonly baseAt: number;
}

export interface BlockReader {
  /**
   * The next operation, in an object that is used again; undefined behind the last one.
   *
   * @throws PeerpatchError DELTA_MALFORMED when it reaches outside the base or the result
   */
  nextOperation(): Operation | undefined;
  /** A view of the next literals: together as many as the operations say. */
  literals(length: number): Uint8Array;
  /** To be given all copied bytes in order. */
  readonly corrector: Corrector;
  /** To be called when everything was made. @throws PeerpatchError DELTA_MALFORMED when something was left over */
  end(): void;
}

export interface ReadBlockOptions extends DeltaSizes {
  readonly block: Uint8Array;
  /** Moves on with each operation that is read. */
  readonly position: DeltaPosition;
}

/** @throws PeerpatchError DELTA_MALFORMED */
export function readBlock({ block, position, baseSizeBytes, resultSizeBytes }: ReadBlockOptions): BlockReader {
  const all = createSectionReader(block);
  const lengths = [all.varint(), all.varint(), all.varint(), all.varint(), all.varint()];
  const [literalLengths, copyLengths, seeks, gaps, words] = lengths.map((length) =>
    createSectionReader(all.bytes(length)),
  ) as [SectionReader, SectionReader, SectionReader, SectionReader, SectionReader];
  const literals = createSectionReader(all.bytes(all.left));
  const corrector = createCorrector(gaps, words);
  if (literalLengths.left === 0) throw malformedDelta('a block without operations');

  let unwrittenLiterals = literals.left; // that no operation has asked for yet
  const operation = { literalLength: 0, copyLength: 0, baseAt: 0 };
  const nextOperation = (): Operation | undefined => {
    if (literalLengths.left === 0) {
      if (copyLengths.left > 0 || seeks.left > 0) throw malformedDelta('sections of a block differ in length');
      return undefined;
    }
    const literalLength = literalLengths.varint();
    const copyLength = copyLengths.varint();
    const seek = unfold(seeks.varint());
    const expected = position.baseAt + literalLength;
    const baseAt = expected + seek;
    if (literalLength > unwrittenLiterals) throw malformedDelta('more literals than there are');
    if (literalLength + copyLength > resultSizeBytes - position.resultAt) throw malformedDelta('it makes too much');
    if (copyLength === 0) {
      // One form only: a copy of nothing means that the block ends behind its literals.
      if (literalLength === 0 || seek !== 0 || literalLengths.left > 0)
        throw malformedDelta('an operation without a copy');
    } else if (baseAt < 0 || copyLength > baseSizeBytes - baseAt) throw malformedDelta('a copy from outside the base');
    unwrittenLiterals -= literalLength;
    position.resultAt += literalLength + copyLength;
    position.baseAt = baseAt + copyLength;
    operation.literalLength = literalLength;
    operation.copyLength = copyLength;
    operation.baseAt = baseAt;
    return operation;
  };
  return {
    nextOperation,
    literals: (length) => literals.bytes(length),
    corrector,
    end: () => {
      if (literals.left > 0) throw malformedDelta('literals that belong to no operation');
      corrector.end();
    },
  };
}
