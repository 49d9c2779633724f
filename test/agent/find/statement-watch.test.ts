import { describe, expect, it } from 'vitest';
import type { AgentEvent } from '../../../src/agent/events.ts';
import type { StatedSources } from '../../../src/agent/fetch/stated-sources.ts';
import { watchStatements, type StatementWatch } from '../../../src/agent/find/statement-watch.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { MINUTE_MS } from '../../../src/core/base/units.ts';
import type { Announcement } from '../../../src/core/record/open.ts';
import type { SignedStatement } from '../../../src/core/statement/statement.ts';
import type { Source } from '../../../src/ports/source.ts';
import { FakeMemory } from '../../../src/testing/fake-memory.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { announcementOf, OWNER, releaseOf } from '../../support/record-samples.ts';
import { scriptedDht, type ScriptedDht, type ScriptedDhtOptions } from '../../support/scripted-dht.ts';
import { having, source } from '../../support/statement-scene.ts';
import { statementOf } from '../../support/signed-statements.ts';

const OWN = statementOf(9, { version: '1.2.0' });
const OWN_HASH = new Uint8Array(32);

interface Watched {
  readonly watch: StatementWatch;
  readonly dht: ScriptedDht;
  readonly events: AgentEvent[];
  /** One check: a minute later the next one. @returns how often the DHT was asked for the statement */
  readonly check: (shown?: readonly Announcement[], mirrors?: readonly Source[]) => Promise<number>;
}

function watching(own: SignedStatement = OWN, options: Partial<ScriptedDhtOptions> = {}): Watched {
  const clock = new FakeClock();
  const dht = scriptedDht({ nodes: 3, ...options });
  const events: AgentEvent[] = [];
  const release = { ...releaseOf('1.2.0'), hash: OWN_HASH };
  const watch = watchStatements({
    owner: OWNER.publicKey,
    dht,
    clock,
    random: { fraction: () => 0.5, bytes: (count) => new Uint8Array(count) },
    installed: () => ({ release, statement: own }),
    emit: (event) => events.push(event),
    memory: new FakeMemory(),
    library: { setStatement: () => () => undefined },
    signal: new AbortController().signal,
  });
  return {
    watch,
    dht,
    events,
    check: async (announcements = [], mirrors = []) => {
      const before = dht.lookups.length;
      await watch.newest({ announcements, sources: sourcesOf(mirrors), force: false, isDhtDown: false });
      await clock.advance(MINUTE_MS);
      return dht.lookups.length - before;
    },
  };
}

/** No peers: what they announce is found nowhere. */
function sourcesOf(mirrors: readonly Source[]): StatedSources {
  return { mirrors, alive: mirrors, peers: [], drop: () => undefined } as unknown as StatedSources;
}

/** Of a release that nobody can state. */
function announced(hash: number, version = '1.2.0'): Announcement {
  const announcement = announcementOf(hash, version);
  return { ...announcement, release: { ...announcement.release, hash: new Uint8Array(32).fill(hash) } };
}

async function lookedAt(minutes: number, turn: (minute: number) => Promise<number>): Promise<number[]> {
  const looked: number[] = [];
  for (let minute = 0; minute < minutes; minute++) if ((await turn(minute)) > 0) looked.push(minute);
  return looked;
}

describe('the DHT is asked for the statement', () => {
  it('every ten minutes while nobody announces anything else', async () => {
    const { check } = watching();
    expect(await lookedAt(31, () => check())).toEqual([0, 10, 20, 30]);
  });

  it.each<[what: string, shown: (minute: number) => Announcement[], looks: number[]]>([
    ['are there all the time', () => [announced(1), announced(2)], [0, 10, 20, 30]],
    [
      'come one after the other',
      (minute) => (minute < 3 ? [announced(1)] : [announced(1), announced(2)]),
      [0, 3, 13, 23],
    ],
    ['are seen in turns', (minute) => [announced(1 + (minute % 3))], [0, 1, 2, 12, 22]],
    [
      'are above its own',
      (minute) => (minute < 3 ? [] : [announced(1, '1.3.0'), announced(2, '1.4.0')]),
      [0, 3, 13, 23],
    ],
  ])('not more often because of releases that nobody can state and that %s', async (_what, shown, looks) => {
    const { check } = watching();
    expect(await lookedAt(31, (minute) => check(shown(minute)))).toEqual(looks);
  });
});

describe('a machine that is cut off', () => {
  const next = statementOf(10, { version: '1.3.0' });
  const gone = (): never => {
    throw new PeerpatchError('DHT_UNREACHABLE', 'nobody answers');
  };
  const failing = source('mirror', () => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'no name')));

  it('asks again at the next check, and finds what a mirror has as soon as that answers', async () => {
    const { check, watch } = watching(OWN, { beforeGet: gone });
    expect(await lookedAt(3, () => check([], [failing]))).toEqual([0, 1, 2]);
    expect(await lookedAt(20, () => check([], [having('mirror', next)]))).toEqual([0, 10]);
    const look = { announcements: [], sources: sourcesOf([]), force: false, isDhtDown: false };
    expect(await watch.newest(look)).toEqual(next);
  });

  it('is told apart from one whose mirrors alone, or whose DHT alone, fail', async () => {
    const withDht = watching();
    expect(await lookedAt(20, () => withDht.check([], [failing]))).toEqual([0, 10]);
    const withMirror = watching(OWN, { beforeGet: gone });
    expect(await lookedAt(20, () => withMirror.check([], [having('mirror', OWN)]))).toEqual([0, 10]);
  });
});
