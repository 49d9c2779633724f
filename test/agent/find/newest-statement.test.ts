import { describe, expect, it, vi } from 'vitest';
import type { AgentEvent } from '../../../src/agent/events.ts';
import { keepPublished } from '../../../src/agent/find/keep-published.ts';
import { carryNewest, type NewestStatement } from '../../../src/agent/find/newest-statement.ts';
import type { Statements } from '../../../src/agent/find/statements.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import type { SignedItem } from '../../../src/core/stamp/block.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { statementNameHash, type SignedStatement } from '../../../src/core/statement/statement.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { FakeMemory } from '../../../src/testing/fake-memory.ts';
import { repeatableRandom, STRANGER } from '../../support/record-samples.ts';
import { scriptedDht, type ScriptedDht } from '../../support/scripted-dht.ts';
import { NAME, statementOf } from '../../support/signed-statements.ts';
import { having, ITEM, statements as createStatements } from '../../support/statement-scene.ts';

const NAME_HASH = statementNameHash(NAME);
const five = statementOf(5);
const six = statementOf(6, { version: five.version, rollout: { percent: 0, startsAt: 0, rampSeconds: 0 } });
const otherSix = statementOf(6, { version: '9.9.9' });
const seven = statementOf(7, { expiresAt: 1 });

interface Node {
  readonly newest: NewestStatement;
  readonly statements: Statements;
  readonly dht: ScriptedDht;
  readonly events: AgentEvent[];
  /** As peers are told. */
  readonly handedOut: () => SignedStatement['item'] | undefined;
  /** Puts of statements above its own. */
  readonly putSeqs: () => bigint[];
}

/** A node that runs release five. */
function node(memory: FakeMemory, own: SignedStatement = five): Node {
  const dht = scriptedDht({ nodes: 2 });
  const events: AgentEvent[] = [];
  const shelf = new Map<string, Uint8Array>();
  const statements = createStatements(dht, { running: own });
  const newest = carryNewest({
    statements,
    name: NAME,
    own: () => own,
    memory,
    library: {
      setStatement: (key, bytes) => {
        shelf.set(toHex(key), bytes);
        return () => undefined;
      },
    },
    emit: (event) => events.push(event),
  });
  const handedOut = (): SignedItem | undefined => {
    const bytes = shelf.get(toHex(NAME_HASH));
    return [own, six, otherSix, seven].find(({ item }) => bytes && toHex(encodeSignedItem(item)) === toHex(bytes))
      ?.item;
  };
  return { newest, statements, dht, events, handedOut, putSeqs: () => dht.puts.map(({ seq }) => seq) };
}

async function sees({ statements, newest }: Node, ...seen: readonly SignedStatement[]): Promise<void> {
  await statements.look(seen.map((statement, index) => having(`mirror ${index}`, statement)));
  await newest.settle();
}

describe('the newest statement that a node knows', () => {
  it('is its own where it has seen no other, which is in the program and not remembered', async () => {
    const memory = new FakeMemory();
    const alone = node(memory);
    await alone.newest.recall();
    await sees(alone, five);
    await alone.newest.publish();
    expect(alone.newest.current).toBe(five);
    expect(alone.handedOut()).toEqual(five.item);
    expect(alone.putSeqs()).toEqual([5n, 5n]);
    expect(await memory.seenStatement(NAME_HASH)).toBeUndefined();
  });

  it.each([
    ['the same release that was signed again', six],
    ['a release that has expired', seven],
  ])('is put, handed out and remembered though it is of %s', async (_what, above) => {
    const memory = new FakeMemory();
    const first = node(memory);
    await first.newest.recall();
    await sees(first, above);
    await first.newest.publish();
    expect(first.newest.current).toEqual(above);
    expect(first.handedOut()).toEqual(above.item);
    expect(first.putSeqs()).toEqual([above.seq, above.seq]);
    expect(first.events).toEqual([{ type: 'published', version: above.version, storedAt: 2 }]);
    expect(await memory.seenStatement(NAME_HASH)).toEqual(above.item);
    expect(await memory.highestSeq(NAME_HASH)).toBe(0n);
  });

  it('is what it starts from, before anybody was asked', async () => {
    const memory = new FakeMemory();
    await memory.sawStatement(NAME_HASH, six.item);
    const again = node(memory);
    await Promise.all([again.newest.recall(), again.newest.recall()]);
    expect(again.newest.current).toEqual(six);
    expect(again.handedOut()).toEqual(six.item);
    await again.newest.publish();
    expect(again.putSeqs()).toEqual([6n, 6n]);
    await sees(again, seven);
    expect(await memory.seenStatement(NAME_HASH)).toEqual(seven.item);
  });

  it('is its own where what is remembered is below', async () => {
    const memory = new FakeMemory();
    await memory.sawStatement(NAME_HASH, six.item);
    const above = node(memory, seven);
    await above.newest.recall();
    expect(above.newest.current).toBe(seven);
    expect(above.handedOut()).toEqual(seven.item);
  });

  it('is seen also while it is put', async () => {
    const memory = new FakeMemory();
    const late = node(memory);
    await late.newest.recall();
    late.dht.set(1, ITEM, six.item);
    await late.newest.publish();
    expect(late.putSeqs()).toEqual([6n]);
    expect(late.handedOut()).toEqual(six.item);
    expect(await memory.seenStatement(NAME_HASH)).toEqual(six.item);
  });

  it('is none of two with one number: neither is put, handed out or remembered', async () => {
    const memory = new FakeMemory();
    const torn = node(memory);
    await sees(torn, six, otherSix);
    await torn.newest.publish();
    expect(torn.newest.current).toBe(five);
    expect(torn.handedOut()).toEqual(five.item);
    expect(torn.putSeqs()).toEqual([5n, 5n]);
    expect(await memory.seenStatement(NAME_HASH)).toBeUndefined();
  });

  it.each([
    ['seen first', false],
    ['remembered from before', true],
  ])('is no more what was %s as soon as another one of its number is seen: it is forgotten', async (_what, isOld) => {
    const memory = new FakeMemory();
    if (isOld) await memory.sawStatement(NAME_HASH, six.item);
    const torn = node(memory);
    await torn.newest.recall();
    await sees(torn, ...(isOld ? [] : [six]));
    expect(torn.handedOut()).toEqual(six.item);
    await sees(torn, otherSix);
    await torn.newest.publish();
    expect(torn.handedOut()).toEqual(five.item);
    expect(torn.putSeqs()).toEqual([5n, 5n]);
    expect(await memory.seenStatement(NAME_HASH)).toBeUndefined();
  });

  it.each([
    ['of another key', statementOf(6, {}, STRANGER).item],
    ['damaged', { ...six.item, signature: new Uint8Array(64) }],
    ['another one than that of the program, under its number', statementOf(5, { version: '9.9.9' }).item],
  ])('is not what is remembered and %s: it is forgotten', async (_what, item) => {
    const memory = new FakeMemory();
    await memory.sawStatement(NAME_HASH, item);
    const careful = node(memory);
    await careful.newest.recall();
    await careful.newest.publish();
    expect(careful.newest.current).toBe(five);
    expect(careful.putSeqs()).toEqual([5n, 5n]);
    expect(await memory.seenStatement(NAME_HASH)).toBeUndefined();
  });

  it('is put by who seeds an older one and looks for nothing else', async () => {
    const memory = new FakeMemory();
    const { dht, events, putSeqs } = node(memory);
    dht.set(0, ITEM, six.item);
    const stop = new AbortController();
    const handedOut: Uint8Array[] = [];
    const seeding = keepPublished(five, {
      dht,
      clock: new FakeClock(),
      random: repeatableRandom(1),
      memory,
      library: { setStatement: (_key, bytes) => (handedOut.push(bytes), () => undefined) },
      emit: (event) => events.push(event),
      signal: stop.signal,
    });
    await vi.waitFor(() => {
      expect(handedOut).toEqual([encodeSignedItem(six.item)]);
    });
    stop.abort();
    await seeding;
    expect(putSeqs()).toEqual([6n]);
    expect(await memory.seenStatement(NAME_HASH)).toEqual(six.item);
  });
});
