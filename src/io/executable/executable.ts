/**
 * What a running program knows of itself: whether it is an executable, where its file is, which assets it carries.
 *
 * Works on the main thread and in workers. Assets of Node single executables only: a Bun executable has none to read.
 *
 * @module
 */
import type * as NodeSea from 'node:sea';
import { realPathSync } from '../files/real-path.ts';
import { DESCRIPTION_ASSET } from './assets.ts';
import { decodeDescription, type ExecutableDescription } from './description.ts';

/** What Linux puts behind the name of a file that is not there any more. */
const REPLACED = ' (deleted)';

/** `sea`: a Node single executable. `bun`: made by `bun build --compile`. `source`: a script, run by a runtime. */
export type ExecutableKind = 'sea' | 'bun' | 'source';

export interface Executable {
  readonly kind: ExecutableKind;
  /** The running program file, symbolic links resolved; for `source` the runtime's. */
  readonly path: string;
  /** A view of the asset, not to be written to; undefined when there is none of this name. */
  readAsset(name: string): Uint8Array | undefined;
  /**
   * What the build wrote about this executable; undefined when it was not made by `peerpatch build`.
   *
   * @throws PeerpatchError TRANSPORT_UNAVAILABLE when it is damaged
   */
  describe(): ExecutableDescription | undefined;
}

export function executable(): Executable {
  const kind = executableKind();
  const readAsset = kind === 'sea' ? readSeaAsset : () => undefined;
  return {
    kind,
    path: programPath(),
    readAsset,
    describe: () => {
      const bytes = readAsset(DESCRIPTION_ASSET);
      return bytes && decodeDescription(bytes);
    },
  };
}

/** Which of the three this process is. */
export function executableKind(): ExecutableKind {
  if (process.versions['bun'] !== undefined) return isBunExecutable() ? 'bun' : 'source';
  return sea()?.isSea() === true ? 'sea' : 'source';
}

// Not an import: Node before 20.12 and Bun have no node:sea, and a bundler must not need to know it.
function sea(): typeof NodeSea | undefined {
  return process.getBuiltinModule('node:sea');
}

function readSeaAsset(name: string): Uint8Array | undefined {
  try {
    const asset = sea()?.getRawAsset(name);
    return asset instanceof ArrayBuffer ? new Uint8Array(asset) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SINGLE_EXECUTABLE_APPLICATION_ASSET_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Compiled modules live in a virtual folder whose name Bun documents: `/$bunfs/`, on Windows `B:\~BUN\`. */
function isBunExecutable(): boolean {
  const { main } = (globalThis as { Bun?: { main?: unknown } }).Bun ?? {};
  return typeof main === 'string' && /^(\/\$bunfs\/|[A-Z]:[\\/]~BUN[\\/])/.test(main);
}

function programPath(): string {
  const { execPath } = process;
  // Linux says so when the file was replaced before this process had read its name: the path is where the program belongs.
  const paths = execPath.endsWith(REPLACED) ? [execPath, execPath.slice(0, -REPLACED.length)] : [execPath];
  for (const path of paths) {
    try {
      return realPathSync(path);
    } catch {
      // gone, or not its name
    }
  }
  return paths.at(-1) ?? execPath; // deleted while running: the path is still where a new program belongs
}
