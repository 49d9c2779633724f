/**
 * What the tests and their child processes say to each other: one JSON line each.
 *
 * @module
 */
import type { ActName } from './acts.ts';

export interface ActRequest {
  readonly act: ActName;
  readonly root: string;
  /** What the shim is told before it: armText of support/shim.ts. */
  readonly arm: string | undefined;
  /** By so much the clock is ahead: as if the act came later. */
  readonly laterMs: number;
  /** Whether the lock may be had at a second look only, half a minute later: a ticket that is damaged tells by its silence. */
  readonly mayWait: boolean;
}

export type ActOutcome =
  | { readonly ok: true; readonly result: unknown }
  /** Without a code it is a bug. */
  | { readonly ok: false; readonly code: string | undefined; readonly text: string };
