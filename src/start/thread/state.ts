/**
 * Opens what a node keeps on this machine outside its program file: its memory, deltas, and what people and failures rule out.
 *
 * @module
 */
import type { PeerpatchError } from '../../core/base/errors.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { deltaStore } from '../../io/files/delta-store.ts';
import { createNodeMemory } from '../../io/files/node-memory.ts';
import { openCacheFolder, openStateFolder } from '../../io/files/state-folder.ts';
import { restraintFiles } from '../../io/install/restraint-files.ts';
import { systemRandom } from '../../io/system/random.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { NodeMemory } from '../../ports/memory.ts';
import type { Restraint } from '../../ports/restraint.ts';

export interface StateOptions {
  readonly owner: PublicKey;
  readonly programPath: string;
  /** The highest version to take. Default: any. */
  readonly maxVersion?: string | undefined;
  /** Versions never to take. Default: none. */
  readonly skipVersions?: readonly string[] | undefined;
  /** Something could not be kept. */
  readonly onError: (error: PeerpatchError) => void;
}

export interface NodeState {
  readonly memory: NodeMemory;
  readonly deltas: DeltaStore;
  readonly restraint: Restraint;
}

export async function openState(options: StateOptions): Promise<NodeState> {
  const { owner, programPath, onError } = options;
  const [state, cache] = await Promise.all([openStateFolder(), openCacheFolder()]);
  return {
    memory: createNodeMemory({ owner, folder: state, random: systemRandom, onError }),
    deltas: deltaStore({ programPath, folder: cache, onError }),
    restraint: restraintFiles(options),
  };
}
