/**
 * Leaves out what this machine does not take, and says so once for each version and reason, not at each look.
 *
 * What rules a release out is decided in core/update/restraint.
 *
 * @module
 */
import { BoundedSet } from '../../core/base/bounded-set.ts';
import { MAX_TOLD_REASONS } from '../../core/base/limits.ts';
import { ruledOut, type JudgedRelease } from '../../core/update/restraint.ts';
import type { Restraint } from '../../ports/restraint.ts';
import type { EmitEvent } from '../events.ts';

export interface HeldBackParts {
  readonly restraint: Restraint;
  readonly emit: EmitEvent;
}

export interface HeldBack {
  /** Reads what counts now. The function it gives says of a release whether it may be taken, and tells why it may not. */
  look(): Promise<(release: JudgedRelease) => boolean>;
  /** Tells of a release that is left out for another reason. */
  tell(version: string, reason: string): void;
}

export function watchHeldBack({ restraint, emit }: HeldBackParts): HeldBack {
  const told = new BoundedSet(MAX_TOLD_REASONS);
  const tell = (version: string, reason: string): void => {
    const key = `${version} ${reason}`;
    if (told.has(key)) return;
    told.add(key);
    emit({ type: 'held-back', version, reason, atMs: undefined });
  };
  return {
    look: async () => {
      const restraints = await restraint.read();
      return (release) => {
        const out = ruledOut(release, restraints);
        if (out !== undefined) tell(release.version, out.reason);
        return out === undefined;
      };
    },
    tell,
  };
}
