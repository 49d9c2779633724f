import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { concatBytes, u64be } from '../../../src/core/base/bytes.ts';
import { fromHex, toHex } from '../../../src/core/base/hex.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { resultOf } from '../../support/delta-samples.ts';

interface Vectors {
  readonly deltas: readonly { name: string; baseSize: number; resultSize: number; delta: string; result: string }[];
  readonly malformed: readonly { name: string; resultSize: number; delta: string }[];
}

const { deltas, malformed } = JSON.parse(
  readFileSync(new URL('../../vectors/delta.json', import.meta.url), 'utf8'),
) as Vectors;
const BASE = concatBytes(
  ...Array.from({ length: 157 }, (_, number) => sha256(concatBytes(new TextEncoder().encode('base'), u64be(number)))),
).slice(0, 5000);
let checked = 0;

describe('vectors of deltas', () => {
  it.each(deltas)('$name', async ({ baseSize, resultSize, delta, result }) => {
    for (const pieceBytes of [1, 1000]) {
      const made = await resultOf(BASE.slice(0, baseSize), fromHex(delta), { resultSizeBytes: resultSize, pieceBytes });
      expect(toHex(sha256(made))).toBe(result);
    }
    checked += 1;
  });

  it.each(malformed)('refused: $name', async ({ resultSize, delta }) => {
    const applying = resultOf(BASE, fromHex(delta), { resultSizeBytes: resultSize });
    await expect(applying).rejects.toMatchObject({ code: 'DELTA_MALFORMED' });
    checked += 1;
  });

  afterAll(() => {
    expect(checked).toBe(9 + 22);
  });
});
