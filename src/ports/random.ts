/**
 * Randomness as the agent sees it. Real: io/system/random. Tests pass functions of their own.
 *
 * @module
 */

export interface Random {
  /** Bytes fit for keys. */
  bytes(length: number): Uint8Array;
  /** From 0 up to, not including, 1: for jitter and choice. */
  fraction(): number;
}
