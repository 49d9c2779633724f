import { describe, expect, it } from 'vitest';
import { AddressVotes } from '../../../src/core/dht/external-address.ts';
import { localAddress, publicAddress } from '../../support/dht-samples.ts';

const OURS = publicAddress(70_000);
const OURS_IP = Uint8Array.of(8, 1, 17, 112);

describe('the vote on our public address', () => {
  it('is won when eight nodes agree, not before', () => {
    const votes = new AddressVotes();
    for (let n = 1; n <= 7; n++) expect(votes.vote(publicAddress(n), OURS)).toBeUndefined();
    expect(votes.vote(publicAddress(8), OURS)).toEqual(OURS_IP);
  });

  it('counts one voice per IP', () => {
    const votes = new AddressVotes();
    for (let n = 0; n < 100; n++) expect(votes.vote({ ...publicAddress(1), port: n + 1 }, OURS)).toBeUndefined();
  });

  it('is not won without a majority', () => {
    const votes = new AddressVotes();
    for (let n = 0; n < 16; n++) votes.vote(publicAddress(n), publicAddress(900 + n));
    for (let n = 16; n < 31; n++) expect(votes.vote(publicAddress(n), OURS)).toBeUndefined();
  });

  it('ignores local addresses and those of the other family', () => {
    const votes = new AddressVotes();
    for (let n = 0; n < 20; n++) {
      expect(votes.vote(publicAddress(n), localAddress(1))).toBeUndefined();
      expect(votes.vote(publicAddress(n), { family: 'ipv6', host: '2001:db8::1', port: 1 })).toBeUndefined();
    }
  });
});
