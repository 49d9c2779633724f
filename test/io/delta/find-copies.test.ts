import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { findCopies, SEGMENT_BYTES } from '../../../src/io/delta/find-copies.ts';
import { copiesOf, noise } from '../../support/delta-samples.ts';

function shared(bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(new SharedArrayBuffer(bytes.length));
  memory.set(bytes);
  return memory;
}

const BASE = noise(6_000_000);
const RESULT = concatBytes(
  BASE.subarray(2_000_000),
  noise(5000, 2),
  BASE.subarray(0, 3_000_000).map((byte, index) => (index % 50 === 7 ? byte + 1 : byte)),
);

describe('finding copies on threads', () => {
  it('finds the same as one thread does', async () => {
    const progress: number[] = [];
    const found = await findCopies({
      base: shared(BASE),
      result: shared(RESULT),
      onProgress: (share) => progress.push(share),
    });
    expect([...found.numbers()]).toEqual([...copiesOf(BASE, RESULT, SEGMENT_BYTES).numbers()]);
    expect(found.count).toBe(2);
    expect(progress.at(-1)).toBe(1);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  });

  it('works on small and empty programs without threads', async () => {
    const part = BASE.subarray(0, 50_000);
    expect([...(await findCopies({ base: shared(part), result: shared(part) })).numbers()]).toEqual([0, 0, 50_000]);
    expect((await findCopies({ base: shared(part), result: shared(new Uint8Array(0)) })).count).toBe(0);
    expect((await findCopies({ base: shared(new Uint8Array(0)), result: shared(part) })).count).toBe(0);
  });

  it('stops at once when it is told to', async () => {
    const stop = new AbortController();
    const finding = findCopies({ base: shared(BASE), result: shared(RESULT), signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(finding).rejects.toThrow('enough');
  });
});
