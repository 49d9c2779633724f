import { describe, expect, it } from 'vitest';
import { createPlaces } from '../../../src/agent/offer/places.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';

const SIGNAL = new AbortController().signal;

describe('places', () => {
  it('are given at once while there are some', async () => {
    const places = createPlaces(2);
    const clock = new FakeClock();
    expect(await places.take(clock, 0, SIGNAL)).toBeTypeOf('function');
    expect(await places.take(clock, 0, SIGNAL)).toBeTypeOf('function');
    expect(places.taken).toBe(2);
  });

  it('go to those who wait, first come, first served', async () => {
    const places = createPlaces(1);
    const clock = new FakeClock();
    const leave = await places.take(clock, 100, SIGNAL);
    const order: string[] = [];
    const waiting = ['first', 'second'].map((name) =>
      places.take(clock, 100, SIGNAL).then((left) => {
        order.push(name);
        left?.();
      }),
    );
    leave?.();
    await Promise.all(waiting);
    expect(order).toEqual(['first', 'second']);
    expect(places.taken).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  it('are not given to one who waited too long, nor lost because of him', async () => {
    const places = createPlaces(1);
    const clock = new FakeClock();
    const leave = await places.take(clock, 100, SIGNAL);
    const late = places.take(clock, 100, SIGNAL);
    await clock.advance(100);
    expect(await late).toBeUndefined();
    leave?.();
    expect(places.taken).toBe(0);
    expect(await places.take(clock, 0, SIGNAL)).toBeTypeOf('function');
  });

  it('are not waited for after the signal', async () => {
    const places = createPlaces(1);
    const clock = new FakeClock();
    await places.take(clock, 100, SIGNAL);
    const stop = new AbortController();
    const waiting = places.take(clock, 100, stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
    expect(places.taken).toBe(1);
  });

  it('are given back once, however often they are left', async () => {
    const places = createPlaces(2);
    const clock = new FakeClock();
    const leave = await places.take(clock, 0, SIGNAL);
    await places.take(clock, 0, SIGNAL);
    leave?.();
    leave?.();
    expect(places.taken).toBe(1);
  });
});
