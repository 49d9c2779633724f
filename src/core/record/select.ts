/**
 * Chooses whom to ask for an update: the newest release, and the peers that offer something newer.
 *
 * Looks at announcements only, so at releases whose owner's signature is verified. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { toHex } from '../base/hex.ts';
import { compareVersions, type Version } from '../release/version.ts';
import type { Announcement } from './open.ts';

export interface SelectOptions {
  /** What a release must be above: the version in the program file. Without it, for a first install, every release is. */
  readonly above?: Version | undefined;
  /** Peers to leave alone for now. Default: none. */
  readonly isBlamed?: (nodeId: Uint8Array) => boolean;
  /** From 0 up to, not including, 1: makes the order among equals random. Default: the given order. */
  readonly fraction?: () => number;
}

export interface Selection {
  /** The newest version anyone announced, or `above`: undefined when there is neither. */
  readonly newest: Version | undefined;
  /** The peers to try one after the other: newest version first, each node once, blamed ones left out. */
  readonly candidates: readonly Announcement[];
}

/**
 * Candidates of lower versions follow those of the newest: a node that repeats a genuine newer release without serving
 * it must not keep others from the update that is there.
 */
export function selectNewest(
  announcements: readonly Announcement[],
  options: SelectOptions & { readonly above: Version },
): Selection & { readonly newest: Version };
export function selectNewest(announcements: readonly Announcement[], options: SelectOptions): Selection;
export function selectNewest(announcements: readonly Announcement[], options: SelectOptions): Selection {
  const { above, isBlamed = () => false, fraction } = options;
  const isNewer = (version: Version): boolean => above === undefined || compareVersions(version, above) > 0;
  const newer = announcements.filter(({ release }) => isNewer(release.version));
  const willing = latestOfEachNode(newer).filter(({ nodeId }) => !isBlamed(nodeId));
  const candidates = (fraction === undefined ? willing : shuffled(willing, fraction)).sort((a, b) =>
    compareVersions(b.release.version, a.release.version),
  );
  const newest = newer.map(({ release }) => release.version).reduce<Version | undefined>(newerVersion, above);
  return { newest, candidates };
}

/** A node that updated a moment ago stands in two slots: its newest version counts, then its newest minute. */
function latestOfEachNode(announcements: readonly Announcement[]): Announcement[] {
  const latest = new Map<string, Announcement>();
  for (const announcement of announcements) {
    const key = toHex(announcement.nodeId);
    const known = latest.get(key);
    if (known === undefined || isLater(announcement, known)) latest.set(key, announcement);
  }
  return [...latest.values()];
}

function isLater(a: Announcement, b: Announcement): boolean {
  const order = compareVersions(a.release.version, b.release.version);
  return order > 0 || (order === 0 && a.minute > b.minute);
}

function newerVersion(a: Version | undefined, b: Version): Version {
  return a === undefined || compareVersions(b, a) > 0 ? b : a;
}

/** A copy in which each order is equally likely (Fisher and Yates). */
function shuffled(items: readonly Announcement[], fraction: () => number): Announcement[] {
  const result: Announcement[] = [];
  for (const item of items) {
    // Insert at a random place: what stood there moves to the end.
    const place = Math.floor(fraction() * (result.length + 1));
    const displaced = result[place];
    if (displaced !== undefined) result.push(displaced);
    result[place] = item;
  }
  return result;
}
