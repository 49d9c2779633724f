import { describe, expect, it } from 'vitest';
import { announceOnce } from '../../../src/agent/offer/announce.ts';
import type { AgentEvent } from '../../../src/agent/events.ts';
import { serveExchange } from '../../../src/agent/offer/exchange-server.ts';
import { createLibrary } from '../../../src/agent/offer/library.ts';
import { lookStated, type LookedStated } from '../../../src/agent/find/look-stated.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { statementTopic } from '../../../src/core/record/topic.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { statementNameHash, type SignedStatement } from '../../../src/core/statement/statement.ts';
import { brotli } from '../../../src/io/system/brotli.ts';
import type { Dht } from '../../../src/ports/dht.ts';
import type { Source } from '../../../src/ports/source.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { MemoryDht } from '../../../src/testing/memory-dht.ts';
import { MemoryNetwork } from '../../../src/testing/memory-network.ts';
import { nodeKey, OWNER, releaseOf, repeatableRandom, STRANGER } from '../../support/record-samples.ts';
import { NAME, statementOf } from '../../support/signed-statements.ts';
import { deadDht, having, source, statements } from '../../support/statement-scene.ts';

const [one, two] = [statementOf(1), statementOf(2)];

function openScene() {
  const clock = new FakeClock(29_000_000 * 60_000 + 30_000);
  const dhtNetwork = new MemoryDht();
  const hub = new MemoryNetwork();
  const owner = OWNER.publicKey;
  const events: AgentEvent[] = [];
  const closed: string[] = [];
  const openedMirrors: string[] = [];
  let connections = 0;
  return {
    events,
    closed,
    openedMirrors,
    connections: () => connections,
    publish: (statement: SignedStatement) => statements(dhtNetwork.join(), { clock }).publish(statement),
    /** A peer that announces the release and hands out its statement. */
    peer: async (number: number, statement: SignedStatement): Promise<void> => {
      const network = hub.join(new Uint8Array(32).fill(number));
      const library = createLibrary({ compression: brotli, onError: () => undefined });
      library.setStatement(statementNameHash(NAME), encodeSignedItem(statement.item));
      serveExchange({ network, owner, clock, library, onError: () => undefined, onServed: () => undefined });
      await announceOnce({
        dht: dhtNetwork.join(),
        owner,
        topic: statementTopic(owner, NAME),
        clock,
        random: repeatableRandom(number),
        nodeKey: nodeKey(number),
        release: () => releaseOf(statement.version),
        hints: () => network.address(),
      });
    },
    look: (
      mirrors: Readonly<Record<string, SignedStatement | 'down'>> = {},
      dht: Dht = dhtNetwork.join(),
      given: readonly string[] = [...Object.keys(mirrors), ...Object.keys(mirrors)],
    ): Promise<LookedStated> =>
      lookStated({
        owner,
        name: NAME,
        dht,
        clock,
        random: repeatableRandom(1),
        mirrors: given,
        openMirror: (url): Source => {
          openedMirrors.push(url);
          const close = (): Promise<void> => {
            closed.push(url);
            return Promise.resolve();
          };
          const has = mirrors[url] ?? one;
          const down = source(url, () => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'it is down')));
          return { ...(has === 'down' ? down : having(url, has)), close };
        },
        network: {
          connect: (...to) => {
            connections += 1;
            return hub.join(new Uint8Array(32).fill(200 + connections)).connect(...to);
          },
        },
        failed: new Set(),
        emit: (event) => events.push(event),
        signal: new AbortController().signal,
      }),
  };
}

describe('a look without a program', () => {
  it('finds nothing where nobody is', async () => {
    expect(await openScene().look()).toEqual({ statement: undefined, announcements: [] });
  });

  it('takes the statement from the DHT and asks no peer that announces nothing newer', async () => {
    const scene = openScene();
    await scene.publish(two);
    await scene.peer(1, two);
    const { statement, announcements } = await scene.look();
    expect({ seq: statement?.seq, peers: announcements.length }).toEqual({ seq: 2n, peers: 1 });
    expect(scene.connections()).toBe(0);
  });

  it('asks peers when the DHT has no statement, or one that is older than what they announce', async () => {
    for (const published of [undefined, one]) {
      const scene = openScene();
      if (published !== undefined) await scene.publish(published);
      await scene.peer(1, two);
      expect((await scene.look()).statement?.seq).toBe(2n);
      expect(scene.connections()).toBe(1);
    }
  });

  it('finds it at a mirror when no DHT node answers, says so, and closes each mirror once', async () => {
    const scene = openScene();
    expect((await scene.look({ 'https://a.example': one, 'https://b.example': two }, deadDht())).statement?.seq).toBe(
      2n,
    );
    expect(scene.events.map((event) => event.type === 'error' && event.code)).toContain('DHT_UNREACHABLE');
    expect(scene.openedMirrors).toEqual(['https://a.example', 'https://b.example']);
    expect(scene.closed).toEqual(scene.openedMirrors);
  });

  it('asks the mirrors that the statement it found names, and those that theirs names, each once', async () => {
    const scene = openScene();
    const [a, b] = ['https://a.example', 'https://b.example'];
    await scene.publish(statementOf(1, { mirrors: [a] }));
    const found = await scene.look({ [a]: statementOf(2, { mirrors: [a, b] }), [b]: statementOf(3) }, undefined, []);
    expect(found.statement?.seq).toBe(3n);
    expect(scene.openedMirrors).toEqual([a, b]);
    expect(scene.closed).toEqual([a, b]);
  });

  it('tells of the mirrors, beside what it fails with, when nobody at all answers', async () => {
    const scene = openScene();
    await expect(scene.look({ 'https://down.example': 'down' }, deadDht())).rejects.toMatchObject({
      code: 'DHT_UNREACHABLE',
    });
    expect(scene.events.map((event) => event.type === 'error' && event.code)).toEqual(['PEER_UNREACHABLE']);
  });

  it('fails when nobody at all answers', async () => {
    await expect(openScene().look({}, deadDht())).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
  });

  it('names a mirror whose statement is not the owner’s, and believes the rest', async () => {
    const scene = openScene();
    await scene.publish(one);
    expect((await scene.look({ 'https://liar.example': statementOf(9, {}, STRANGER) })).statement?.seq).toBe(1n);
    expect(scene.events).toMatchObject([
      {
        type: 'error',
        code: 'STATEMENT_BAD_SIGNATURE',
        message: expect.stringContaining('https://liar.example') as string,
      },
    ]);
  });
});
