/**
 * Precondition: the program runs from where it really is.
 *
 * @module
 */
import { PeerpatchError } from '../../../core/base/errors.ts';
import { translocationFix } from '../../../core/install/translocated.ts';
import type { Place } from './place.ts';

/** @throws PeerpatchError INSTALL_TRANSLOCATED */
export function checkNotTranslocated({ target, system }: Place): void {
  const fix = system.platform === 'darwin' ? translocationFix(target) : undefined;
  if (fix === undefined) return;
  throw new PeerpatchError(
    'INSTALL_TRANSLOCATED',
    `macOS runs ${target} from a read-only copy (App Translocation): ${fix}`,
  );
}
