/**
 * A statement as bytes: a bencoded dictionary of at most 996 bytes. Spec: docs/spec/11-statement.md.
 *
 * key  value                                            key  value
 *  a   app, text                                         o   offset of the release block
 *  c   channel, text                                     p   rollout: list of percent, start, ramp
 *  d   deltas: 68 bytes each                             r   root, 32 bytes
 *  e   expiry                                            s   size of the file
 *  f   1: this format                                    t   target, text
 *  i   issued at                                         u   1: critical
 *  k   1: how chunks are cut                             w   version, text
 *  l   lowest version that may jump to it, text          z   1: v0, too
 *  m   mirrors: list of texts                            n   URL of the release notes, text
 *
 * Keys are sorted, each once; a c f i k o r s t w are always there. Other keys are ignored, unless they begin with "!".
 * Does not verify the signature: see statement.ts.
 *
 * @module
 */
import { asciiBytes, concatBytes } from '../base/bytes.ts';
import { isPeerpatchError, PeerpatchError } from '../base/errors.ts';
import { toHex } from '../base/hex.ts';
import {
  MAX_PROGRAM_BYTES,
  MAX_STATEMENT_DELTAS,
  MAX_STATEMENT_MIRRORS,
  MAX_STATEMENT_VALUE_BYTES,
} from '../base/limits.ts';
import { decodeBencode, dictionary, encodeBencode, type Bencoded } from '../dht/bencode.ts';
import { STAMP_BYTES } from '../stamp/block.ts';
import { isAppVersion } from './app-version.ts';
import { readFields, statementMalformed as malformed, type Fields } from './field-reader.ts';
import {
  isApp,
  isChannel,
  isStatementUrl,
  isTarget,
  type Rollout,
  type Statement,
  type StatementDelta,
  type StatementName,
} from './fields.ts';

const DELTA_BYTES = 68;
const ROOT_BYTES = 32;

/** @throws PeerpatchError STATEMENT_MALFORMED when a field is out of its range, or all together are too long */
export function encodeStatement(statement: Statement): Uint8Array {
  const { rollout, deltas, mirrors, notesUrl, lowestVersion, expiresAt } = statement;
  const value = encodeBencode(
    dictionary({
      a: text(statement.app),
      c: text(statement.channel),
      d: deltas.length === 0 ? undefined : concatBytes(...deltas.map(encodeDelta)),
      e: expiresAt === undefined ? undefined : integer(expiresAt),
      f: 1n,
      i: integer(statement.issuedAt),
      k: integer(statement.chunking),
      l: lowestVersion === undefined ? undefined : text(lowestVersion),
      m: mirrors.length === 0 ? undefined : mirrors.map(text),
      n: notesUrl === undefined ? undefined : text(notesUrl),
      o: integer(statement.stampOffset),
      p: rollout === undefined ? undefined : [rollout.percent, rollout.startsAt, rollout.rampSeconds].map(integer),
      r: statement.root,
      s: integer(statement.sizeBytes),
      t: text(statement.target),
      u: statement.isCritical ? 1n : undefined,
      w: text(statement.version),
      z: statement.speaksV0 ? 1n : undefined,
    }),
  );
  if (value.length > MAX_STATEMENT_VALUE_BYTES) {
    throw malformed(
      `it has ${value.length} bytes, ${MAX_STATEMENT_VALUE_BYTES} are allowed: leave out deltas, mirrors or notes`,
    );
  }
  decodeStatement(value); // what a reader would refuse must not be signed
  return value;
}

/** @throws PeerpatchError STATEMENT_MALFORMED, STATEMENT_UNSUPPORTED */
export function decodeStatement(value: Uint8Array): Statement {
  const fields = fieldsOf(value);
  // The formats come first: in another one the other keys may hold anything.
  for (const [key, what] of [
    ['f', 'format'],
    ['k', 'chunking'],
  ] as const) {
    const found = fields.integer(key);
    if (found !== 1n) throw unsupported(`${what} ${found.toString()}`);
  }
  for (const key of fields.keys) if (key.startsWith('!')) throw unsupported(`the field ${JSON.stringify(key)}`);

  const sizeBytes = fields.number('s', MAX_PROGRAM_BYTES);
  const stampOffset = fields.number('o', MAX_PROGRAM_BYTES);
  if (stampOffset + STAMP_BYTES > sizeBytes) throw malformed('its stamp reaches beyond the end of the file');
  const expiresAt = fields.has('e') ? fields.number('e') : undefined;
  const lowestVersion = fields.has('l') ? fields.text('l', isAppVersion) : undefined;
  const notesUrl = fields.has('n') ? fields.text('n', isStatementUrl) : undefined;
  const rollout = fields.has('p') ? readRollout(fields) : undefined;
  return {
    ...nameOf(fields),
    version: fields.text('w', isAppVersion),
    sizeBytes,
    stampOffset,
    root: fields.bytes('r', ROOT_BYTES),
    chunking: 1,
    issuedAt: fields.number('i'),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(lowestVersion !== undefined && { lowestVersion }),
    isCritical: fields.flag('u'),
    ...(rollout !== undefined && { rollout }),
    deltas: fields.has('d') ? readDeltas(fields) : [],
    mirrors: fields.has('m') ? readMirrors(fields) : [],
    ...(notesUrl !== undefined && { notesUrl }),
    speaksV0: fields.flag('z'),
  };
}

/** App, target and channel alone: a verifier needs them for the salt. @throws PeerpatchError STATEMENT_MALFORMED */
export function readStatementName(value: Uint8Array): StatementName {
  return nameOf(fieldsOf(value));
}

function fieldsOf(value: Uint8Array): Fields {
  if (value.length > MAX_STATEMENT_VALUE_BYTES) throw malformed(`it has ${value.length} bytes`);
  return readFields(decode(value));
}

function nameOf(fields: Fields): StatementName {
  return {
    app: fields.text('a', isApp),
    target: fields.text('t', isTarget),
    channel: fields.text('c', isChannel),
  };
}

function readRollout(fields: Fields): Rollout {
  const parts = fields.list('p', 3);
  const [percent = 0, startsAt = 0, rampSeconds = 0] = parts.map((part) => fields.asNumber('p', part));
  if (parts.length !== 3 || percent > 100) throw malformed('its rollout is not a percentage, a start and a ramp');
  return { percent, startsAt, rampSeconds };
}

function readMirrors(fields: Fields): string[] {
  const mirrors = fields.list('m', MAX_STATEMENT_MIRRORS).map((entry) => fields.asText('m', entry, isStatementUrl));
  if (mirrors.length === 0) throw malformed('an empty list of mirrors is written as none');
  return mirrors;
}

function encodeDelta({ fromRoot, sizeBytes, root }: StatementDelta): Uint8Array {
  if (fromRoot.length !== ROOT_BYTES || root.length !== ROOT_BYTES || sizeBytes > 0xffffffff) {
    throw malformed('a delta has 32 bytes of each root, and at most 2^32 - 1 of its own');
  }
  const size = new Uint8Array(4);
  new DataView(size.buffer).setUint32(0, sizeBytes, true);
  return concatBytes(fromRoot, size, root);
}

function readDeltas(fields: Fields): StatementDelta[] {
  const bytes = fields.bytes('d');
  const count = bytes.length / DELTA_BYTES;
  if (!Number.isInteger(count) || count < 1 || count > MAX_STATEMENT_DELTAS) throw malformed('its deltas are cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const deltas = Array.from({ length: count }, (_, index): StatementDelta => {
    const at = index * DELTA_BYTES;
    return {
      fromRoot: bytes.slice(at, at + ROOT_BYTES),
      sizeBytes: view.getUint32(at + ROOT_BYTES, true),
      root: bytes.slice(at + ROOT_BYTES + 4, at + DELTA_BYTES),
    };
  });
  if (deltas.some(({ sizeBytes }) => sizeBytes === 0)) throw malformed('a delta has no bytes');
  if (new Set(deltas.map(({ fromRoot }) => toHex(fromRoot))).size < count) throw malformed('two deltas have one base');
  return deltas;
}

function decode(value: Uint8Array): Bencoded {
  try {
    return decodeBencode(value);
  } catch (cause) {
    if (!isPeerpatchError(cause, 'DHT_MESSAGE_MALFORMED')) throw cause;
    throw new PeerpatchError('STATEMENT_MALFORMED', `a statement could not be read: ${cause.message}`, { cause });
  }
}

function text(value: string): Uint8Array {
  if (!/^[\x20-\x7e]*$/.test(value)) throw malformed(`${JSON.stringify(value.slice(0, 80))} is not printable ASCII`);
  return asciiBytes(value);
}

function integer(value: number): bigint {
  if (!Number.isSafeInteger(value)) throw malformed(`${value} is not a whole number`);
  return BigInt(value);
}

function unsupported(what: string): PeerpatchError {
  return new PeerpatchError(
    'STATEMENT_UNSUPPORTED',
    `a statement of the owner has ${what}, which this version does not know: update peerpatch in the program`,
  );
}
