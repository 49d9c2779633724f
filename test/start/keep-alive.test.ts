import { describe, expect, it } from 'vitest';
import { keepAliveUntil } from '../../src/start/keep-alive.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('keepAliveUntil', () => {
  it.each<[how: string, settle: (resolve: () => void, reject: (error: Error) => void) => void]>([
    [
      'done',
      (resolve) => {
        resolve();
      },
    ],
    [
      'failed',
      (_resolve, reject) => {
        reject(new Error('failed'));
      },
    ],
  ])('keeps the process alive until what is waited for is %s, and no longer', async (_how, settle) => {
    const before = timers();
    let finish: () => void = () => undefined;
    const outcome = keepAliveUntil(
      new Promise<void>(
        (resolve, reject) =>
          (finish = () => {
            settle(resolve, reject);
          }),
      ),
    ).catch((error: unknown) => error);
    expect(timers()).toBe(before + 1);
    finish();
    await outcome;
    expect(timers()).toBe(before);
  });

  it('passes on what came of it', async () => {
    await expect(keepAliveUntil(Promise.resolve(7))).resolves.toBe(7);
    await expect(keepAliveUntil(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
