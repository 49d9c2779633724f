import { describe, expect, it } from 'vitest';
import { firstAnswer, NEXT_SOURCE_MS } from '../../../src/agent/fetch/first-answer.ts';
import { orAbort } from '../../../src/core/base/abort.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import type { Source } from '../../../src/ports/source.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';

const SILENT = new Promise<never>(() => undefined);

/** What each source says, in order, and what came of it. */
function scene(answers: Readonly<Record<string, () => Promise<string | undefined>>>) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const asked: string[] = [];
  const ended: string[] = [];
  const failed: string[] = [];
  const answer = firstAnswer({
    sources: Object.keys(answers).map((name) => ({ name }) as Source),
    clock,
    signal: stop.signal,
    ask: async ({ name }, signal) => {
      asked.push(name);
      signal.addEventListener('abort', () => ended.push(name));
      try {
        return await orAbort(answers[name]?.() ?? SILENT, signal);
      } catch (error) {
        // As a source may that is told to end in the middle of a connection.
        if (signal.aborted) throw new PeerpatchError('PEER_UNREACHABLE', 'it was cut off');
        throw error;
      }
    },
    onFailure: ({ name }, { code }) => failed.push(`${name} ${code}`),
  });
  return { answer, clock, stop, asked, ended, failed };
}

const says = (text: string) => () => Promise.resolve(text);
const hasNone = (): Promise<undefined> => Promise.resolve(undefined);
const isSilent = (): Promise<never> => SILENT;
const fails = (): Promise<never> => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'it is gone'));

describe('the first answer', () => {
  it('of the first source leaves the others unasked', async () => {
    const { answer, clock, asked, failed } = scene({ a: says('yes'), b: says('no') });
    expect(await answer).toBe('yes');
    expect(clock.sleeping).toBe(0);
    expect({ asked, failed }).toEqual({ asked: ['a'], failed: [] });
  });

  it('comes from the next one at once after a failure or where there is none', async () => {
    const { answer, asked, failed } = scene({ a: fails, b: hasNone, c: says('yes') });
    expect(await answer).toBe('yes');
    expect({ asked, failed }).toEqual({ asked: ['a', 'b', 'c'], failed: ['a PEER_UNREACHABLE'] });
  });

  it('comes from the next one soon where the first is silent, which is then let go without blame', async () => {
    const { answer, clock, asked, ended, failed } = scene({ a: isSilent, b: says('yes') });
    await clock.advance(NEXT_SOURCE_MS - 1);
    expect(asked).toEqual(['a']);
    await clock.advance(1);
    expect(await answer).toBe('yes');
    expect({ asked, ended, failed }).toEqual({ asked: ['a', 'b'], ended: ['a', 'b'], failed: [] });
  });

  it('may come late from the first one, while others are asked', async () => {
    let give: (text: string) => void = () => undefined;
    const late = new Promise<string>((resolve) => (give = resolve));
    const { answer, clock } = scene({ a: () => late, b: isSilent, c: isSilent });
    await clock.advance(2 * NEXT_SOURCE_MS);
    give('late');
    expect(await answer).toBe('late');
  });

  it('is none when all have none or fail', async () => {
    expect(await scene({}).answer).toBeUndefined();
    expect(await scene({ a: fails, b: hasNone }).answer).toBeUndefined();
  });

  it('is given up when the signal aborts', async () => {
    const { answer, stop, failed } = scene({ a: isSilent });
    stop.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(failed).toEqual([]);
  });

  it('does not hide a mistake of the program', async () => {
    const { answer } = scene({ a: () => Promise.reject(new TypeError('a bug')), b: says('yes') });
    await expect(answer).rejects.toThrow('a bug');
  });
});
