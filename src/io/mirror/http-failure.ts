/**
 * What the failure of a request means: a code, and the reason in one line.
 *
 * Part of the text comes from the server or from whoever answers in its place, so it is cut and cleaned.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';

const MAX_REASON_LENGTH = 200;

/** Reasons that need words. Others speak for themselves. */
const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'no name server answered',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
};

/**
 * @param attempt what was tried: `could not read from the mirror`
 * @param proxy host and port, when there was one between
 */
export function requestFailure(attempt: string, cause: unknown, proxy: string | undefined): PeerpatchError {
  if (cause instanceof PeerpatchError) return cause;
  const code = codeOf(cause);
  const way = proxy === undefined ? '' : `, through the proxy ${proxy}`;
  const reason = REASONS[code] ?? reasonOf(cause);
  const message = `${attempt}${way}: ${clean(reason)}${code === '' ? '' : ` (${code})`}`;
  // The parser's own codes: what arrived was not HTTP.
  return new PeerpatchError(code.startsWith('HPE_') ? 'PEER_MISBEHAVED' : 'PEER_UNREACHABLE', message, { cause });
}

/** The failure that a status stands for. Statuses with a meaning of their own never get here. */
export function statusFailure(status: number, proxy: string | undefined): PeerpatchError {
  if (status === 407) {
    const message = `the proxy ${proxy ?? ''} wants a user name and password: put them into HTTPS_PROXY and HTTP_PROXY`;
    return new PeerpatchError('PEER_UNREACHABLE', message);
  }
  const message = `the mirror answered with status ${status}`;
  if (status === 429 || status >= 500) return new PeerpatchError('PEER_UNREACHABLE', message);
  return new PeerpatchError(status >= 400 ? 'PEER_REFUSED' : 'PEER_MISBEHAVED', message);
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? clean(code).slice(0, 40) : '';
}

/** Where several addresses were tried the runtime throws one error for all, without words of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const text = error instanceof Error ? error.message : String(error);
  return text === '' ? 'no reason given' : text;
}

function clean(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_REASON_LENGTH);
}
