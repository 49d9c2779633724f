import { expect, it } from 'vitest';
import { AddonCalls } from '../../../src/io/net/addon-calls.ts';

it('waits for every call, also for those that fail and those that come later', async () => {
  const calls = new AddonCalls();
  const finish: (() => void)[] = [];
  const call = () => calls.track(new Promise<void>((resolve) => finish.push(resolve)));
  void call();
  calls.track(Promise.reject(new Error('failed'))).catch(() => undefined);
  let settled = false;
  const waiting = calls.settled().then(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  void call();
  finish[0]?.();
  await new Promise((resolve) => setImmediate(resolve));
  expect(settled).toBe(false);
  finish[1]?.();
  await waiting;
  await calls.settled();
});
