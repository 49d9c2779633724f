/**
 * The act of an executable that puts its native addon where the system can load it.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { extractAddon } from '../../../src/io/executable/addon-cache.ts';
import type { Executable } from '../../../src/io/executable/executable.ts';
import type { ActScene } from './acts.ts';

/** @returns where it is */
export async function takeAddonOut({ root, programs }: ActScene): Promise<string> {
  const bytes = new Uint8Array(readFileSync(join(programs, 'first')));
  const program = {
    describe: () => ({ addon: { name: 'addon.node', sha256: createHash('sha256').update(bytes).digest('hex') } }),
    readAsset: () => bytes,
  };
  const extracted = await extractAddon({
    cacheFolder: join(root, 'cache/peerpatch'),
    program: program as unknown as Executable,
  });
  if (extracted === undefined) throw new Error('no addon was found');
  return extracted.path;
}
