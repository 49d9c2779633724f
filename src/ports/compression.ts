/**
 * Brotli as the agent and the tools see it. The compressed form is never signed or hashed: only what comes out of it is.
 *
 * Real: io/system/brotli.
 *
 * @module
 */

export interface Compression {
  /** A complete brotli stream. @param quality 0 to 11; chunks on the wire take 5 */
  compress(bytes: Uint8Array, quality: number): Promise<Uint8Array>;
  /**
   * What one complete stream holds. Never makes more than `maxBytes`, whatever the stream says.
   *
   * @throws PeerpatchError CONTENT_MALFORMED for more than that, a broken stream, or bytes behind its end
   */
  decompress(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array>;
}
