/**
 * Opens what a node keeps on this machine outside its program file: its memory, and deltas.
 *
 * @module
 */
import type { PeerpatchError } from '../../core/base/errors.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { deltaStore } from '../../io/files/delta-store.ts';
import { createNodeMemory } from '../../io/files/node-memory.ts';
import { openCacheFolder, openStateFolder } from '../../io/files/state-folder.ts';
import { systemRandom } from '../../io/system/random.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { NodeMemory } from '../../ports/memory.ts';

export interface StateOptions {
  readonly owner: PublicKey;
  readonly programPath: string;
  /** Something could not be kept. */
  readonly onError: (error: PeerpatchError) => void;
}

export interface NodeState {
  readonly memory: NodeMemory;
  readonly deltas: DeltaStore;
}

export async function openState({ owner, programPath, onError }: StateOptions): Promise<NodeState> {
  const [state, cache] = await Promise.all([openStateFolder(), openCacheFolder()]);
  return {
    memory: createNodeMemory({ owner, folder: state, random: systemRandom, onError }),
    deltas: deltaStore({ programPath, folder: cache, onError }),
  };
}
