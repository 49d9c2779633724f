import { describe, expect, it } from 'vitest';
import { orAbort } from '../../../src/core/base/abort.ts';

const REASON = new Error('enough');

describe('work or abort', () => {
  it('gives the result of the work when nobody aborts', async () => {
    expect(await orAbort(Promise.resolve(7), undefined)).toBe(7);
    expect(await orAbort(Promise.resolve(7), new AbortController().signal)).toBe(7);
  });

  it('gives the failure of the work when nobody aborts', async () => {
    await expect(orAbort(Promise.reject(new Error('work')), new AbortController().signal)).rejects.toThrow('work');
  });

  it('rejects with the reason as soon as the signal aborts, before the work is done', async () => {
    const stop = new AbortController();
    const waiting = orAbort(new Promise(() => undefined), stop.signal);
    stop.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
  });

  it('rejects for a signal that was aborted before', async () => {
    await expect(orAbort(Promise.resolve(7), AbortSignal.abort(REASON))).rejects.toBe(REASON);
  });

  it('gives what comes too late to the one who lets go of it', async () => {
    const stop = new AbortController();
    let finish: (value: number) => void = () => undefined;
    const work = new Promise<number>((resolve) => (finish = resolve));
    const late: number[] = [];
    const waiting = orAbort(work, stop.signal, (value) => late.push(value));
    stop.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
    finish(7);
    await work;
    expect(late).toEqual([7]);
  });

  it('says nothing of work that fails after the abort', async () => {
    const stop = new AbortController();
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise((_resolve, reject) => (fail = reject));
    const waiting = orAbort(work, stop.signal);
    stop.abort(REASON);
    await expect(waiting).rejects.toBe(REASON);
    fail(new Error('late')); // an unhandled rejection would fail the test run
    await new Promise((resolve) => setImmediate(resolve));
  });
});
