/**
 * The failure of an option of `spawn`.
 *
 * @module
 */
import { inspect } from 'node:util';
import { PeerpatchError } from '../../core/base/errors.ts';

/** OPTION_INVALID. @param expected what would have been right */
export function invalid(option: string, value: unknown, expected: string): PeerpatchError {
  const shown = inspect(value, { depth: 1, maxArrayLength: 5, maxStringLength: 100, breakLength: Infinity });
  return new PeerpatchError('OPTION_INVALID', `option ${option} is ${shown}: expected ${expected}`);
}
