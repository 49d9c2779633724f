import { describe, expect, it } from 'vitest';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { MemoryDht } from '../../../src/testing/memory-dht.ts';
import type { Source } from '../../../src/ports/source.ts';
import { STRANGER } from '../../support/record-samples.ts';
import { scriptedDht } from '../../support/scripted-dht.ts';
import { NAME, statementOf } from '../../support/signed-statements.ts';
import { deadDht, having, ITEM, source, statements } from '../../support/statement-scene.ts';

const one = statementOf(1);
const two = statementOf(2);
/** The same number, another version. */
const otherTwo = statementOf(2, { version: '9.9.9' });
const forged = statementOf(9, {}, STRANGER);
const silent = source('silent', () => new Promise(() => undefined));

describe('look', () => {
  it('finds nothing where nothing was published', async () => {
    expect(await statements(new MemoryDht().join()).look()).toEqual({
      newest: undefined,
      nodes: 20,
      isCutOff: false,
      refused: [],
    });
  });

  it('finds in the DHT what another node published, without its key', async () => {
    const network = new MemoryDht();
    expect(await statements(network.join()).publish(two)).toEqual({ statement: two, storedAt: 20 });
    const found = await statements(network.join(), { running: one }).look();
    expect(found).toEqual({ newest: two, nodes: 20, isCutOff: false, refused: [] });
  });

  it.each(['app', 'target', 'channel'] as const)('does not find the statement of another %s', async (field) => {
    const network = new MemoryDht();
    await statements(network.join()).publish(two);
    const other = { ...NAME, [field]: 'other' };
    expect((await statements(network.join(), { name: other }).look()).newest).toBeUndefined();
  });

  it('takes the highest of all nodes and sources', async () => {
    const dht = scriptedDht({ nodes: 5 });
    dht.set(0, ITEM, statementOf(4).item);
    dht.set(1, ITEM, statementOf(5).item);
    dht.set(2, ITEM, statementOf(3).item);
    const look = (...sources: Source[]) => statements(dht, { running: one }).look(sources);
    expect((await look()).newest?.seq).toBe(5n);
    expect((await look(having('mirror', two), having('peer', statementOf(6)))).newest?.seq).toBe(6n);
  });

  it('gives the running one when all others are older', async () => {
    const dht = scriptedDht({ nodes: 1 });
    dht.set(0, ITEM, one.item);
    expect((await statements(dht, { running: two }).look()).newest).toBe(two);
  });

  it('names everybody whose statement it does not believe, and believes the rest', async () => {
    const dht = scriptedDht({ nodes: 3 });
    dht.set(0, ITEM, forged.item);
    dht.set(1, ITEM, forged.item);
    const found = await statements(dht).look([
      source('short', () => Promise.resolve(new Uint8Array(72))),
      source('long', () => Promise.resolve(new Uint8Array(1069))),
      source('html', () => Promise.resolve(new TextEncoder().encode(`<!doctype html>${' '.repeat(100)}`))),
      having('honest', two),
      having('forger', forged),
      source('refuser', () => Promise.reject(new PeerpatchError('PEER_REFUSED', 'no'))),
      source('empty', () => Promise.resolve(undefined)),
    ]);
    expect(found.newest).toEqual(two);
    expect(found.refused.map((refused) => `${refused.source} ${refused.code}`)).toEqual([
      'short STATEMENT_MALFORMED',
      'long STATEMENT_MALFORMED',
      'refuser PEER_REFUSED',
      'dht node:0 STATEMENT_BAD_SIGNATURE', // once, though two nodes hold it
      'html STATEMENT_BAD_SIGNATURE',
      'forger STATEMENT_BAD_SIGNATURE',
    ]);
    expect(found.refused.every(({ reason }) => reason.length > 0)).toBe(true);
  });

  it('refuses both sides of a conflict, and tells which places they are', async () => {
    const dht = scriptedDht({ nodes: 2 });
    dht.set(0, ITEM, two.item);
    dht.set(1, ITEM, one.item);
    const found = await statements(dht).look([having('mirror', otherTwo)]);
    expect(found.newest).toEqual(one);
    expect(found.refused.map((refused) => `${refused.source} ${refused.code}`)).toEqual([
      'dht node:0 STATEMENT_CONFLICT',
      'mirror STATEMENT_CONFLICT',
    ]);
  });

  it('works without the DHT as long as a source answers, and says so', async () => {
    const found = await statements(deadDht()).look([having('mirror', two)]);
    expect(found).toMatchObject({ newest: two, nodes: 0, refused: [{ source: 'dht', code: 'DHT_UNREACHABLE' }] });
    const none = await statements(deadDht()).look([source('mirror', () => Promise.resolve(undefined))]);
    expect(none.newest).toBeUndefined();
  });

  it('tells everybody’s failure, and that it is cut off, when neither the DHT nor a source answers', async () => {
    expect(await statements(deadDht()).look()).toMatchObject({ isCutOff: true, refused: [{ source: 'dht' }] });
    const failing = source('mirror', () => Promise.reject(new PeerpatchError('PEER_UNREACHABLE', 'gone')));
    const found = await statements(deadDht()).look([failing]);
    expect(found.isCutOff).toBe(true);
    expect(found.refused.map(({ source: name, code }) => `${name} ${code}`)).toEqual([
      'dht DHT_UNREACHABLE',
      'mirror PEER_UNREACHABLE',
    ]);
    expect((await statements(deadDht()).look([failing, having('other', two)])).isCutOff).toBe(false);
  });

  it('does not ask the DHT where it is told not to', async () => {
    const unasked = scriptedDht({ nodes: 1, beforeGet: () => Promise.reject(new TypeError('it was asked')) });
    const look = statements(unasked).look([having('mirror', two)], { withoutDht: true });
    expect(await look).toMatchObject({ newest: two, nodes: 0, isCutOff: false, refused: [] });
  });

  it('waits 15 seconds for a source that says nothing, not longer, whether it obeys or not', async () => {
    const clock = new FakeClock();
    const looking = statements(new MemoryDht().join(), { clock }).look([silent, having('mirror', two)]);
    let isDone = false;
    void looking.then(() => (isDone = true));
    await clock.advance(14_999);
    expect(isDone).toBe(false);
    await clock.advance(1);
    expect(await looking).toMatchObject({ newest: two, refused: [{ source: 'silent', code: 'PEER_TIMEOUT' }] });
    expect(clock.sleeping).toBe(0);
  });

  it('ends with the reason of the signal, also while a source is silent', async () => {
    const controller = new AbortController();
    const reason = new Error('stopping');
    const looking = statements(new MemoryDht().join(), { signal: controller.signal }).look([silent]);
    controller.abort(reason);
    await expect(looking).rejects.toBe(reason);
    const stopped = statements(new MemoryDht().join(), { signal: controller.signal });
    await expect(stopped.look()).rejects.toBe(reason);
    await expect(stopped.publish(two)).rejects.toBe(reason);
  });

  it('lets a bug through', async () => {
    const bug = new TypeError('not a function');
    const broken = source('broken', () => Promise.reject(bug));
    await expect(statements(new MemoryDht().join()).look([broken])).rejects.toBe(bug);
    const brokenDht = scriptedDht({ nodes: 1, beforeGet: () => Promise.reject(bug) });
    await expect(statements(brokenDht).look([having('mirror', two)])).rejects.toBe(bug);
  });
});
