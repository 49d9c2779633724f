/**
 * Signed programs on disk, and the folder of a mirror they are exported into.
 *
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { toHex } from '../../src/core/base/hex.ts';
import { createManifestReader } from '../../src/core/content/manifest-reader.ts';
import { openObject } from '../../src/core/content/object.ts';
import type { StatementDelta } from '../../src/core/statement/statement.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import {
  sampleProgram,
  signSampleStatement,
  type SampleStatement,
  type StatedSample,
} from '../../src/testing/sample-program.ts';
import { exportMirror, type ExportedMirror, type ExportMirrorOptions } from '../../src/tools/mirror/export-mirror.ts';
import { contentOf, noise } from './content-samples.ts';
import { OWNER, V0 } from './stamp-samples.ts';
import type { TempFolder } from './temp-folder.ts';

export const PUBLIC_KEY: string = V0.owner.publicKeyText;
export const SIZE_BYTES = 300_000;

export interface ExportScene {
  /** A signed program on disk; another seed for other bytes. */
  readonly program: (
    name: string,
    statement?: SampleStatement,
    seed?: number,
  ) => StatedSample & { readonly path: string };
  /** Bytes of a delta beside a program, and how its statement lists it. */
  readonly delta: (name: string, length?: number) => StatementDelta;
  /** Exports into `out`, with the least compression. */
  readonly run: (programs: readonly string[], options?: Partial<ExportMirrorOptions>) => Promise<ExportedMirror>;
  /** Every file of the mirror, relative to the owner's folder, sorted. */
  readonly files: () => string[];
  /** A file in the owner's folder. */
  readonly mirrorPath: (name: string) => string;
  /** A content as a reader gets it from the folder. */
  readonly readContent: (root: Uint8Array, sizeBytes: number) => Promise<Uint8Array>;
}

export function createExportScene(folder: TempFolder): ExportScene {
  const mirrorPath = (name: string): string => folder.join('out', PUBLIC_KEY, name);
  const read = (hash: Uint8Array, maxBytes: number): Promise<Uint8Array> => {
    const encoded = new Uint8Array(readFileSync(mirrorPath(`objects/${toHex(hash).slice(0, 2)}/${toHex(hash)}`)));
    return openObject({ hash, encoded, maxBytes, decompress: (bytes, max) => brotli.decompress(bytes, max) });
  };
  return {
    mirrorPath,
    program: (name, statement, seed = 0) => {
      const unsigned = sampleProgram({ version: '1.0.0', sizeBytes: SIZE_BYTES, seed });
      const sample = signSampleStatement(unsigned, OWNER, statement);
      writeFileSync(folder.join(name), sample.file);
      return { ...sample, path: folder.join(name) };
    },
    delta: (name, length = 100_000) => {
      const bytes = noise(length);
      const { root } = contentOf(bytes, 'delta').manifest;
      mkdirSync(folder.join(`${name}.deltas`), { recursive: true });
      writeFileSync(folder.join(`${name}.deltas`, toHex(root)), bytes);
      return { root, sizeBytes: length, fromRoot: new Uint8Array(32).fill(1) };
    },
    run: (programs, options) =>
      exportMirror({ programs, publicKey: PUBLIC_KEY, outFolder: folder.join('out'), quality: 1, ...options }),
    files: () =>
      readdirSync(folder.join('out', PUBLIC_KEY), { recursive: true, encoding: 'utf8' })
        .filter((name) => statSync(mirrorPath(name)).isFile())
        .sort(),
    readContent: async (root, sizeBytes) => {
      const reader = createManifestReader(root, sizeBytes);
      while (reader.manifest === undefined) {
        for (const hash of reader.wanted) reader.add(hash, await read(hash, 20_000));
      }
      const { manifest } = reader;
      const bytes = new Uint8Array(sizeBytes);
      for (let index = 0; index < manifest.count; index++) {
        bytes.set(await read(manifest.hashAt(index), manifest.lengthAt(index)), manifest.offsetAt(index));
      }
      return bytes;
    },
  };
}
