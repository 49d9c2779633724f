import { describe, expect, it } from 'vitest';
import { OVERTAKEN } from '../../../src/agent/collect/silence-watch.ts';
import { openStatedSources } from '../../../src/agent/fetch/stated-sources.ts';
import { PeerpatchError, type ErrorCode } from '../../../src/core/base/errors.ts';
import type { FailureMark } from '../../../src/core/update/backoff.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { MemoryNetwork } from '../../../src/testing/memory-network.ts';
import { honest, scriptedSource } from '../../support/scripted-source.ts';
import { OTHER } from '../../support/collect-scene.ts';
import { OWNER } from '../../support/transfer-samples.ts';

function scene(answer = honest(OTHER)) {
  const blamed: [name: string, mark: FailureMark | undefined][] = [];
  const told: string[] = [];
  const clock = new FakeClock();
  const mirror = scriptedSource('mirror', answer);
  const sources = openStatedSources({
    network: new MemoryNetwork().join(new Uint8Array(32).fill(1)),
    owner: OWNER.publicKey,
    clock,
    peers: [],
    mirrors: ['https://m.example'],
    openMirror: () => mirror,
    isBlamed: () => false,
    blame: (name, mark) => blamed.push([name, mark]),
    emit: (event) => {
      if (event.type === 'error') told.push(`${event.during} ${event.code} ${event.message}`);
    },
  });
  return { sources, mirror, blamed, told, clock };
}

describe('the sources of a release', () => {
  const failures: [code: ErrorCode, hasGiven: boolean, mark: FailureMark][] = [
    ['PEER_UNREACHABLE', false, { isLie: false, isAfterGiving: false }],
    ['PEER_UNREACHABLE', true, { isLie: false, isAfterGiving: true }],
    ['PEER_TIMEOUT', true, { isLie: false, isAfterGiving: true }],
    ['PEER_TOO_SLOW', true, { isLie: false, isAfterGiving: false }],
    ['PEER_MISBEHAVED', true, { isLie: true, isAfterGiving: false }],
    ['RELEASE_MISMATCH', false, { isLie: true, isAfterGiving: false }],
  ];
  it.each(failures)('are blamed once, %s (something given before: %s) as %j', (code, hasGiven, mark) => {
    const { sources, mirror, blamed } = scene();
    if (hasGiven) sources.noteGiven(mirror);
    for (let times = 0; times < 2; times++) sources.drop(mirror, new PeerpatchError(code, 'no'));
    expect(blamed).toEqual([['mirror', mark]]);
    expect(sources.alive).toEqual([]);
  });

  it('name one at the end that gave nothing while others did, and remember it weakly', async () => {
    const { sources, blamed, told, clock } = scene(() => new Promise(() => undefined));
    const [source] = sources.mirrors;
    const stop = new AbortController();
    void source?.object('chunk', new Uint8Array(32), 100, stop.signal);
    await clock.advance(5000);
    stop.abort(OVERTAKEN);
    expect(blamed).toEqual([]);
    await sources.close();
    await sources.close();
    expect(blamed).toEqual([['mirror', { isWeak: true }]]);
    expect(told).toEqual(['fetch PEER_TIMEOUT mirror: it gave nothing of what it was asked for, and others did']);
  });
});
