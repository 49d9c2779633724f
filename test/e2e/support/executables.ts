/**
 * Executables for tests, built once per content: injecting takes seconds, and several tests use the same program.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bundle } from '../../../src/io/build/bundle.ts';
import { inspectNode } from '../../../src/io/build/node-binary.ts';
import { buildProgram, EARLY_START } from '../../../src/tools/build-program.ts';
import { programName } from '../../support/program-name.ts';

const ROOT = join(import.meta.dirname, '../../..');
const CACHE = join(ROOT, '.cache/executables');
/** Every change of the sources makes new ones, of 150 MB each. */
const KEEP_MS = 20 * 60 * 1000;
const AGENT = join(ROOT, 'src/start/thread/agent-main.ts');
/** An agent that does nothing, for programs that are only restarted. */
export const NO_AGENT: string = join(ROOT, 'test/fixtures/no-agent.ts');

export interface TestProgram {
  /** Script: absolute, or relative to the project. */
  readonly entry: string;
  /** `A.B.C` */
  readonly version: string;
  /** Path of the Node binary. */
  readonly node: string;
  /** Default: the real agent. */
  readonly agentEntry?: string;
  /** False: without the addon of the transport. Default: true. */
  readonly hasTransport?: boolean;
}

/** By what was asked for: to tell what a program is made of takes a second. */
const names = new Map<string, Promise<string>>();

/** Path of the unsigned executable. It is shared: copy it before changing it. */
export async function builtProgram(program: TestProgram): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  await sweep();
  const { entry, version, node, agentEntry = AGENT, hasTransport = true } = program;
  const asked = JSON.stringify([entry, version, node, agentEntry, hasTransport]);
  const naming = names.get(asked) ?? contentName({ entry, version, node, agentEntry, hasTransport });
  names.set(asked, naming);
  const out = join(CACHE, programName(await naming));
  const now = new Date();
  const known = await utimes(out, now, now).then(
    () => true,
    () => false,
  );
  if (!known) {
    const options = { appVersion: version, node, agentEntry, hasTransport };
    await buildProgram({ entry: resolve(ROOT, entry), out, ...options });
  }
  return out;
}

/** Another one for every change of what the program is made of. */
async function contentName({ entry, version, node, agentEntry, hasTransport }: Required<TestProgram>): Promise<string> {
  const { version: nodeVersion } = await inspectNode(node);
  const hash = createHash('sha256').update(`${version} ${nodeVersion} ${process.arch} ${hasTransport ? '' : 'bare '}`);
  const tools = ['build-program.ts', 'sign/sign-program.ts'].map((tool) => join(ROOT, 'src/tools', tool));
  for (const script of [resolve(ROOT, entry), agentEntry, EARLY_START, ...tools]) {
    hash.update((await bundle({ entry: script, nodeVersion })).code);
  }
  return hash.digest('hex').slice(0, 32);
}

async function sweep(): Promise<void> {
  for (const name of await readdir(CACHE)) {
    const path = join(CACHE, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > KEEP_MS) await rm(path, { recursive: true, force: true });
  }
}
