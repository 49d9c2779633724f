/**
 * A delta that is on this machine already: put beside the program by its owner, or kept from an update that was not finished.
 * Spec: docs/spec/14-exchange.md.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import type { KnownDelta } from '../../core/content/plan.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { OpenProgram } from '../../ports/program.ts';
import { measureDelta } from '../measure-image.ts';

export interface HeldDeltaOptions {
  readonly deltas: DeltaStore;
  readonly signal: AbortSignal;
}

/** Undefined where there is none with these bytes. @throws PeerpatchError MEMORY_UNUSABLE, and the signal's reason */
export async function openHeldDelta(
  { root, sizeBytes }: Pick<KnownDelta, 'root' | 'sizeBytes'>,
  { deltas, signal }: HeldDeltaOptions,
): Promise<OpenProgram | undefined> {
  const delta = await deltas.open(root, sizeBytes);
  if (delta === undefined) return undefined;
  let isRight = false;
  try {
    isRight = equalBytes((await measureDelta(delta, { signal })).root, root);
    return isRight ? delta : undefined;
  } finally {
    if (!isRight) await delta.close();
  }
}
