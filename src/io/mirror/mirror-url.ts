/**
 * The address of a mirror as a folder. Spec: docs/spec/15-mirror.md.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { isStatementUrl } from '../../core/statement/fields.ts';

/**
 * The same rule for an option as for a statement: the address is no secret, it stands in logs and events.
 *
 * @returns the folder, with a slash at its end
 * @throws PeerpatchError OPTION_INVALID
 */
export function parseMirrorUrl(text: string): URL {
  if (!isStatementUrl(text)) {
    throw new PeerpatchError(
      'OPTION_INVALID',
      `${text.includes('@') ? 'an address with a password in it' : JSON.stringify(text.slice(0, 200))} is no mirror: give the address of its folder, http or https, of at most 200 characters and without query, like https://example.org/releases`,
    );
  }
  const url = new URL(text);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
