/**
 * Collecting a sample from sources that a test scripts, in memory.
 *
 * @module
 */
import { collectContent, type CollectOptions } from '../../src/agent/collect/collect.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import type { Source } from '../../src/ports/source.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryPartialStore } from '../../src/testing/memory-partial.ts';
import { contentOf, noise } from './content-samples.ts';
import { honest, type Answering, type ScriptedSource } from './scripted-source.ts';

export const CONTENT = contentOf(noise(3_000_000));
export const OTHER = contentOf(noise(500_000, 7));
export const MANIFEST = CONTENT.manifest;

/** Lets real waits (the thread pool's) and the clock's go on side by side until `work` is done. */
async function runClock<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const settled = work.finally(() => (isDone = true));
  settled.catch(() => undefined);
  const finished = (): boolean => isDone;
  while (!finished()) await clock.advance(50);
  return settled;
}

/** A collection from these sources, with a clock that runs fast. */
export function collectScene(sources: readonly Source[], options: Partial<CollectOptions> = {}) {
  const store = new MemoryPartialStore();
  const clock = new FakeClock();
  const blamed: [name: string, code: string][] = [];
  const collect = async (more: Partial<CollectOptions> = {}) => {
    const partial = more.partial ?? options.partial ?? (await store.open('content', CONTENT.bytes.length));
    const collecting = collectContent({
      root: MANIFEST.root,
      sizeBytes: CONTENT.bytes.length,
      sources,
      partial,
      compression: brotli,
      clock,
      signal: new AbortController().signal,
      onBlame: (source, error) => blamed.push([source.name, error.code]),
      ...options,
      ...more,
    });
    const end = async <T>(result: Promise<T>): Promise<T> => result.finally(() => partial.close());
    return runClock(clock, end(collecting));
  };
  const content = async (): Promise<Uint8Array> => {
    const partial = await store.open('content', CONTENT.bytes.length);
    try {
      return await partial.read(0, partial.sizeBytes);
    } finally {
      await partial.close();
    }
  };
  return { store, clock, blamed, collect, content };
}

/** How often it was asked for a kind of object. */
export const asks = (source: ScriptedSource, kind: string): number =>
  source.asked.filter((ask) => ask.kind === kind).length;

/** What an honest source answers. */
export const honestBytes = honest(CONTENT) as (ask: Parameters<Answering>[0]) => Uint8Array | undefined;
