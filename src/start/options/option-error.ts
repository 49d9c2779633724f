/**
 * The failure of an option of `spawn`.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';

/** OPTION_INVALID. @param expected what would have been right */
export function invalid(option: string, value: unknown, expected: string): PeerpatchError {
  return new PeerpatchError('OPTION_INVALID', `option ${option} is ${JSON.stringify(value)}: expected ${expected}`);
}
