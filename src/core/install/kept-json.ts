/**
 * The small JSON files of an install folder: one line, one way to write each value. Spec: docs/spec/16-journal.md.
 *
 * Whoever may write to the program's folder may write them. They are decoded as strictly as bytes from the network.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { MAX_INSTALL_REASON_CHARACTERS, MAX_INSTALL_STATE_BYTES } from '../base/limits.ts';
import { isAppVersion } from '../statement/app-version.ts';
import { isReleaseId, type ReleaseName } from './release-id.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function encodeKeptJson(value: object): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

/**
 * @param what for messages: `journal`
 * @param shape makes the value of the parsed object with its keys in order, or undefined when something in it is wrong
 * @throws PeerpatchError INSTALL_STATE_DAMAGED
 */
export function decodeKeptJson<T extends object>(
  what: string,
  bytes: Uint8Array,
  shape: (object: JsonObject) => T | undefined,
): T {
  if (bytes.length > MAX_INSTALL_STATE_BYTES) throw damaged(what, `more than ${MAX_INSTALL_STATE_BYTES} bytes`);
  const object = parseObject(what, bytes);
  const value = shape(object);
  if (value === undefined) throw damaged(what, 'a field is missing or out of its range');
  // Unknown keys, another order, other white space: all of it shows here.
  const written = encodeKeptJson(value);
  if (written.length !== bytes.length || written.some((byte, at) => byte !== bytes[at])) {
    throw damaged(what, 'it is not written the one way it can be');
  }
  return value;
}

/** The name of a release, or undefined. */
export function readReleaseName(value: unknown): ReleaseName | undefined {
  if (!isObject(value)) return undefined;
  const { version, id } = value;
  if (typeof version !== 'string' || typeof id !== 'string' || !isAppVersion(version) || !isReleaseId(id))
    return undefined;
  return { version, id };
}

/** Milliseconds or a count. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a text is one that {@link reasonText} gives. */
export function isReason(value: unknown): value is string {
  return typeof value === 'string' && value === reasonText(value);
}

/** A text for people, fit for one line on a terminal: without control characters, and cut. */
export function reasonText(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is taken out
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return wellFormed(wellFormed(line).slice(0, MAX_INSTALL_REASON_CHARACTERS)).trimEnd();
}

/** Half a surrogate pair, which a cut may leave, has no bytes: it becomes U+FFFD. */
function wellFormed(text: string): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text));
}

export function damaged(what: string, why: string): PeerpatchError {
  return new PeerpatchError(
    'INSTALL_STATE_DAMAGED',
    `the ${what} is damaged: ${why}; it counts as if it were not there`,
  );
}

function parseObject(what: string, bytes: Uint8Array): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw damaged(what, 'it is not JSON');
  }
  if (!isObject(parsed)) throw damaged(what, 'it is not a JSON object');
  return parsed;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
