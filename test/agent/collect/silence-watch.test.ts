import { describe, expect, it } from 'vitest';
import { createSilenceWatch, OVERTAKEN } from '../../../src/agent/collect/silence-watch.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { COLLECT_LIMITS } from '../../../src/core/base/limits.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { scriptedSource, silent, type Answering } from '../../support/scripted-source.ts';

const HASH = new Uint8Array(32);

/** Asks for a chunk, and gives it up after a while. */
async function askFor(answer: Answering, waitedMs: number, reason: Error) {
  const clock = new FakeClock();
  const watch = createSilenceWatch(clock);
  const source = watch.watch(scriptedSource('source', answer));
  const stop = new AbortController();
  const ask = async (): Promise<void> => {
    const asked = source.object('chunk', HASH, 100, stop.signal);
    asked.catch(() => undefined);
    await clock.advance(waitedMs);
    stop.abort(reason);
    await asked.catch(() => undefined);
  };
  await ask();
  return { watch, source };
}

const LONG = COLLECT_LIMITS.patienceMs;

describe('the watch for silence', () => {
  it('names a source that gave nothing until another one was faster', async () => {
    const { watch } = await askFor(silent, LONG, OVERTAKEN);
    expect(watch.silent).toEqual(['source']);
  });

  it('names it also when it does not even notice that it is given up', async () => {
    const clock = new FakeClock();
    const watch = createSilenceWatch(clock);
    const source = watch.watch(scriptedSource('source', () => new Promise(() => undefined)));
    const stop = new AbortController();
    void source.stamp(HASH, stop.signal);
    void source.object('chunk', HASH, 100, stop.signal);
    await clock.advance(LONG);
    stop.abort(OVERTAKEN);
    expect(watch.silent).toEqual(['source']);
  });

  const excused: [name: string, answer: Answering, waitedMs: number, reason: Error][] = [
    ['it was waited for a moment only', silent, LONG - 1, OVERTAKEN],
    ['it was told to end for another reason', silent, LONG, new PeerpatchError('CANCELLED', 'the agent ends')],
    ['it gave something', () => HASH, LONG, OVERTAKEN],
    ['it said that it has nothing', () => undefined, LONG, OVERTAKEN],
    [
      'it failed, which is told elsewhere',
      () => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'no')),
      LONG,
      OVERTAKEN,
    ],
  ];
  it.each(excused)('does not when %s', async (_name, answer, waitedMs, reason) => {
    const { watch } = await askFor(answer, waitedMs, reason);
    expect(watch.silent).toEqual([]);
  });

  it('names one that gave a stamp and then no object, and excuses it when one comes after all', async () => {
    let isSilent = true;
    const { watch, source } = await askFor((ask) => (isSilent ? silent(ask) : HASH), LONG, OVERTAKEN);
    await source.stamp(HASH, new AbortController().signal);
    expect(watch.silent).toEqual(['source']);
    isSilent = false;
    await source.object('chunk', HASH, 100, new AbortController().signal);
    expect(watch.silent).toEqual([]);
  });
});
