/**
 * Folders of `peerpatch export` as web servers that know files and nothing else.
 *
 * @module
 */
import { mkdir, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { toHex } from '../../../src/core/base/hex.ts';
import { deltasFolder } from '../../../src/io/files/delta-store.ts';
import type { StatedSample } from '../../../src/testing/sample-program.ts';
import { exportMirror } from '../../../src/tools/mirror/export-mirror.ts';
import { PUBLIC_KEY } from './releases.ts';
import type { Scene } from './scene.ts';
import { staticFolder } from './static-folder.ts';

/** Puts a release into the scene's folder. @param delta lies beside it under the name of the one it states, whatever it is */
export async function placeRelease(
  { folder }: Scene,
  { file, statement }: StatedSample,
  delta?: Uint8Array,
): Promise<string> {
  const path = join(folder, 'owner/app');
  await mkdir(deltasFolder(path), { recursive: true });
  await writeFile(path, file);
  const [stated] = statement.deltas;
  if (delta !== undefined && stated !== undefined) await writeFile(join(deltasFolder(path), toHex(stated.root)), delta);
  return path;
}

/** Where a release and its delta are exported to. */
export async function exportedFolder(scene: Scene, release: StatedSample, delta?: Uint8Array): Promise<string> {
  const outFolder = join(scene.folder, 'mirror');
  const program = await placeRelease(scene, release, delta);
  await exportMirror({ programs: [program], publicKey: PUBLIC_KEY, outFolder, quality: 1 });
  return outFolder;
}

/** An honest mirror of a release. */
export async function exportedMirror(scene: Scene, release: StatedSample): Promise<RequestListener> {
  return staticFolder(await exportedFolder(scene, release));
}
