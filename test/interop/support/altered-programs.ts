/**
 * Ways to alter a signed program without its owner, each with what both sides must make of it.
 *
 * @module
 */
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { BOUND_BYTES, boundBytes } from '../../../src/core/stamp/marker.ts';
import { REGION_BYTES } from '../../../src/core/stamp/region.ts';

export interface Alteration {
  readonly name: string;
  readonly alter: (program: Uint8Array) => Uint8Array;
  /** What `peerpatch verify` says. */
  readonly code: ErrorCode;
  /** The system still starts it, so that the program itself can refuse. */
  readonly starts: boolean;
}

export interface RegionPlace {
  /** Offset of the region. */
  readonly region: number;
  /** Offset of a byte of .comment: text for people, behind everything that runs. */
  readonly comment: number;
}

const HASH = BOUND_BYTES;
const SIZE = 60;
const SIGNATURE = 68;
const S = 100;
const VERSION = 132;
const SECOND_BOUND = 148;

/** Flipped bytes inside and outside the region, other region fields, other ends. */
export function alterationsOf({ region, comment }: RegionPlace): readonly Alteration[] {
  const outside = (name: string, alter: Alteration['alter'], starts = true): Alteration => {
    return { name, alter, code: 'RELEASE_MISMATCH', starts };
  };
  const field = (name: string, offset: number, code: ErrorCode): Alteration => {
    return { name: `region: ${name}`, alter: flip(region + offset), code, starts: true };
  };
  const fields = (name: string, offset: number, bytes: Uint8Array, code: ErrorCode): Alteration => {
    return { name: `region: ${name}`, alter: put(region + offset, bytes), code, starts: true };
  };
  const end = (name: string, alter: Alteration['alter'], code: ErrorCode, starts: boolean): Alteration => {
    return { name, alter, code, starts };
  };
  return [
    outside('first byte', flip(0), false),
    outside('an unused byte of the ELF header', flip(15)),
    outside('the byte in front of the region', flip(region - 1)),
    outside('the byte behind the region', flip(region + REGION_BYTES)),
    outside('a byte of .comment', flip(comment)),
    outside('last byte', (program) => flip(program.length - 1)(program)),
    field('first byte of the first bound', 0, 'STAMP_MALFORMED'),
    field('last byte of the first bound', HASH - 1, 'STAMP_MALFORMED'),
    field('first byte of the hash', HASH, 'RELEASE_BAD_SIGNATURE'),
    field('last byte of the hash', SIZE - 1, 'RELEASE_BAD_SIGNATURE'),
    field('lowest byte of the size', SIZE, 'RELEASE_BAD_SIGNATURE'),
    field('highest byte of the size', SIGNATURE - 1, 'STAMP_MALFORMED'),
    field('first byte of R', SIGNATURE, 'RELEASE_BAD_SIGNATURE'),
    field('first byte of S', S, 'RELEASE_BAD_SIGNATURE'),
    field('last byte of S', VERSION - 1, 'RELEASE_BAD_SIGNATURE'),
    field('first digit of the version', VERSION, 'RELEASE_BAD_SIGNATURE'),
    field('behind the version', SECOND_BOUND - 1, 'STAMP_MALFORMED'),
    field('first byte of the second bound', SECOND_BOUND, 'STAMP_MALFORMED'),
    field('last byte of the second bound', REGION_BYTES - 1, 'STAMP_MALFORMED'),
    fields('all zero', 0, new Uint8Array(REGION_BYTES), 'STAMP_MISSING'),
    fields('the placeholder again', HASH, new Uint8Array(VERSION - HASH), 'RELEASE_UNSIGNED'),
    { name: 'region: S plus the group order', alter: raiseS(region + S), code: 'RELEASE_BAD_SIGNATURE', starts: true },
    end('one byte appended', append(Uint8Array.of(0)), 'RELEASE_MISMATCH', true),
    end('a third bound appended', append(boundBytes()), 'STAMP_MALFORMED', true),
    end('a second region appended', (program) => append(regionOf(program, region))(program), 'STAMP_MALFORMED', true),
    end('last byte cut off', (program) => program.slice(0, -1), 'RELEASE_MISMATCH', true),
    end('cut off behind the region', (program) => program.slice(0, region + 4096), 'RELEASE_MISMATCH', false),
    end('cut off inside the region', (program) => program.slice(0, region + S), 'STAMP_MALFORMED', false),
    end('cut off in front of the region', (program) => program.slice(0, region), 'STAMP_MISSING', false),
  ];
}

/** The region cut out and put in at `target`, an offset in the program without it. */
export function moveRegion(program: Uint8Array, region: number, target: number): Uint8Array {
  const rest = concatBytes(program.subarray(0, region), program.subarray(region + REGION_BYTES));
  return concatBytes(rest.subarray(0, target), regionOf(program, region), rest.subarray(target));
}

/** Another text in the region's version field. @param text at most 16 ASCII characters */
export function writeVersion(program: Uint8Array, region: number, text: string): Uint8Array {
  const field = new Uint8Array(SECOND_BOUND - VERSION);
  field.set(Buffer.from(text, 'latin1'));
  return put(region + VERSION, field)(program);
}

function regionOf(program: Uint8Array, region: number): Uint8Array {
  return program.subarray(region, region + REGION_BYTES);
}

function flip(offset: number): Alteration['alter'] {
  return (program) => program.with(offset, (program[offset] ?? 0) ^ 1);
}

function put(offset: number, bytes: Uint8Array): Alteration['alter'] {
  return (program) => {
    const altered = program.slice();
    altered.set(bytes, offset);
    return altered;
  };
}

function append(bytes: Uint8Array): Alteration['alter'] {
  return (program) => concatBytes(program, bytes);
}

/** The second encoding of S that a careless verifier takes: S + L, little-endian. */
function raiseS(offset: number): Alteration['alter'] {
  const order = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
  return (program) => {
    const before = program.slice(offset, offset + 32);
    const sum = before.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) + order;
    return put(
      offset,
      before.map((_, index) => Number((sum >> BigInt(8 * index)) & 0xffn)),
    )(program);
  };
}
