/**
 * The two byte sequences that are searched for in programs: the bound of the region, and the anchor in front of the
 * release block.
 * Spec: docs/spec/02-stamp.md.
 *
 * length  bytes
 *     28  bound   0x17, 26 capital letters, 0x17: opens and closes the v0 region
 *     20  anchor  0x17, "PEERPATCH:STAMP:v1", 0x17: stands directly in front of the release block of our own builds
 *
 * A third bound in a program makes its region impossible to find. Programs contain this very code, as source, as bundle or
 * as snapshot; therefore the bytes stand here masked and are unmasked at each call, never at module load.
 *
 * @module
 */
import { fromHex } from '../base/hex.ts';

export const BOUND_BYTES = 28;
export const ANCHOR_BYTES = 20;

const MASK = 0xa5;
const MASKED_BOUND = 'b2e7f7f0f6f1f5e4f1e6ede0f7e7e0e8e7e0e1e7e7eaf0ebe1f6e7b2';
const MASKED_ANCHOR = 'b2f5e0e0f7f5e4f1e6ed9ff6f1e4e8f59fd394b2';

/** A fresh copy of the bound. Do not keep it in module scope: a startup snapshot would carry it. */
export function boundBytes(): Uint8Array {
  return unmask(MASKED_BOUND);
}

/** A fresh copy of the anchor. Do not keep it in module scope: a startup snapshot would carry it. */
export function anchorBytes(): Uint8Array {
  return unmask(MASKED_ANCHOR);
}

function unmask(masked: string): Uint8Array {
  return fromHex(masked).map((byte) => byte ^ MASK);
}
