import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../src/core/dht/address.ts';
import { itemTarget, signItem } from '../../../src/core/dht/item.ts';
import { decodeMessage } from '../../../src/core/dht/message-decode.ts';
import { encodeMessage, type KrpcMessage } from '../../../src/core/dht/message.ts';
import { DhtNode } from '../../../src/core/dht/node.ts';
import { contactOf, countedBytes, idOf, latin1, publicAddress, SAMPLE_SIGNER } from '../../support/dht-samples.ts';

const TARGET = itemTarget(SAMPLE_SIGNER.publicKey, latin1('s'));

/** A client on IPv4 beside one on IPv6: what it sends, and the addresses it passes on. */
function dualStack() {
  const sent: KrpcMessage[] = [];
  const passed: string[] = [];
  const node = new DhtNode({
    family: 'ipv4',
    mode: 'client',
    randomBytes: countedBytes(),
    nowMs: 0,
    send: (packet) => sent.push(decodeMessage(packet)),
    otherFamily: {
      closest: () => [],
      onContacts: (contacts) => passed.push(...contacts.map(({ address }) => formatAddress(address))),
    },
  });
  return { node, sent, passed };
}

describe('a DHT node of two families', () => {
  it('passes nodes of the other family on', () => {
    const { node, sent, passed } = dualStack();
    node.walk({ target: TARGET, method: 'find_node', seeds: [publicAddress(1)], onDone: () => undefined }, 0);
    expect(sent[0]).toMatchObject({ body: { want: ['ipv4', 'ipv6'] } });
    const transaction = sent[0]?.transaction ?? new Uint8Array();
    const nodes6 = [contactOf(idOf(2), { family: 'ipv6', host: '2001:db8::1', port: 1 } as const)];
    node.receive(
      encodeMessage({ kind: 'answer', transaction, id: idOf(9), readOnly: false, nodes6 }),
      publicAddress(1),
      1,
    );
    expect(passed).toEqual(['[2001:db8::1]:1']);
  });

  it('asks for no nodes of the other family beside an item: both do not fit into one packet of the Internet', () => {
    const { node, sent } = dualStack();
    node.walk({ target: TARGET, method: 'get', seeds: [publicAddress(1)], onDone: () => undefined }, 0);
    expect(sent[0]).toMatchObject({ body: { method: 'get' } });
    expect(sent[0]).not.toHaveProperty('body.want');

    const salt = new Uint8Array(35);
    const answer = encodeMessage({
      kind: 'answer',
      transaction: new Uint8Array(4),
      id: idOf(1),
      readOnly: false,
      seenAt: publicAddress(1),
      token: new Uint8Array(8),
      item: signItem({ ...SAMPLE_SIGNER, salt, seq: 1_800_000_000n, value: new Uint8Array(996) }),
      nodes: Array.from({ length: 8 }, (_, index) => contactOf(idOf(index + 1), publicAddress(index + 1))),
    });
    expect(answer.length).toBeLessThanOrEqual(1500 - 28); // Ethernet's limit without the headers of IPv4 and UDP
  });
});
