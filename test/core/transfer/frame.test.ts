import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, u64be } from '../../../src/core/base/bytes.ts';
import { isPeerpatchError, type ErrorCode } from '../../../src/core/base/errors.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { encodeU64 } from '../../../src/core/base/postcard.ts';
import { encodeRelease } from '../../../src/core/release/release-encoding.ts';
import { verifyRelease, type Release } from '../../../src/core/release/release.ts';
import { createFrameDecoder, encodeFrameHead, fileLengthBounds } from '../../../src/core/transfer/frame.ts';
import { flipped, frameOf, OWNER, sampleProgram, V0 } from '../../support/transfer-samples.ts';

const SAMPLE = sampleProgram();
const FRAME = frameOf(SAMPLE);
const HEAD_BYTES = FRAME.length - SAMPLE.file.length;

// The example file of the v0 formats: 20 signed bytes, the region, 20 signed bytes.
const GOLDEN = fromHex(
  [
    '01', //                      status: accepted
    '000000000000013e', //        length 318, big endian
    '02', '04', '06', //          version 1.2.3, zigzag
    '28', //                      size 40
    '376b8879469d640b2e61735bebfbab2032b08c4964cdd59fe467284d62b21e47', // hash
    '87d096d1e2d4f26b21666d8b0c055511c2c5c97a996d67872106ab074cf1a76f', // signature
    '3cadcb0eb37fad2b2fda3decf1cb3670fd88e132cb8c51aa9802eac44426e609',
    'd801', //                    file length 216
    V0.stamp.signedBytes.slice(0, 40),
    V0.stamp.region,
    V0.stamp.signedBytes.slice(40),
  ].join(''),
); // prettier-ignore

/** Feeds `frame` in pieces of `pieceBytes` and returns the file's bytes. */
function decode(frame: Uint8Array, expected: Release, pieceBytes = frame.length): Uint8Array {
  const decoder = createFrameDecoder(expected);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < frame.length; at += pieceBytes) {
    let piece = frame.subarray(at, at + pieceBytes);
    while (piece.length > 0) {
      const taken = decoder.wantedBytes > 0 ? piece.subarray(0, decoder.wantedBytes) : piece;
      parts.push(decoder.update(taken));
      piece = piece.subarray(taken.length);
    }
  }
  decoder.end();
  return concatBytes(...parts);
}

function prefixedFrame({ file, release }: typeof SAMPLE): Uint8Array {
  const tuple = encodeRelease(release);
  const head = concatBytes(tuple.subarray(0, -64), Uint8Array.of(64), tuple.subarray(-64), encodeU64(file.length));
  return concatBytes(Uint8Array.of(1), u64be(head.length + file.length), head, file);
}

/** A frame with another length in it, and the right one everywhere else. */
const withLength = (length: bigint): Uint8Array => {
  const frame = FRAME.slice();
  new DataView(frame.buffer).setBigUint64(1, length);
  return frame;
};

describe('frame: the example', () => {
  const example = sampleOfVector();

  it('is written byte for byte', () => {
    expect(toHex(encodeFrameHead(example.release, 216))).toBe(toHex(GOLDEN.subarray(0, GOLDEN.length - 216)));
    expect(toHex(encodeFrameHead(example.release, 216).subarray(9))).toBe(V0.patch.head);
    expect(GOLDEN.length - 9).toBe(V0.patch.frameLength);
  });

  it.each([1, 2, 3, 8, 9, 10, 100, 117, 118, 119, 1000])('is read in pieces of %i bytes', (pieceBytes) => {
    expect(toHex(decode(GOLDEN, example.release, pieceBytes))).toBe(toHex(GOLDEN.subarray(-216)));
  });

  function sampleOfVector(): { readonly release: Release } {
    const { release } = {
      release: {
        version: { major: 1, minor: 2, patch: 3 },
        sizeBytes: 40,
        hash: GOLDEN.slice(13, 45),
        signature: GOLDEN.slice(45, 109),
      },
    };
    return { release: verifyRelease(OWNER.publicKey, release) };
  }
});

describe('frame decoder', () => {
  it('reads the form with a signature behind its length', () => {
    expect(decode(prefixedFrame(SAMPLE), SAMPLE.release)).toEqual(SAMPLE.file);
  });

  it('takes any status but 0 for yes', () => {
    expect(decode(FRAME.with(0, 255), SAMPLE.release)).toEqual(SAMPLE.file);
  });

  it('knows the length of the file as soon as the head is read, and wants nothing behind its end', () => {
    const decoder = createFrameDecoder(SAMPLE.release);
    decoder.update(FRAME.subarray(0, decoder.wantedBytes));
    expect(decoder.fileBytes).toBe(SAMPLE.file.length);
    const rest = FRAME.subarray(FRAME.length - decoder.wantedBytes);
    decoder.update(rest);
    expect(decoder.wantedBytes).toBe(0);
    expect(() => decoder.update(Uint8Array.of(0))).toThrow(/behind the end/);
  });

  const early: [name: string, bytes: Uint8Array, code: ErrorCode][] = [
    ['refused', Uint8Array.of(0), 'PEER_REFUSED'],
    ['refused, and more', FRAME.with(0, 0).subarray(0, 40), 'PEER_REFUSED'],
    ['length 0', withLength(0n).subarray(0, 9), 'PEER_MISBEHAVED'],
    ['length of another release', withLength(BigInt(FRAME.length - 9 - 1)).subarray(0, 9), 'PEER_MISBEHAVED'],
    ['length above everything', withLength(2n ** 64n - 1n).subarray(0, 9), 'PEER_MISBEHAVED'],
    ['length above 2^53', withLength(2n ** 53n + 1n).subarray(0, 9), 'PEER_MISBEHAVED'],
    [
      'length above the largest tail',
      withLength(BigInt(FRAME.length + 2 ** 20 + 100)).subarray(0, 9),
      'PEER_MISBEHAVED',
    ],
  ];
  it.each(early)('stops as soon as it can: %s', (_name, bytes, code) => {
    const decoder = createFrameDecoder(SAMPLE.release);
    expect(() => decoder.update(bytes)).toThrow(expect.objectContaining({ code }));
  });

  const versionByte = 9;
  const sizeByte = 12;
  const hashByte = 14;
  const malformed: [name: string, frame: Uint8Array][] = [
    ['another version', flipped(FRAME, versionByte)],
    ['another size', flipped(FRAME, sizeByte)],
    ['another hash', flipped(FRAME, hashByte)],
    ['another signature', flipped(FRAME, HEAD_BYTES - 10)],
    ['another file length', flipped(FRAME, HEAD_BYTES - 2)],
    ['a file length that is not minimal', flipped(FRAME, HEAD_BYTES - 1)],
    ['one byte too much declared', withLength(BigInt(FRAME.length - 9 + 1))],
    ['a signature length that is not 64', flipped(prefixedFrame(SAMPLE), HEAD_BYTES - 2 - 64)],
    ['nothing', new Uint8Array()],
    ['status only', FRAME.subarray(0, 1)],
    ['cut in the length', FRAME.subarray(0, 5)],
    ['cut in the release', FRAME.subarray(0, 60)],
    ['cut before the file', FRAME.subarray(0, HEAD_BYTES)],
    ['cut in the file', FRAME.subarray(0, -1)],
    ['one byte behind the end', concatBytes(FRAME, Uint8Array.of(0))],
  ];
  it.each(malformed)('rejects: %s', (_name, frame) => {
    expect(() => decode(frame, SAMPLE.release)).toThrow(expect.objectContaining({ code: 'PEER_MISBEHAVED' }));
  });

  describe('bytes behind the signed ones', () => {
    const { max } = fileLengthBounds(SAMPLE.release);
    const tails: [name: string, magic: string, fileBytes: number, accepted: boolean][] = [
      ['a Mach-O file with the longest tail', 'cffaedfe', max, true],
      ['a Mach-O file without one', 'cefaedfe', SAMPLE.file.length, true],
      ['a big-endian Mach-O file', 'feedfacf', SAMPLE.file.length + 1, true],
      ['a Mach-O file whose tail is a byte too long', 'cffaedfe', max + 1, false],
      ['a Mach-O file that is a byte too short', 'cffaedfe', SAMPLE.file.length - 1, false],
      ['an ELF file with a tail of one byte', '7f454c46', SAMPLE.file.length + 1, false],
      ['several Mach-O programs in one file', 'cafebabe', SAMPLE.file.length + 1, false],
    ];
    it.each(tails)('%s', (_name, magic, fileBytes, accepted) => {
      const decoder = createFrameDecoder(SAMPLE.release);
      const frame = concatBytes(encodeFrameHead(SAMPLE.release, fileBytes), fromHex(magic), new Uint8Array(20));
      const update = (): Uint8Array => decoder.update(frame.subarray(0, decoder.wantedBytes));
      if (accepted) {
        update();
        expect(decoder.fileBytes).toBe(fileBytes);
      } else expect(update).toThrow(expect.objectContaining({ code: 'PEER_MISBEHAVED' }));
    });
  });

  it('is canonical: a head it accepts is written back byte for byte, or is the other form or status', () => {
    let accepted = 0;
    const change = fc.tuple(fc.nat(FRAME.length - 1), fc.nat(255));
    const check = (changes: readonly (readonly [number, number])[]): void => {
      const frame = changes.reduce((bytes, [offset, byte]) => bytes.with(offset, byte), FRAME);
      try {
        const file = decode(frame, SAMPLE.release);
        accepted++;
        expect(concatBytes(encodeFrameHead(SAMPLE.release, file.length), file).with(0, frame[0] ?? 0)).toEqual(frame);
      } catch (error) {
        if (!isPeerpatchError(error, 'PEER_MISBEHAVED', 'PEER_REFUSED')) throw error;
      }
    };
    fc.assert(fc.property(fc.array(change, { maxLength: 3 }), check), { numRuns: 500, examples: [[[]], [[[0, 7]]]] });
    expect(accepted).toBeGreaterThan(1);
  });

  it('never holds more than the head: what it returns is a view of what it was given', () => {
    const decoder = createFrameDecoder(SAMPLE.release);
    decoder.update(FRAME.subarray(0, decoder.wantedBytes));
    const piece = new Uint8Array(decoder.wantedBytes);
    expect(decoder.update(piece).buffer).toBe(piece.buffer);
  });
});
