import { describe, expect, it } from 'vitest';
import { createPeerOrder, likelyFirst } from '../../../src/agent/find/peer-order.ts';
import type { StatedRelease } from '../../../src/agent/known-release.ts';
import { peerName } from '../../../src/agent/fetch/peer-source.ts';
import type { Announcement } from '../../../src/core/record/open.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import type { SignedStatement } from '../../../src/core/statement/statement.ts';

/** @param byte of the node's id; those of another release have another hash */
function peer(byte: number, version: string, hash = byte): Announcement {
  const nodeId = new Uint8Array(32).fill(byte);
  const release = { version: parseVersion(version), hash: new Uint8Array(32).fill(hash), sizeBytes: 1 };
  return { nodeId, release, minute: 1, peer: { nodeId, addresses: [] } } as unknown as Announcement;
}

const wanted = { version: '1.1.0' } as SignedStatement;
const installed = { release: { hash: new Uint8Array(32).fill(99) } } as StatedRelease;
const order = createPeerOrder();
const ids = (peers: readonly Announcement[]): readonly (number | undefined)[] => peers.map(({ nodeId }) => nodeId[0]);

describe('whom to ask for a release', () => {
  it('is whoever announces its three numbers, however new what others announce is', () => {
    const others = [1, 2, 3, 4, 5, 6].map((byte) => peer(byte, '2.0.0'));
    expect(ids(order.order([...others, peer(7, '1.1.0')], wanted, installed))).toEqual([7, 1, 2, 3, 4, 5, 6]);
  });

  it('is the same for a first install, where nothing is installed', () => {
    const others = [1, 2, 3, 4, 5, 6].map((byte) => peer(byte, '2.0.0'));
    expect(ids(likelyFirst([...others, peer(7, '1.1.0')], wanted))).toEqual([7, 1, 2, 3, 4, 5, 6]);
  });

  it('is last whoever runs what runs here, though it has the same three numbers', () => {
    expect(ids(order.order([peer(1, '1.1.0', 99), peer(2, '1.1.0')], wanted, installed))).toEqual([2, 1]);
  });

  it('is somebody else than at the last look when that was in vain, also when there are many', () => {
    const many = Array.from({ length: 9 }, (_, index) => peer(index, '1.1.0'));
    const rotating = createPeerOrder();
    const asked = new Set<number | undefined>();
    for (let looks = 0; looks < 3; looks++) {
      const first = rotating.order(many, wanted, installed).slice(0, 3);
      for (const id of ids(first)) asked.add(id);
      rotating.askedInVain(first.map((each) => peerName(each.peer)));
    }
    expect(asked.size).toBe(9);
  });

  it('keeps the order among equals, and forgets before it remembers too many', () => {
    const bounded = createPeerOrder();
    const one = peer(1, '1.1.0');
    bounded.askedInVain([peerName(one.peer)]);
    bounded.askedInVain(Array.from({ length: 256 }, (_, index) => `peer ${index}`));
    expect(ids(bounded.order([one, peer(2, '1.1.0')], wanted, installed))).toEqual([1, 2]);
  });
});
