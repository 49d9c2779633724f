/**
 * Golden bytes with comments: hex digits up to `#`, which starts a remark to the end of the line.
 *
 * @module
 */
import { fromHex } from '../../src/core/base/hex.ts';

export function hexdump(text: string): Uint8Array {
  return fromHex(text.replaceAll(/#.*/g, '').replaceAll(/\s/g, ''));
}
