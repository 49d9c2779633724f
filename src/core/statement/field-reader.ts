/**
 * Reads the fields of a statement's dictionary one by one, strictly. Spec: docs/spec/11-statement.md.
 *
 * Does not know which fields there are.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { isList, type Bencoded, type BencodedDictionary } from '../dht/bencode.ts';

export interface Fields {
  readonly keys: readonly string[];
  has(key: string): boolean;
  /** Of 64 bits. */
  integer(key: string): bigint;
  /** From 0 to `max`; default 2^53 - 1. */
  number(key: string, max?: number): number;
  /** True for 1, false when it is missing; it has no other value. */
  flag(key: string): boolean;
  /** A copy. @param length exactly so many */
  bytes(key: string, length?: number): Uint8Array;
  /** Printable ASCII that `isValid` takes. */
  text(key: string, isValid: (text: string) => boolean): string;
  /** At most `maxEntries`. */
  list(key: string, maxEntries: number): readonly Bencoded[];
  /** An entry of a list, as `number` and `text` would read it. */
  asNumber(key: string, value: Bencoded, max?: number): number;
  asText(key: string, value: Bencoded, isValid: (text: string) => boolean): string;
}

/** All methods throw PeerpatchError STATEMENT_MALFORMED, this too: for other values, and keys that are not sorted. */
export function readFields(value: Bencoded): Fields {
  if (!isDictionary(value)) throw statementMalformed('it is not a dictionary');
  checkSorted(value);
  const get = (key: string): Bencoded => {
    const found = value.get(key);
    if (found === undefined) throw statementMalformed(`the field ${key} is missing`);
    return found;
  };
  const fields: Fields = {
    keys: [...value.keys()],
    has: (key) => value.has(key),
    integer: (key) => {
      const found = get(key);
      if (typeof found !== 'bigint') throw statementMalformed(`the field ${key} is not a number`);
      return found;
    },
    number: (key, max) => fields.asNumber(key, get(key), max),
    flag: (key) => {
      if (!value.has(key)) return false;
      if (fields.integer(key) !== 1n) throw statementMalformed(`the field ${key} can only be 1`);
      return true;
    },
    bytes: (key, length) => {
      const found = get(key);
      if (!(found instanceof Uint8Array) || found.length !== (length ?? found.length)) {
        throw statementMalformed(`the field ${key} does not have its length`);
      }
      return found.slice();
    },
    text: (key, isValid) => fields.asText(key, get(key), isValid),
    list: (key, maxEntries) => {
      const found = get(key);
      if (!isList(found) || found.length > maxEntries) {
        throw statementMalformed(`the field ${key} is not a list of at most ${maxEntries}`);
      }
      return found;
    },
    asNumber: (key, found, max = Number.MAX_SAFE_INTEGER) => {
      if (typeof found !== 'bigint' || found < 0n || found > BigInt(max)) {
        throw statementMalformed(`the field ${key} is not a number from 0 to ${max}`);
      }
      return Number(found);
    },
    asText: (key, found, isValid) => {
      const text = found instanceof Uint8Array ? String.fromCharCode(...found) : undefined;
      if (text === undefined || !/^[\x20-\x7e]+$/.test(text) || !isValid(text)) {
        throw statementMalformed(`the field ${key} is not a text of the allowed form`);
      }
      return text;
    },
  };
  return fields;
}

/** One encoding per value: the reader of bencode takes keys in any order, because old DHT nodes send them so. */
function checkSorted(value: Bencoded): void {
  if (isList(value)) value.forEach(checkSorted);
  if (!isDictionary(value)) return;
  const keys = [...value.keys()];
  if (keys.some((key, index) => index > 0 && key <= (keys[index - 1] ?? ''))) {
    throw statementMalformed('its keys are not sorted');
  }
  for (const entry of value.values()) checkSorted(entry);
}

function isDictionary(value: Bencoded): value is BencodedDictionary {
  return value instanceof Map;
}

export function statementMalformed(reason: string): PeerpatchError {
  return new PeerpatchError('STATEMENT_MALFORMED', `a statement is malformed: ${reason}`);
}
