import { afterEach, describe, expect, it } from 'vitest';
import { codes, elf, holds, StatedScene, ways } from '../../support/stated-scene.ts';

describe('a release that its owner should not have signed', () => {
  const scene = new StatedScene();
  afterEach(() => scene.stop());

  it('is not fetched again at the next look: a program for another processor', async () => {
    const [x64, arm64] = [62, 183];
    const old = await scene.release({ version: '1.0.0', change: elf(x64) });
    const wrong = await scene.release({ version: '1.1.0', seq: 2n, change: elf(arm64) });
    await scene.peer(wrong);
    await scene.publish(wrong.statement.item, wrong.statement);
    const agent = await scene.run(old);
    for (let looks = 0; looks < 3; looks++) await agent.agent.check();
    expect([codes(agent), ways(agent).length, holds(agent, old)]).toEqual([['RELEASE_WRONG_TARGET'], 1, true]);
    await agent.agent.check({ force: true });
    expect(codes(agent)).toHaveLength(2);

    const right = await scene.release({ version: '1.2.0', seq: 3n, change: elf(x64) });
    await scene.peer(right);
    await scene.publish(right.statement.item, right.statement);
    await agent.agent.check();
    expect(holds(agent, right)).toBe(true);
  });
});
