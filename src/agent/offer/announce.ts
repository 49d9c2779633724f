/**
 * Stores this node's record in the slot of the current minute, and reads back what was really stored.
 *
 * Each storing node is asked what it holds and is put to by itself, so that several publishers share a slot. An answer of
 * "stored" is not believed: some nodes give it and keep what they had. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { MAX_SLOT_VALUES } from '../../core/base/limits.ts';
import type { Ed25519Signer } from '../../core/crypto/ed25519.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { AddressHints } from '../../core/record/hints.ts';
import { openOrIgnore, type Announcement } from '../../core/record/open.ts';
import { isOwn, planPuts, type Holding, type OwnAnnouncement, type PlannedPut } from '../../core/record/plan-puts.ts';
import { sealAnnouncement, sealSecrets } from '../../core/record/seal.ts';
import { minuteOf, slotAt, type Slot } from '../../core/record/slot.ts';
import type { Topic } from '../../core/record/topic.ts';
import type { SignedRelease } from '../../core/release/release.ts';
import { formatVersion, type Version } from '../../core/release/version.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht, StoringNode } from '../../ports/dht.ts';
import type { Random } from '../../ports/random.ts';

export interface AnnounceOptions {
  readonly dht: Dht;
  readonly owner: PublicKey;
  readonly topic: Topic;
  readonly clock: Clock;
  readonly random: Random;
  /** The key this node's connections authenticate with. */
  readonly nodeKey: Ed25519Signer;
  /** The release this node can serve now. Asked for each time. */
  readonly release: () => SignedRelease;
  /** Whether a record of this newer version is of more use than ours. Default: each is. */
  readonly yieldsTo?: ((version: Version) => boolean) | undefined;
  /** Where this node can be reached now. Asked for each time. */
  readonly hints: () => AddressHints;
  readonly signal?: AbortSignal;
}

export interface Announced {
  /** Nodes that hold our record. 0 only where all of them hold a newer version that we yield to. */
  readonly storedAt: number;
  /** The slot's minute. */
  readonly minute: number;
}

/** The first round, and one more for what was lost to another publisher. */
const PUT_ROUNDS = 2;
/** Lookups that may run past the end of their minute before the record goes into the slot at hand. */
const MINUTE_FLIPS = 2;

/**
 * Announces once.
 *
 * @throws PeerpatchError DHT_UNREACHABLE when no node answered, DHT_PUT_REFUSED when none stored the record; the signal's
 * reason when it aborts
 */
export async function announceOnce(options: AnnounceOptions): Promise<Announced> {
  const { nodeKey, random, yieldsTo } = options;
  options.signal?.throwIfAborted();
  let found = await currentSlot(options);
  const { slot } = found;
  const release = options.release();
  const own: OwnAnnouncement = { nodeId: nodeKey.publicKey, version: release.version, yieldsTo };
  const secrets = sealSecrets((length) => random.bytes(length));
  const value = await sealAnnouncement({ slot, release, hints: options.hints(), nodeKey, secrets });

  let refusals: readonly Error[] = [];
  for (let round = 0; round < PUT_ROUNDS; round++) {
    const plan = planPuts(found.holdings, own, () => random.fraction());
    if (plan.length === 0) break;
    refusals = await putAll(plan, { nodes: found.nodes, value, signal: options.signal });
    found = await readHoldings(slot, options);
  }

  const storedAt = found.holdings.filter((holding) => isOwn(holding, own)).length;
  // Where a newer version came in between, nothing is wanted any more: that record is of more use than ours.
  const isWanted = planPuts(found.holdings, own, () => random.fraction()).length > 0;
  if (storedAt === 0 && isWanted) {
    const name = formatVersion(release.version);
    throw new PeerpatchError(
      'DHT_PUT_REFUSED',
      `stored the record of version ${name} at none of ${found.nodes.length} nodes: it is tried again at the next turn`,
      { cause: refusals[0] },
    );
  }
  return { storedAt, minute: slot.minute };
}

interface SlotHoldings {
  readonly slot: Slot;
  readonly nodes: readonly StoringNode[];
  /** One for each node, in the same order. */
  readonly holdings: readonly Holding[];
}

/** Walks to the current slot; once more when the minute ends meanwhile, since readers look at the current one first. */
async function currentSlot(options: AnnounceOptions): Promise<SlotHoldings> {
  const { topic, clock } = options;
  let found = await readHoldings(slotAt(topic, minuteOf(clock.now())), options);
  for (let flip = 0; flip < MINUTE_FLIPS && found.slot.minute !== minuteOf(clock.now()); flip++) {
    found = await readHoldings(slotAt(topic, minuteOf(clock.now())), options);
  }
  return found;
}

/** Asks the nodes closest to the slot what they hold, and opens each different value once. */
async function readHoldings(slot: Slot, { dht, owner, signal }: AnnounceOptions): Promise<SlotHoldings> {
  const nodes = await dht.get(slot.itemKey, signal && { signal });
  signal?.throwIfAborted();
  const opened = new Map<string, Promise<Announcement | undefined>>();
  const holdings = nodes.map(async ({ item }): Promise<Holding> => {
    if (item === undefined) return { seq: undefined, announcement: undefined };
    const key = toHex(item.value);
    const known = opened.get(key);
    // Beyond the limit a value counts as garbage: nobody stores that many different ones in good faith.
    if (known === undefined && opened.size >= MAX_SLOT_VALUES) return { seq: item.seq, announcement: undefined };
    const opening = known ?? openOrIgnore({ slot, owner, value: item.value });
    opened.set(key, opening);
    return { seq: item.seq, announcement: await opening };
  });
  return { slot, nodes, holdings: await Promise.all(holdings) };
}

interface PutAllOptions {
  readonly nodes: readonly StoringNode[];
  readonly value: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

/** Puts at all planned nodes at once. Returns the refusals: one node's refusal is no other's. */
async function putAll(plan: readonly PlannedPut[], { nodes, value, signal }: PutAllOptions): Promise<Error[]> {
  const puts = await Promise.allSettled(plan.map(async ({ node, seq }) => nodes[node]?.put(seq, value, signal)));
  signal?.throwIfAborted();
  const refusals = puts.flatMap((put) => (put.status === 'rejected' ? [put.reason as Error] : []));
  const bug = refusals.find((refusal) => !isPeerpatchError(refusal));
  if (bug !== undefined) throw bug;
  return refusals;
}
