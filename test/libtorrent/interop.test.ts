/**
 * Against another implementation: a private DHT of 20 libtorrent nodes. Skipped, with a line that says so, where the Python
 * module is missing (Debian: python3-libtorrent).
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asciiBytes } from '../../src/core/base/bytes.ts';
import { toHex } from '../../src/core/base/hex.ts';
import type { MainlineDht } from '../../src/io/dht/mainline.ts';
import { startBootstrapNode } from '../../src/tools/network/bootstrap-node.ts';
import { statementSalt, verifyStatement } from '../../src/core/statement/statement.ts';
import { openClient, testItemKey, valuesOf } from '../support/dht-clients.ts';
import { OWNER } from '../support/record-samples.ts';
import { largestStatement, NAME, statementOf } from '../support/signed-statements.ts';

const PYTHON = process.env['PEERPATCH_PYTHON'] ?? '/usr/bin/python3';
const NODES = 20;
const installed = spawnSync(PYTHON, ['-c', 'import libtorrent']).status === 0;
if (!installed) {
  console.warn(
    `SKIPPED: libtorrent interop, because ${PYTHON} has no module libtorrent (apt-get install python3-libtorrent)`,
  );
}

interface Answer {
  readonly ports?: readonly number[];
  readonly nodes?: readonly number[];
  readonly stored?: number;
  readonly found?: readonly { readonly seq: number; readonly value: string }[];
  readonly error?: string;
}

describe.skipIf(!installed)('with a DHT of libtorrent nodes', () => {
  let network: ChildProcess;
  let answers: AsyncIterator<string>;
  let bootstrap: readonly string[] = [];
  const clients: MainlineDht[] = [];
  /** All our puts come from one client: libtorrent takes whoever puts into its routing table, read-only or not. */
  let writer: MainlineDht;

  const nextAnswer = async (): Promise<Answer> => {
    const line = await answers.next();
    if (line.done === true) throw new Error('the libtorrent process ended');
    const answer = JSON.parse(line.value) as Answer;
    if (answer.error !== undefined) throw new Error(answer.error);
    return answer;
  };
  const libtorrent = (command: Readonly<Record<string, unknown>>): Promise<Answer> => {
    network.stdin?.write(`${JSON.stringify(command)}\n`);
    return nextAnswer();
  };
  const join = async (): Promise<MainlineDht> => {
    const client = await openClient(bootstrap);
    clients.push(client);
    await client.ready();
    return client;
  };

  beforeAll(async () => {
    network = spawn(PYTHON, ['-W', 'ignore', 'test/libtorrent/network.py', String(NODES)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (network.stdout === null) throw new Error('no output from libtorrent');
    answers = createInterface({ input: network.stdout })[Symbol.asyncIterator]();
    bootstrap = ((await nextAnswer()).ports ?? []).slice(0, 3).map((port) => `127.0.0.1:${port}`);
    writer = await join();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.close()));
    network.stdin?.end(`${JSON.stringify({ do: 'quit' })}\n`);
    network.kill();
  });

  it('reaches all 20 of them', async () => {
    const nodes = await (await join()).get(testItemKey(20));
    expect(nodes).toHaveLength(NODES);
  });

  it.each([
    ['with a salt', 23, 'pepper'],
    ['without a salt', 24, ''],
  ])('reads what libtorrent stores, %s', async (_, seed, salt) => {
    const key = testItemKey(seed, salt);
    const secret = toHex(new Uint8Array(32).fill(seed));
    const { stored } = await libtorrent({
      do: 'put',
      seed: secret,
      key: toHex(key.publicKey),
      salt: toHex(key.salt),
      value: 'put by libtorrent',
      from: 7,
    });
    expect(stored).toBeGreaterThan(0);
    expect(valuesOf(await (await join()).get(key))).toEqual(['1 put by libtorrent']);
  });

  it.each([
    ['with a salt', 21, 'pepper'],
    ['without a salt', 22, ''],
  ])('stores what libtorrent reads, %s', async (_, seed, salt) => {
    const key = testItemKey(seed, salt);
    const nodes = await writer.get(key);
    const puts = await Promise.allSettled(nodes.map((node) => node.put(3n, asciiBytes('put by peerpatch'))));
    expect(puts.filter(({ status }) => status === 'fulfilled').length).toBe(nodes.length);
    const answer = await libtorrent({ do: 'get', key: toHex(key.publicKey), salt: toHex(key.salt), from: 11 });
    expect(answer.found).toContainEqual({ seq: 3, value: 'put by peerpatch' });
  });

  it('finds three different values that stand under one key', async () => {
    const key = testItemKey(25);
    const nodes = await writer.get(key);
    await Promise.all(nodes.map((node, index) => node.put(0n, asciiBytes(`value ${index % 3}`))));
    expect(valuesOf(await (await join()).get(key))).toEqual(['0 value 0', '0 value 1', '0 value 2']);
  });

  it('learns by reading back that libtorrent keeps the first of two values with equal seq', async () => {
    const key = testItemKey(26);
    const [node] = await writer.get(key);
    await node?.put(1n, asciiBytes('first'));
    await node?.put(1n, asciiBytes('second')); // reported as a success
    expect(valuesOf(await writer.get(key))).toEqual(['1 first']);
  });

  it('is told by libtorrent when its seq is too low', async () => {
    const key = testItemKey(27);
    const [node] = await writer.get(key);
    await node?.put(5n, asciiBytes('newer'));
    const late = node?.put(4n, asciiBytes('older'));
    await expect(late).rejects.toMatchObject({
      code: 'DHT_PUT_REFUSED',
      message: expect.stringContaining('302') as unknown,
    });
  });

  it('stores an owner-signed statement of the largest size without the key, and all sides read it as it was signed', async () => {
    const statement = largestStatement(1_800_000_000);
    const { item } = statement;
    expect(item.value).toHaveLength(996);
    const name = { publicKey: OWNER.publicKey, salt: statementSalt(NAME) };
    const nodes = await writer.getSigned(name);
    expect(nodes).toHaveLength(NODES);
    const puts = await Promise.allSettled(nodes.map((node) => node.put(item)));
    expect(puts.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(NODES - 2);

    const read = (await (await join()).getSigned(name)).flatMap((node) => node.item ?? []);
    expect(read.length).toBeGreaterThanOrEqual(NODES - 2);
    for (const each of read) expect(verifyStatement(OWNER.publicKey, NAME, each)).toEqual(statement);

    const answer = await libtorrent({ do: 'get', key: toHex(name.publicKey), salt: toHex(name.salt), from: 9 });
    expect(answer.found).toContainEqual({ seq: 1_800_000_000, value: Buffer.from(item.value).toString('latin1') });
  });

  it('replaces a statement by the next one, and libtorrent keeps it from going back', async () => {
    const [older, newer] = [statementOf(1_900_000_000), statementOf(1_900_000_001)];
    const name = { publicKey: OWNER.publicKey, salt: statementSalt(NAME) };
    const [node] = await writer.getSigned(name);
    await node?.put(older.item);
    await node?.put(newer.item);
    await expect(node?.put(older.item)).rejects.toMatchObject({ code: 'DHT_PUT_REFUSED' });
    const held = (await (await join()).getSigned(name)).find(({ address }) => address === node?.address);
    expect(held?.item).toEqual({ ...newer.item, signature: new Uint8Array(newer.item.signature) });
  });

  it('serves libtorrent as a node: what is stored through one is read through the other', async () => {
    const node = await startBootstrapNode({ host: '127.0.0.1', port: 0, bootstrap });
    try {
      const client = await openClient([node.address]);
      clients.push(client);
      let key = testItemKey(28);
      let nodes = await client.get(key);
      // Of twenty-one nodes the farthest from the item is not asked: for one item in twenty-one that is ours.
      for (let seed = 29; seed < 39 && !nodes.some(({ address }) => address === node.address); seed++) {
        key = testItemKey(seed);
        nodes = await client.get(key);
      }
      expect(nodes.map(({ address }) => address)).toContain(node.address);
      await Promise.all(nodes.map((storing) => storing.put(2n, asciiBytes('everywhere'))));
      const answer = await libtorrent({ do: 'get', key: toHex(key.publicKey), salt: toHex(key.salt), from: 5 });
      expect(answer.found).toContainEqual({ seq: 2, value: 'everywhere' });
    } finally {
      await node.close();
    }
  });
});
