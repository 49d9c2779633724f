/**
 * Comparison that takes the same time wherever two byte arrays differ.
 *
 * @module
 */
import { timingSafeEqual } from 'node:crypto';

/** Whether both hold the same bytes. Lengths are not secret: different ones are told apart at once. */
export function constantTimeEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
