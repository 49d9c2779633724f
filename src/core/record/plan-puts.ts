/**
 * Decides at which storing nodes to put our record, and under which sequence number.
 *
 * what a node holds                           what we do
 * nothing                                     put, seq 0
 * something that is no announcement           put over it
 * an announcement of an older version         put over it
 * our own announcement of our version         leave it
 * another node's announcement of our version  put over it only while we hold less than our fair share
 * an announcement of a newer version          leave it, if we yield to it; else as one of our version
 *
 * A record does not say of which app, target or channel its release is: a stranger may repeat a genuine higher one of another name.
 * Where statements tell what is newest, only what they tell is yielded to.
 *
 * The farthest fifth of the nodes is never ours: publishers of rustpatcher write only where nothing is stored, and would have
 * no place beside us. Strangers can fill a slot; whatever the owner did not sign counts as nothing. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { toHex } from '../base/hex.ts';
import { compareVersions, type Version } from '../release/version.ts';
import type { Announcement } from './open.ts';

/** At most this many nodes are ours: four fifths of the twenty that a lookup ends with. */
const MAX_OWN_NODES = 16;
/** BEP 44 sequence numbers are signed 64-bit. */
const MAX_SEQ = 2n ** 63n - 1n;

/** What one storing node holds for the slot. */
export interface Holding {
  /** Sequence number of the item; undefined when there is none. */
  readonly seq: bigint | undefined;
  /** What {@link openAnnouncement} made of the item; undefined when it refused it, or when there is none. */
  readonly announcement: Announcement | undefined;
}

export interface OwnAnnouncement {
  /** 32 bytes. */
  readonly nodeId: Uint8Array;
  readonly version: Version;
  /** Whether a newer version's record is of more use than ours. Default: each is. */
  readonly yieldsTo?: ((version: Version) => boolean) | undefined;
}

export interface PlannedPut {
  /** Index of the node in the holdings given. */
  readonly node: number;
  readonly seq: bigint;
}

/**
 * The fair share is the number of nodes open to us that hold nothing we yield to, divided by the number of publishers, and at
 * least one: with many publishers each still appears now and then.
 *
 * @param holdings one for each storing node, closest to the slot first: all copies leave about the same ones free
 * @param fraction from 0 up to, not including, 1: which record of another publisher gives way
 */
export function planPuts(holdings: readonly Holding[], own: OwnAnnouncement, fraction: () => number): PlannedPut[] {
  const ownKey = toHex(own.nodeId);
  const taken: number[] = [];
  /** Publisher (node id in hex) to the nodes that hold its record of our version. */
  const equals = new Map<string, number[]>();
  let eligible = 0;
  for (const [node, { announcement }] of holdings.slice(0, ownNodes(holdings.length)).entries()) {
    const order = announcement === undefined ? -1 : compareVersions(announcement.release.version, own.version);
    if (announcement !== undefined && order > 0 && (own.yieldsTo?.(announcement.release.version) ?? true)) continue;
    eligible++;
    if (order < 0 || announcement === undefined) taken.push(node);
    else {
      const publisher = toHex(announcement.nodeId);
      equals.set(publisher, [...(equals.get(publisher) ?? []), node]);
    }
  }
  let held = taken.length + (equals.get(ownKey)?.length ?? 0);
  equals.delete(ownKey);

  const fairShare = Math.max(1, Math.floor(eligible / (equals.size + 1)));
  while (held < fairShare) {
    const node = takeFromLargest([...equals.values()], fraction);
    if (node === undefined) break;
    taken.push(node);
    held++;
  }
  return taken.map((node) => ({ node, seq: nextSeq(holdings[node]?.seq) }));
}

/** How many of the closest nodes may be ours. Of less than five, all. */
function ownNodes(found: number): number {
  return Math.min(MAX_OWN_NODES, found - Math.floor(found / 5));
}

/** Whether a holding is our own record of our version: what a put should lead to. */
export function isOwn({ announcement }: Holding, own: OwnAnnouncement): boolean {
  return (
    announcement !== undefined &&
    toHex(announcement.nodeId) === toHex(own.nodeId) &&
    compareVersions(announcement.release.version, own.version) === 0
  );
}

/**
 * One above what is stored, never negative, which some nodes refuse. At the end of the numbers the same again: half of the
 * DHT's nodes take an equal number, and a stranger who wrote one of the last must not close the slot. The very last one is
 * never ours where it does not stand already: readers of rustpatcher add one to it, and what they then put is refused.
 */
function nextSeq(stored: bigint | undefined): bigint {
  if (stored === undefined || stored < 0n) return 0n;
  return stored < MAX_SEQ - 1n ? stored + 1n : stored;
}

/** Removes and returns one node of a publisher that holds the most. */
function takeFromLargest(publishers: readonly number[][], fraction: () => number): number | undefined {
  const most = Math.max(0, ...publishers.map(({ length }) => length));
  const largest = publishers.filter(({ length }) => length === most);
  const nodes = largest[Math.floor(fraction() * largest.length)];
  return nodes?.splice(Math.floor(fraction() * nodes.length), 1)[0];
}
