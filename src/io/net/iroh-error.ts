/**
 * What the addon's errors mean, in one line.
 *
 * They are Rust's: debug forms of nested errors with source paths and, depending on the environment, a backtrace of many
 * lines. Part of the text can come from the peer, so it is cut and cleaned.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';

const MAX_REASON_LENGTH = 160;
const LOOKUP_FAILED = 'All address lookup services failed or produced no results';

/** @param attempt what was tried: `could not read from the peer` */
export function irohError(attempt: string, error: unknown): PeerpatchError {
  return new PeerpatchError('PEER_UNREACHABLE', `${attempt}: ${irohReason(error)}`, { cause: error });
}

/** The innermost cause, without paths and backtrace. */
export function irohReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // One error for each question that was asked, all in a row.
  if (text.includes(LOOKUP_FAILED)) return "n0's lookup does not know the peer, or cannot be reached";
  const lines = (text.split(/\n\s*Stack backtrace:/)[0] ?? '')
    .split('\n')
    .map((line) => line.replace(/\s*\(\/[^)]*\)\s*$/, '').trim())
    .filter((line) => line !== '' && line !== 'Caused by:');
  const innermost = lines.at(-1)?.replace(/^\d+: /, '') ?? '';
  return clean(closeReason(innermost) ?? innermost) || 'the transport gives no reason';
}

/** `ApplicationClosed(ApplicationClose { error_code: 0, reason: b"auth failed" })` */
function closeReason(text: string): string | undefined {
  if (text.includes('LocallyClosed')) return 'the connection was closed here';
  const match = /ApplicationClose \{ error_code: (\d+), reason: b"(.*)" \}/.exec(text);
  return match ? `the peer closed the connection: ${match[2] || 'no reason given'} (${match[1]})` : undefined;
}

function clean(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_REASON_LENGTH);
}
