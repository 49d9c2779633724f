import { build, transform } from 'esbuild';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { asciiBytes } from '../../../src/core/base/bytes.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { ANCHOR_BYTES, anchorBytes, BOUND_BYTES, boundBytes } from '../../../src/core/stamp/marker.ts';
import { hexdump } from '../../support/hexdump.ts';
import { V0 } from '../../support/stamp-samples.ts';

const MARKERS: [name: string, bytes: Buffer][] = [
  ['bound', Buffer.from(boundBytes())],
  ['anchor', Buffer.from(anchorBytes())],
];
const entry = fileURLToPath(new URL('../../../src/core/stamp/marker.ts', import.meta.url));

async function bundle(minify: boolean): Promise<Buffer> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify,
    write: false,
    format: 'cjs',
    platform: 'node',
  });
  return Buffer.from(result.outputFiles[0]?.contents ?? []);
}

describe('markers', () => {
  it('are the bound of the v0 profile and our anchor', () => {
    expect(toHex(boundBytes())).toBe(V0.stamp.bound);
    expect(boundBytes()).toHaveLength(BOUND_BYTES);
    expect(anchorBytes()).toEqual(hexdump('17' + toHex(asciiBytes('PEERPATCH:STAMP:v1')) + '17'));
    expect(anchorBytes()).toHaveLength(ANCHOR_BYTES);
  });

  it('are a fresh copy each time', () => {
    boundBytes().fill(0);
    expect(toHex(boundBytes())).toBe(V0.stamp.bound);
  });

  it.each(MARKERS)('%s: does not stand in any source file', (_name, marker) => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => readFileSync(`src/${file}`).includes(marker))).toEqual([]);
  });

  it.each(MARKERS)('%s: is not joined by a bundler, minifying or not', async (_name, marker) => {
    // First that the search can find it where a bundler does fold.
    const text = [...marker].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
    const folded = await transform(`console.log("${text.slice(0, 40)}" + "${text.slice(40)}")`, { minify: true });
    expect(Buffer.from(folded.code).includes(marker)).toBe(true);

    for (const minify of [false, true]) {
      const output = await bundle(minify);
      expect(output.length).toBeGreaterThan(200);
      expect(output.includes(marker)).toBe(false);
    }
  });
});
