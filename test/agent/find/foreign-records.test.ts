import { afterEach, describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/base/units.ts';
import { holds, StatedScene } from '../../support/stated-scene.ts';

/**
 * A record names a release and nothing else: whoever has a genuine release of another app, target or channel can announce it
 * where it does not belong.
 */
describe('genuine records of another name, under this one', () => {
  let scene = new StatedScene();
  afterEach(async () => {
    await scene.stop();
    scene = new StatedScene();
  });

  it('do not silence the honest copies, however often they are repeated', async () => {
    const old = await scene.release({ version: '1.8.0', seq: 4n });
    const next = await scene.release({ version: '1.9.0', seq: 5n, seed: 1 });
    const foreign = await scene.release({ version: '2.0.0', seq: 3n, channel: 'beta', seed: 2 });
    const repeat = (): Promise<unknown> => scene.announce(next.statement, foreign.release, new Uint8Array(32).fill(9));
    await repeat();
    const honest = await scene.run(next);
    await scene.until(() => honest.seen('published').length > 0);
    const agent = await scene.run(old);
    for (let passedMs = 0; passedMs < 10 * MINUTE_MS && !holds(agent, next); passedMs += 20 * SECOND_MS) {
      await repeat();
      // In steps, so that what a timer started is done before the next one runs.
      for (let step = 0; step < 4; step++) {
        await scene.clock.advance(5 * SECOND_MS);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
    expect(holds(agent, next)).toBe(true);
    expect(Math.min(...honest.seen('announced').map(({ storedAt }) => storedAt))).toBeGreaterThan(0);
  });
});
