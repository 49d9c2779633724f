import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../../src/agent/events.ts';
import { watchHeldBack } from '../../../src/agent/find/held-back.ts';
import { MAX_TOLD_REASONS } from '../../../src/core/base/limits.ts';
import { FakeRestraint } from '../../../src/testing/fake-restraint.ts';

const release = (version: string) => ({ version, id: 'aa'.repeat(32), isFromRecord: false });

function scene() {
  const events: AgentEvent[] = [];
  const restraint = new FakeRestraint();
  return { events, restraint, heldBack: watchHeldBack({ restraint, emit: (event) => events.push(event) }) };
}

describe('what is held back', () => {
  it('is told once for each version and reason, however often it is looked at', async () => {
    const { events, restraint, heldBack } = scene();
    for (const pin of ['1.0.0', '1.0.0', '1.1.0', '1.0.0']) {
      restraint.now = { ...restraint.now, pin };
      const isAllowed = await heldBack.look();
      expect([isAllowed(release('1.2.0')), isAllowed(release('1.3.0'))]).toEqual([false, false]);
    }
    expect(
      events.map((event) => event.type === 'held-back' && `${event.version} ${event.reason.slice(0, 30)}`),
    ).toEqual([
      '1.2.0 the program is pinned to 1.0.0',
      '1.3.0 the program is pinned to 1.0.0',
      '1.2.0 the program is pinned to 1.1.0',
      '1.3.0 the program is pinned to 1.1.0',
    ]);
  });

  it('is what counts at the moment of the look', async () => {
    const { events, restraint, heldBack } = scene();
    const before = await heldBack.look();
    restraint.now = { ...restraint.now, skip: ['1.2.0'] };
    expect([before(release('1.2.0')), (await heldBack.look())(release('1.2.0'))]).toEqual([true, false]);
    expect(events).toHaveLength(1);
  });

  it('does not fill the memory', () => {
    const { events, heldBack } = scene();
    for (let turn = 0; turn < 2; turn++) {
      for (let patch = 0; patch <= MAX_TOLD_REASONS; patch++) heldBack.tell(`1.0.${patch}`, 'why');
    }
    expect(events.length).toBeGreaterThan(MAX_TOLD_REASONS + 1); // some were forgotten and told again
  });
});
