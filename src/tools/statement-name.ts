/**
 * The name of a statement as people give it: checked before anything is signed or looked for under it.
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import { isApp, isChannel, isTarget } from '../core/statement/fields.ts';
import type { StatementName } from '../core/statement/statement.ts';

/** Parts that are undefined are decided elsewhere. @throws PeerpatchError OPTION_INVALID */
export function checkName({ app, target, channel }: Partial<Record<keyof StatementName, string | undefined>>): void {
  const checks = [
    ['app', app, isApp, '1 to 64 of A-Z a-z 0-9 @ / . _ -'],
    ['target', target, isTarget, '1 to 32 of a-z 0-9 -'],
    ['channel', channel, isChannel, '1 to 32 of A-Z a-z 0-9 . _ -'],
  ] as const;
  for (const [what, text, isValid, allowed] of checks) {
    if (text === undefined || isValid(text)) continue;
    throw new PeerpatchError('OPTION_INVALID', `${JSON.stringify(text)} is no ${what}: ${allowed}`);
  }
}
