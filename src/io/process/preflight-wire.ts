/**
 * What a program and the one that tries it out say to each other. Spec: docs/spec/17-probation.md.
 *
 * PEERPATCH_PREFLIGHT=<32 hex digits>    in the environment: do not work, answer
 * descriptor 3, a pipe                   {"peerpatch":1,"nonce":"<the digits>","version":"1.1.0","id":"<64 hex digits>"} and \n
 *
 * @module
 */
export const PREFLIGHT_VARIABLE = 'PEERPATCH_PREFLIGHT';
/** The first descriptor behind stdin, stdout and stderr. */
export const PREFLIGHT_FD = 3;
/** An answer has no more bytes than this. */
export const MAX_PREFLIGHT_ANSWER_BYTES = 1024;

export interface PreflightAnswer {
  /** From the environment: what was written before this start, or by another process, is no answer. */
  readonly nonce: string;
  readonly version: string;
  /** Release id, 64 hex digits. */
  readonly id: string;
}

export function isPreflightNonce(text: string): boolean {
  return /^[0-9a-f]{32}$/.test(text);
}

/** One line with its end. */
export function encodePreflightAnswer({ nonce, version, id }: PreflightAnswer): string {
  return `${JSON.stringify({ peerpatch: 1, nonce, version, id })}\n`;
}

/** Undefined for everything that {@link encodePreflightAnswer} does not write. */
export function decodePreflightAnswer(line: string): PreflightAnswer | undefined {
  if (line.length > MAX_PREFLIGHT_ANSWER_BYTES) return undefined;
  try {
    const { nonce, version, id } = JSON.parse(line) as Partial<Record<string, unknown>>;
    if (typeof nonce !== 'string' || typeof version !== 'string' || typeof id !== 'string') return undefined;
    return encodePreflightAnswer({ nonce, version, id }) === line ? { nonce, version, id } : undefined;
  } catch {
    return undefined; // no JSON, or null
  }
}
