/**
 * Ed25519 (RFC 8032) over raw 32-byte keys, with the strict verification rule on every runtime.
 *
 * Engines disagree on small-order and non-canonical points. `verifyStrict` therefore rejects, before it asks the engine:
 * S not below the group order, A or R not canonically encoded, A or R of small order. What is left verifies the same
 * everywhere and is a subset of what `verify_strict` of ed25519-dalek accepts. Does not make random keys.
 *
 * @module
 */
import {
  createPrivateKey,
  createPublicKey,
  sign as engineSign,
  verify as engineVerify,
  type KeyObject,
} from 'node:crypto';
import { concatBytes } from '../base/bytes.ts';
import { fromHex } from '../base/hex.ts';

export const ED25519_KEY_BYTES = 32;
export const ED25519_SIGNATURE_BYTES = 64;

// RFC 8410: the fixed DER headers in front of the raw 32 bytes.
const SPKI_HEADER = fromHex('302a300506032b6570032100');
const PKCS8_HEADER = fromHex('302e020100300506032b657004220420');

const FIELD_PRIME = (1n << 255n) - 19n;
const GROUP_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;
/** The d of the curve -x² + y² = 1 + d x² y². */
const CURVE_D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;
/** The y coordinates of the eight points whose order divides the cofactor. */
const SMALL_ORDER_Y: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  FIELD_PRIME - 1n,
  2707385501144840649318225287225658788936804267575313519463743609750303402022n,
  55188659117513257062467267217118295137698188065244968500265048394206261417927n,
]);

/** Signs many messages with one seed: importing a key costs ten times a signature. */
export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes, deterministic (RFC 8032). */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** @param seed 32 bytes, the RFC 8032 private key. @throws RangeError for another length. */
export function ed25519Signer(seed: Uint8Array): Ed25519Signer {
  if (seed.length !== ED25519_KEY_BYTES) throw new RangeError(`an Ed25519 seed has 32 bytes, got ${seed.length}`);
  const der = concatBytes(PKCS8_HEADER, seed);
  const privateKey = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32));
  return { publicKey, sign: (message) => new Uint8Array(engineSign(null, message, privateKey)) };
}

/** Whether `signature` (64 bytes) over `message` is valid under `publicKey` (32 bytes) by the strict rule. */
export function verifyStrict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== ED25519_SIGNATURE_BYTES) return false;
  if (!isStrictPoint(publicKey) || !isStrictPoint(signature.subarray(0, 32))) return false;
  if (littleEndian(signature.subarray(32)) >= GROUP_ORDER) return false;
  try {
    return engineVerify(null, message, importPublicKey(publicKey), signature);
  } catch {
    return false; // some engines throw for bytes that are no point of the curve, others call the signature invalid
  }
}

/** Whether 32 bytes are a key that {@link verifyStrict} can accept: a strict point that is on the curve. */
export function isStrictPublicKey(bytes: Uint8Array): boolean {
  if (!isStrictPoint(bytes)) return false;
  // RFC 8032, 5.1.3: x² = (y² - 1) / (d y² + 1) must be a square, which Euler's criterion tells.
  const y = littleEndian(bytes) & ((1n << 255n) - 1n);
  const square = (y * y) % FIELD_PRIME;
  const ratio = ((square - 1n) * modularPower(CURVE_D * square + 1n, FIELD_PRIME - 2n)) % FIELD_PRIME;
  return modularPower(ratio, (FIELD_PRIME - 1n) / 2n) === 1n;
}

/** Whether 32 bytes are a canonical encoding of a point that is not of small order. Not whether it is on the curve. */
export function isStrictPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== ED25519_KEY_BYTES) return false;
  const y = littleEndian(bytes) & ((1n << 255n) - 1n); // the top bit is the sign of x
  return y < FIELD_PRIME && !SMALL_ORDER_Y.has(y);
}

function importPublicKey(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(concatBytes(SPKI_HEADER, publicKey)), format: 'der', type: 'spki' });
}

function modularPower(base: bigint, exponent: bigint): bigint {
  let [result, square] = [1n, base % FIELD_PRIME];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % FIELD_PRIME;
    square = (square * square) % FIELD_PRIME;
  }
  return result;
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return value;
}
