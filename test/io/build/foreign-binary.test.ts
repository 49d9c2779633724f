import { chmodSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { readForeignBinary } from '../../../src/io/build/foreign-binary.ts';
import { inspectNode, seaFuse } from '../../../src/io/build/node-binary.ts';
import { machOProgram } from '../../support/macho-samples.ts';
import { elfWithoutRegion, failure } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

/** Not this machine's, whichever that is. */
const ARCH = process.platform === 'darwin' && process.arch === 'arm64' ? 'x64' : 'arm64';
const PIECE_BYTES = 1 << 20;

describe('a Node binary for macOS elsewhere', () => {
  const folder = useTempFolder();
  const put = (...parts: (Uint8Array | string)[]): string => {
    const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
    writeFileSync(folder.join('node'), concatBytes(...bytes));
    chmodSync(folder.join('node'), 0o755);
    return folder.join('node');
  };
  const program = machOProgram({ arch: ARCH });
  const headers = (version: string): string => `x/node-v${version}-headers.tar.gz\0`;

  it.each([0, 10, 30])('tells its version, also %d bytes in front of the edge of a piece', async (before) => {
    const gap = new Uint8Array(PIECE_BYTES - program.length - before);
    expect(await readForeignBinary(put(program, gap, headers('26.10.0')))).toEqual({
      platform: 'darwin',
      arch: ARCH,
      version: '26.10.0',
    });
  });

  it('may not tell its version', async () => {
    expect(await readForeignBinary(put(program))).toMatchObject({ version: undefined });
  });

  it('is not one of another system, or no program', async () => {
    for (const bytes of [elfWithoutRegion(), new Uint8Array(100), new Uint8Array()])
      expect(await readForeignBinary(put(bytes, headers('26.10.0')))).toBeUndefined();
  });

  const fuse = `${seaFuse()}:0\0`;
  it('is packed by a binary of the same version that runs here', async () => {
    const version = process.versions.node;
    const node = put(program, fuse, headers(version));
    expect(await inspectNode(node, { packer: process.execPath })).toEqual({
      path: node,
      packer: process.execPath,
      version,
      platform: 'darwin',
      arch: ARCH,
      usesGlibc: false,
    });
  });

  it.each([
    ['a packer of another version', headers('20.12.1'), process.execPath, /--packer/],
    ['no packer', headers(process.versions.node), undefined, /--packer/],
    ['no version', '', process.execPath, /does not tell its version/],
  ])('BUILD_FAILED: %s', async (_name, text, packer, message) => {
    const node = put(program, fuse, text);
    await expect(inspectNode(node, { packer })).rejects.toEqual(failure('BUILD_FAILED'));
    await expect(inspectNode(node, { packer })).rejects.toThrow(message);
  });

  it('BUILD_FAILED: a fuse that has blown, or none', async () => {
    for (const text of [`${seaFuse()}:1\0`, ''])
      await expect(inspectNode(put(program, text, headers('26.10.0')))).rejects.toEqual(failure('BUILD_FAILED'));
  });
});
