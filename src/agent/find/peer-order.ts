/**
 * Whom to ask first for a release, when more peers announce themselves than are connected to.
 *
 * What a peer announces names neither app nor channel, and says nothing of what it will give: those that were asked in vain come
 * last at the next look, so that nobody keeps the others out by being first.
 *
 * @module
 */
import { BoundedSet } from '../../core/base/bounded-set.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import type { Announcement } from '../../core/record/open.ts';
import { compareVersions } from '../../core/release/version.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import { peerName } from '../fetch/peer-source.ts';
import type { StatedRelease } from '../known-release.ts';

export interface PeerOrder {
  /** The same peers: first those that announce this release, or one with the same three numbers. Else in the order given. */
  order(peers: readonly Announcement[], statement: SignedStatement, installed: StatedRelease): readonly Announcement[];
  /** @param names of peers that were asked for a release that did not come */
  askedInVain(names: readonly string[]): void;
}

/** What is forgotten is asked again. */
const MAX_REMEMBERED = 256;

export function createPeerOrder(): PeerOrder {
  const inVain = new BoundedSet(MAX_REMEMBERED);
  return {
    order: (peers, statement, installed) => {
      const rank = (each: Announcement): number => {
        const isLikely = isOf(each, statement) && !equalBytes(each.release.hash, installed.release.hash);
        return (inVain.has(peerName(each.peer)) ? 2 : 0) + (isLikely ? 0 : 1);
      };
      return [...peers].sort((a, b) => rank(a) - rank(b));
    },
    askedInVain: (names) => {
      for (const name of names) inVain.add(name);
    },
  };
}

/** For a look that nobody repeats: anyone may announce a genuine higher release of another name. */
export function likelyFirst(peers: readonly Announcement[], statement: SignedStatement): readonly Announcement[] {
  return [...peers].sort((a, b) => Number(isOf(b, statement)) - Number(isOf(a, statement)));
}

/** Whether a peer announces this release, or one with the same three numbers. */
export function isOf({ release }: Announcement, { version }: Pick<SignedStatement, 'version'>): boolean {
  return compareVersions(release.version, regionVersion(version)) === 0;
}
