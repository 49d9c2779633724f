/**
 * Mirrors as a reader sees them, closed after each test.
 *
 * @module
 */
import { afterEach } from 'vitest';
import { publicKeyFromBytes } from '../../src/core/keys/public-key.ts';
import { openMirror, type MirrorOptions } from '../../src/io/mirror/mirror.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import type { Source } from '../../src/ports/source.ts';
import { OWNER } from './stamp-samples.ts';

/** What is asked for where it does not matter what. */
export const HASH: Uint8Array = Uint8Array.from({ length: 32 }, (_, index) => index);

export const never: AbortSignal = new AbortController().signal;

/** Call it at the top of a file. Default: the real clock, no proxies. */
export function useMirrors(): (url: string, options?: Partial<MirrorOptions>) => Source {
  const opened: Source[] = [];
  afterEach(async () => {
    for (const source of opened.splice(0)) await source.close();
  });
  return (url, options) => {
    const owner = publicKeyFromBytes(OWNER.publicKey);
    const source = openMirror({ url, owner, clock: systemClock, env: {}, ...options });
    opened.push(source);
    return source;
  };
}

/** Asks for one object. */
export function getObject(
  source: Source,
  maxBytes = 1000,
  signal: AbortSignal = never,
): Promise<Uint8Array | undefined> {
  return source.object('chunk', HASH, maxBytes, signal);
}
