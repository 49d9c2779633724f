import { describe, expect, it } from 'vitest';
import { MINUTE_MS } from '../../../src/core/base/units.ts';
import { formatAddress, parseIp } from '../../../src/core/dht/address.ts';
import { itemTarget } from '../../../src/core/dht/item.ts';
import { decodeMessage } from '../../../src/core/dht/message-decode.ts';
import { encodeMessage } from '../../../src/core/dht/message.ts';
import { isSecureNodeId } from '../../../src/core/dht/node-id.ts';
import {
  contactOf,
  idOf,
  latin1,
  localAddress,
  publicAddress,
  SAMPLE_SIGNER,
  sampleItem,
} from '../../support/dht-samples.ts';
import { IDLE, lone, pingFrom } from '../../support/lone-node.ts';
import { SimulatedNet } from '../../support/simulated-net.ts';

const SALT = latin1('s');
const TARGET = itemTarget(SAMPLE_SIGNER.publicKey, SALT);

/** 20 nodes that know each other, and a client. */
function network(): { net: SimulatedNet; client: number } {
  const net = new SimulatedNet();
  net.grow(20);
  net.add('client');
  return { net, client: 20 };
}

describe('a DHT node', () => {
  it('meets all 20 nodes of a small network on the first walk, from one address', () => {
    const { net, client } = network();
    expect(net.walk(client, TARGET).answered).toHaveLength(20);
    expect(net.nodes[client]?.node.contacts).toBe(20);
  });

  it('knows every other node of a small network after joining it', () => {
    const { net } = network();
    expect(net.nodes.slice(0, 20).map(({ node }) => node.contacts)).toEqual(Array<number>(20).fill(19));
  });

  it('finds every value of a slot although nodes hold different ones', () => {
    const { net, client } = network();
    const { answers } = net.walk(client, TARGET);
    for (const [index, { contact, answer }] of answers.entries()) {
      const item = sampleItem(0n, `value ${index % 3}`, SALT);
      const token = answer.token ?? new Uint8Array();
      expect(
        net.query(client, contact.address, { method: 'put', token, item, salt: SALT, target: TARGET }),
      ).toMatchObject({ kind: 'answer' });
    }
    net.add('client');
    const found = net
      .walk(21, TARGET)
      .answers.map(({ answer }) => Buffer.from(answer.item?.encodedValue ?? []).toString());
    expect(found).toHaveLength(20);
    expect(new Set(found)).toEqual(new Set(['7:value 0', '7:value 1', '7:value 2']));
  });

  it('ends a walk within 400 ms when five of the 20 nodes have died, having asked all others', () => {
    const { net, client } = network();
    net.walk(client, TARGET);
    for (const { address } of net.nodes.slice(3, 8)) net.dead.add(formatAddress(address));
    const first = net.walk(client, TARGET);
    expect(first.answered).toHaveLength(15);
    expect(first.tookMs).toBeLessThan(400);
    net.run(5000);
    // Now it knows them for dead: they are asked and not waited for.
    const second = net.walk(client, TARGET);
    expect(second.answered).toHaveLength(15);
    expect(second.tookMs).toBeLessThan(100);
  });

  it('counts the answer of a node that is slower than its patience, while the walk goes on', () => {
    const { net, client } = network();
    net.walk(client, TARGET);
    const slow = net.nodes[4]?.address ?? localAddress(0);
    const slower = net.nodes[5]?.address ?? localAddress(0);
    net.latencyMs = (to) => (to.port === slow.port ? 300 : to.port === slower.port ? 340 : 5);
    const { answered } = net.walk(client, TARGET);
    expect(answered.map(({ address }) => address)).toContainEqual(slow);
  });

  it('meets nodes that read transaction ids of two bytes only beside nodes that read four only', () => {
    const { net, client } = network();
    const idBytesOf = new Map(net.nodes.slice(0, 20).map(({ address }, n) => [address.port, n % 2 === 0 ? 2 : 4]));
    net.drops = (bytes, to) => {
      const idBytes = idBytesOf.get(to.port);
      return idBytes !== undefined && decodeMessage(bytes).transaction.length !== idBytes;
    };
    const first = net.walk(client, TARGET);
    expect(first.answered).toHaveLength(20);
    // By then it knows which length each of them reads.
    const second = net.walk(client, TARGET);
    expect(second.answered).toHaveLength(20);
    expect(second.tookMs).toBeLessThan(100);
    const [, answer] = first.answers;
    const item = sampleItem(0n, 'either length', SALT);
    const body = { method: 'put', token: answer?.answer.token ?? new Uint8Array(), item, salt: SALT } as const;
    const to = answer?.contact.address ?? localAddress(0);
    expect(net.query(client, to, { ...body, target: TARGET })).toMatchObject({ kind: 'answer' });
  });

  it('sends a node that answers in time nothing twice', () => {
    const { net, client } = network();
    net.latencyMs = () => 99;
    net.query(client, localAddress(0), { method: 'ping' });
    net.run(5000);
    expect(net.nodes[client]?.sent).toBe(1);
  });

  it('keeps its table through a loss of the network and is back with the first answer', () => {
    const { net, client } = network();
    net.walk(client, TARGET);
    net.online = false;
    for (let minute = 0; minute < 10; minute++) {
      expect(net.walk(client, TARGET).answered).toEqual([]);
      net.run(MINUTE_MS);
    }
    expect(net.nodes[client]?.node.contacts).toBe(20);
    net.online = true;
    const { answered, tookMs } = net.walk(client, TARGET);
    expect(answered).toHaveLength(20);
    expect(tookMs).toBeLessThan(100);
  });

  it('is in nobody’s table and answers nothing as a client', () => {
    const { net, client } = network();
    net.walk(client, TARGET);
    net.run(10_000);
    expect(net.nodes.slice(0, 20).every(({ node }) => node.contacts === 19)).toBe(true);
    const { node, sent } = lone('client');
    node.receive(pingFrom(idOf(9)), localAddress(1), 0);
    expect(sent).toEqual([]);
  });

  it('asks read-only as a client and not as a node', () => {
    for (const mode of ['client', 'node'] as const) {
      const { node, sent } = lone(mode);
      node.query(localAddress(1), { method: 'ping' }, IDLE, 0);
      expect(sent[0]?.message).toMatchObject({ kind: 'query', readOnly: mode === 'client' });
    }
  });

  it('takes in who asked only after a ping was answered', () => {
    const { node, sent } = lone('node');
    node.receive(pingFrom(idOf(9)), localAddress(1), 0);
    expect(sent.map(({ message }) => message.kind)).toEqual(['answer', 'query']);
    expect(node.contacts).toBe(0);
    const transaction = sent[1]?.message.transaction ?? new Uint8Array();
    node.receive(encodeMessage({ kind: 'answer', transaction, id: idOf(9), readOnly: false }), localAddress(1), 1);
    expect(node.contacts).toBe(1);
  });

  it('does not ping read-only askers', () => {
    const { node, sent } = lone('node');
    node.receive(pingFrom(idOf(9), true), localAddress(1), 0);
    expect(sent).toHaveLength(1);
  });

  it('drops an answer from another port, another IP, or with another transaction', () => {
    const { node, sent } = lone('client');
    let answers = 0;
    node.query(localAddress(1), { method: 'ping' }, { ...IDLE, onAnswer: () => answers++ }, 0);
    const transaction = sent[0]?.message.transaction ?? new Uint8Array();
    const forged = (id = transaction): Uint8Array =>
      encodeMessage({ kind: 'answer', transaction: id, id: idOf(9), readOnly: false });
    node.receive(forged(), localAddress(2), 1);
    node.receive(forged(), { ...localAddress(1), host: '127.0.0.9' }, 1);
    node.receive(forged(transaction.with(3, (transaction[3] ?? 0) ^ 1)), localAddress(1), 1);
    expect([answers, node.contacts]).toEqual([0, 0]);
    node.receive(forged(), localAddress(1), 1);
    expect([answers, node.contacts]).toEqual([1, 1]);
  });

  it('tells a failure of the other side from silence', () => {
    const { net, client } = network();
    const put = { method: 'put', token: latin1('wrong'), item: sampleItem(1n, 'x', SALT), salt: SALT } as const;
    expect(net.query(client, localAddress(0), put)).toEqual({ reason: 'refused', code: 203, text: 'invalid token' });
    net.dead.add(formatAddress(localAddress(0)));
    expect(net.query(client, localAddress(0), put)).toEqual({ reason: 'timeout' });
  });

  it('takes no token that is more than ten minutes old', () => {
    const { net, client } = network();
    const [first] = net.walk(client, TARGET).answers;
    const { contact, answer } = first ?? { contact: contactOf(idOf(), localAddress(0)), answer: undefined };
    const put = {
      method: 'put',
      token: answer?.token ?? new Uint8Array(),
      item: sampleItem(1n, 'x', SALT),
      salt: SALT,
    } as const;
    net.run(4 * MINUTE_MS);
    expect(net.query(client, contact.address, put)).toMatchObject({ kind: 'answer' });
    net.run(7 * MINUTE_MS);
    expect(net.query(client, contact.address, put)).toMatchObject({ reason: 'refused', code: 203 });
  });

  it('ignores local addresses that a public node names', () => {
    const { node, sent } = lone('client');
    node.walk({ target: TARGET, method: 'get', seeds: [publicAddress(1)], onDone: () => undefined }, 0);
    const transaction = sent[0]?.message.transaction ?? new Uint8Array();
    const nodes = [contactOf(idOf(2), localAddress(5)), contactOf(idOf(3), publicAddress(2))];
    node.receive(
      encodeMessage({ kind: 'answer', transaction, id: idOf(9), readOnly: false, nodes }),
      publicAddress(1),
      1,
    );
    const asked = new Set(sent.map(({ to }) => to));
    expect(asked).toContain('8.0.0.2:6881');
    expect(asked).not.toContain('127.0.0.1:1005');
  });

  it('takes an id that follows from its public address once eight nodes agree on it (BEP 42)', () => {
    const { node, sent } = lone('client');
    const ours = publicAddress(70_000);
    for (let n = 1; n <= 8; n++) {
      expect(node.id).toEqual(idOf(1));
      node.query(publicAddress(n), { method: 'ping' }, IDLE, 0);
      const transaction = sent.at(-1)?.message.transaction ?? new Uint8Array();
      const answer = { kind: 'answer', transaction, id: idOf(n + 1), readOnly: false, seenAt: ours } as const;
      node.receive(encodeMessage(answer), publicAddress(n), 1);
    }
    expect(isSecureNodeId(node.id, parseIp(ours.host) ?? new Uint8Array())).toBe(true);
    expect(node.contacts).toBe(8);
  });

  it('reports nothing more of a walk that was cancelled', () => {
    const { net, client } = network();
    const events: string[] = [];
    const cancel = net.nodes[client]?.node.walk(
      {
        target: TARGET,
        method: 'get',
        seeds: [localAddress(0)],
        onAnswer: () => events.push('answer'),
        onDone: () => events.push('done'),
      },
      net.nowMs,
    );
    cancel?.();
    net.run(5000);
    expect(events).toEqual([]);
  });

  it('ends what is under way when it is closed, with what it has', () => {
    const { node } = lone('client');
    const events: string[] = [];
    node.query(localAddress(1), { method: 'ping' }, { ...IDLE, onFailure: ({ reason }) => events.push(reason) }, 0);
    node.walk(
      {
        target: TARGET,
        method: 'get',
        seeds: [localAddress(2)],
        onDone: (nodes) => events.push(`done ${nodes.length}`),
      },
      0,
    );
    node.close(1);
    expect(events).toEqual(['closed', 'done 0']);
    expect(node.wakeMs(1)).toBeUndefined();
  });
});
