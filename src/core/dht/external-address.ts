/**
 * Which public IP others see us at, by vote (BEP 42): answers name it, no single node decides it.
 *
 * Bounded: one vote per voter's IP, the last ones count.
 *
 * @module
 */
import { isLocalIp, parseIp, type NodeAddress } from './address.ts';

const MAX_VOTES = 32;
/** Distinct voters that must agree. */
const MIN_AGREEING = 8;

export class AddressVotes {
  /** Voter's IP to the IP it named, oldest vote first. */
  readonly #votes = new Map<string, string>();

  /** Counts the vote; returns the bytes of the IP that has won by now, if any. */
  vote(voter: NodeAddress, named: NodeAddress): Uint8Array | undefined {
    const ip = parseIp(named.host);
    if (ip === undefined || isLocalIp(ip) || named.family !== voter.family) return undefined;
    this.#votes.delete(voter.host);
    this.#votes.set(voter.host, named.host);
    if (this.#votes.size > MAX_VOTES) {
      const [oldest] = this.#votes.keys();
      if (oldest !== undefined) this.#votes.delete(oldest);
    }
    const agreeing = [...this.#votes.values()].filter((host) => host === named.host).length;
    return agreeing >= MIN_AGREEING && agreeing * 2 > this.#votes.size ? ip : undefined;
  }
}
