/**
 * What the fuzz tests share: how long to run, and the inputs that once broke something.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { isPeerpatchError, type ErrorCode } from '../../src/core/base/errors.ts';
import { fromHex } from '../../src/core/base/hex.ts';

/** From the environment variable FUZZ_RUNS; 20000 without it. */
export const FUZZ_RUNS: number = Number(process.env['FUZZ_RUNS'] ?? 20_000);

/** The inputs in test/fuzz/regressions/`name`, by file name. A file is hex digits; whitespace does not matter. */
export function regressions(name: string): [file: string, bytes: Uint8Array][] {
  const folder = new URL(`../fuzz/regressions/${name}/`, import.meta.url);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.hex'))
    .sort()
    .map((file) => [file, fromHex(readFileSync(new URL(file, folder), 'utf8').replaceAll(/\s/g, ''))]);
}

/**
 * A share of a length: from 0 up to, not including, 1. Not `fc.double`: it takes every exponent for equally likely, so nine of
 * ten of its numbers below 1 are next to 0.
 */
export const share: fc.Arbitrary<number> = fc.nat(9999).map((part) => part / 10_000);

/** Bytes near valid ones: a few of `samples` bytes changed, removed, repeated or added; or random altogether. */
export function bytesNear(...samples: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    kind: fc.constantFrom('change', 'remove', 'insert', 'cut'),
    at: share,
    byte: fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255)),
  });
  const edited = fc.tuple(fc.constantFrom(...samples), fc.array(edit, { maxLength: 4 })).map(([sample, edits]) => {
    const bytes = [...sample];
    for (const { kind, at, byte } of edits) {
      const index = Math.floor(at * (bytes.length + 1));
      if (kind === 'change') bytes[Math.min(index, bytes.length - 1)] = byte;
      else if (kind === 'remove') bytes.splice(index, 1);
      else if (kind === 'insert') bytes.splice(index, 0, byte);
      else bytes.length = index;
    }
    return Uint8Array.from(bytes);
  });
  return fc.oneof({ weight: 5, arbitrary: edited }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 1100 }) });
}

/** Runs `decode`; false when it refuses with one of `codes`. Anything else it throws is a finding. */
export function accepts(decode: () => void, ...codes: readonly ErrorCode[]): boolean {
  try {
    decode();
    return true;
  } catch (error) {
    if (isPeerpatchError(error, ...codes)) return false;
    throw error;
  }
}
