/**
 * Reads what the nodes of a topic announce now: three slots at once, every value of each, every signature verified.
 *
 * The slots are those of this minute and its two neighbours, so clocks may be a minute off. A bad value and a failed
 * lookup hide nothing else. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { MAX_SLOT_VALUES } from '../../core/base/limits.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { openOrIgnore, type Announcement } from '../../core/record/open.ts';
import { minuteOf, slotAt, type Slot } from '../../core/record/slot.ts';
import type { Topic } from '../../core/record/topic.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht, StoringNode } from '../../ports/dht.ts';

export interface DiscoverOptions {
  readonly dht: Dht;
  readonly owner: PublicKey;
  readonly topic: Topic;
  readonly clock: Clock;
  /** 32 bytes, this node's id: its own announcements are left out. */
  readonly nodeId?: Uint8Array;
  readonly signal?: AbortSignal;
  /** Called for each announcement as soon as it is verified, before the lookups have ended. */
  readonly onAnnouncement?: (announcement: Announcement) => void;
}

/**
 * All announcements of other nodes, in the order they were found. A node may occur once for each slot.
 *
 * @throws PeerpatchError DHT_UNREACHABLE when the lookups of all three slots failed; the signal's reason when it aborts
 */
export async function discover(options: DiscoverOptions): Promise<Announcement[]> {
  const { topic, clock, signal } = options;
  signal?.throwIfAborted();
  const minute = minuteOf(clock.now());
  const lookups = await Promise.allSettled(
    [minute, minute - 1, minute + 1].map((each) => readSlot(slotAt(topic, each), options)),
  );
  signal?.throwIfAborted();

  const failures = lookups.flatMap((lookup) => (lookup.status === 'rejected' ? [lookup.reason as Error] : []));
  const bug = failures.find((failure) => !isPeerpatchError(failure));
  const failure = bug ?? (failures.length === lookups.length ? failures[0] : undefined);
  if (failure !== undefined) throw failure;
  return lookups.flatMap((lookup) => (lookup.status === 'fulfilled' ? lookup.value : []));
}

/** @throws PeerpatchError as `dht.get`, when not a single value arrived before it failed */
async function readSlot(slot: Slot, options: DiscoverOptions): Promise<Announcement[]> {
  const { dht, owner, nodeId, signal, onAnnouncement } = options;
  const seen = new Set<string>();
  const opening: Promise<void>[] = [];
  const found: Announcement[] = [];

  const open = async (value: Uint8Array): Promise<void> => {
    const announcement = await openOrIgnore({ slot, owner, value });
    if (announcement === undefined || signal?.aborted === true) return;
    if (nodeId !== undefined && equalBytes(announcement.nodeId, nodeId)) return;
    found.push(announcement);
    onAnnouncement?.(announcement);
  };
  const onNode = ({ item }: StoringNode): void => {
    if (item === undefined || seen.size >= MAX_SLOT_VALUES || seen.has(toHex(item.value))) return;
    seen.add(toHex(item.value));
    const opened = open(item.value);
    // Awaited below; until then a rejection must not count as unhandled.
    opened.catch(() => undefined);
    opening.push(opened);
  };

  try {
    const nodes = await dht.get(slot.itemKey, { onNode, ...(signal && { signal }) });
    nodes.forEach(onNode);
  } catch (error) {
    // What arrived before the lookup failed is as good as ever.
    if (opening.length === 0 || !isPeerpatchError(error)) throw error;
  } finally {
    await Promise.all(opening);
  }
  return found;
}
