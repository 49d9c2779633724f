/**
 * The transport's native addon of this program: from the executable's own asset, else from the installed package.
 *
 * @module
 */
import { extractAddon } from '../io/executable/addon-cache.ts';
import { executable } from '../io/executable/executable.ts';
import { loadIroh, type IrohAddon } from '../io/net/iroh-addon.ts';

/** Whether the executable was built without the transport. */
export function isBuiltForMirrors(): boolean {
  const built = executable().describe();
  return built !== undefined && built.addon === undefined;
}

/** @throws PeerpatchError TRANSPORT_UNAVAILABLE */
export async function irohAddon(): Promise<IrohAddon> {
  const extracted = await extractAddon();
  try {
    return loadIroh(extracted?.path);
  } finally {
    await extracted?.dispose();
  }
}
