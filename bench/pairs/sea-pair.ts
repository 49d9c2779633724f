/**
 * Two releases of one app, built by Peerpatch on the same Node: a few lines are changed. Not signed.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildProgram } from '../../src/tools/build-program.ts';
import { nodesUnderTest } from '../../test/e2e/support/node-binaries.ts';
import type { FilePair } from './baseline.ts';

/** Built anew each time, since the sources that go into it change. */
export async function buildSeaPair(cache: string): Promise<FilePair> {
  const node = (await nodesUnderTest()).find(({ hasExecve }) => hasExecve);
  if (node === undefined) throw new Error('no newer Node can be had: see the line above');
  const folder = join(cache, 'sea');
  await mkdir(folder, { recursive: true });
  const build = async (number: 1 | 2): Promise<string> => {
    const entry = join(import.meta.dirname, `fixtures/release-${number}.ts`);
    const { out } = await buildProgram({
      entry,
      out: join(folder, `release-${number}`),
      appVersion: `1.0.${number}`,
      node: node.path,
    });
    return out;
  };
  return { oldPath: await build(1), newPath: await build(2) };
}
