/**
 * Two releases of programs/updating.ts as real executables of one Node, and a mirror that has the newer one.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startPrivateDht } from '../../../src/testing/private-dht.ts';
import { exportMirror } from '../../../src/tools/mirror/export-mirror.ts';
import { builtProgram } from '../../e2e/support/executables.ts';
import type { NodeUnderTest } from '../../e2e/support/node-binaries.ts';
import { copyProgram, PUBLIC_KEY, signStated } from '../../e2e/support/releases.ts';
import { staticFolder } from '../../e2e/support/static-folder.ts';
import { bundleScript, type Replacement } from './bundle.ts';

export interface RealProgram {
  readonly version: string;
  readonly path: string;
  readonly bytes: Buffer;
  /** Cases have it under another name of the same file. */
  readonly ino: number;
}

export interface RealPrograms {
  readonly node: NodeUnderTest;
  readonly old: RealProgram;
  readonly new: RealProgram;
  /** What programs/updating.ts needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly close: () => Promise<void>;
}

const ROOT = join(import.meta.dirname, '../../..');
const HOST = join(import.meta.dirname, '../programs/updating.ts');
const AGENT = join(ROOT, 'src/start/thread/agent-main.ts');
/** Inside of the project: its packages are found from there. */
const BROKEN = join(ROOT, '.cache/broken');
/** The chunks of 1.0.0 are on the disk, so that nearly nothing of it is ever fetched. */
const QUALITY = 0;

/** @param folder an empty one @param replacements steps of the product that are broken */
export async function makeRealPrograms(
  node: NodeUnderTest,
  folder: string,
  replacements: readonly Replacement[],
): Promise<RealPrograms> {
  const old = await signedProgram({ node, folder, version: '1.0.0', replacements });
  const next = await signedProgram({ node, folder, version: '1.1.0', replacements });
  const mirror = join(folder, 'mirror');
  await exportMirror({ programs: [next.path], publicKey: PUBLIC_KEY, outFolder: mirror, quality: QUALITY });
  const server = createServer(staticFolder(mirror));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // Where somebody answers, nobody waits for an answer.
  const dht = await startPrivateDht({ nodes: 1 });
  return {
    node,
    old,
    new: next,
    env: {
      APP_PUBLIC_KEY: PUBLIC_KEY,
      APP_MIRROR: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
      APP_DHT: dht.bootstrap.join(','),
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await dht.close();
    },
  };
}

interface Wanted {
  readonly node: NodeUnderTest;
  readonly folder: string;
  readonly version: string;
  readonly replacements: readonly Replacement[];
}

async function signedProgram({ node, folder, version, replacements }: Wanted): Promise<RealProgram> {
  const path = join(folder, version);
  const scripts = await brokenScripts(replacements);
  try {
    const unsigned = await builtProgram({ ...scripts, version, node: node.path, hasTransport: false });
    await copyProgram(unsigned, path);
  } finally {
    scripts.remove();
  }
  await signStated(path, version);
  return { version, path, bytes: readFileSync(path), ino: statSync(path).ino };
}

async function brokenScripts(
  replacements: readonly Replacement[],
): Promise<{ readonly entry: string; readonly agentEntry: string; readonly remove: () => void }> {
  if (replacements.length === 0) return { entry: HOST, agentEntry: AGENT, remove: () => undefined };
  mkdirSync(BROKEN, { recursive: true });
  const folder = mkdtempSync(join(BROKEN, 'step-'));
  const [entry, agentEntry] = [join(folder, 'host.mjs'), join(folder, 'agent.mjs')];
  // A file that one of both does not import is simply not replaced in it.
  await bundleScript(HOST, entry, replacements);
  await bundleScript(AGENT, agentEntry, replacements);
  return {
    entry,
    agentEntry,
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
