/**
 * The two sides of a slot: a publisher of distributed-topic-tracker with rustpatcher's release type, and this project's
 * announcer and reader, at minutes the test chooses.
 *
 * Owner and topic are those of test/support/record-samples.ts.
 *
 * @module
 */
import { announceOnce, type Announced } from '../../../src/agent/offer/announce.ts';
import { discover } from '../../../src/agent/find/discover.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { NO_HINTS, type AddressHints } from '../../../src/core/record/hints.ts';
import type { Announcement } from '../../../src/core/record/open.ts';
import { initialSecret } from '../../../src/core/record/topic.ts';
import type { SignedRelease } from '../../../src/core/release/release.ts';
import { systemClock } from '../../../src/io/system/clock.ts';
import { systemRandom } from '../../../src/io/system/random.ts';
import type { Clock } from '../../../src/ports/clock.ts';
import type { Dht } from '../../../src/ports/dht.ts';
import { nodeKey, OWNER, TOPIC } from '../../support/record-samples.ts';
import type { Oracle } from './oracle.ts';
import type { ReleaseFields } from './release-fields.ts';

/** A record as distributed-topic-tracker hands it out. */
export interface RustRecord {
  /** Hexadecimal. */
  readonly node: string;
  readonly content: string;
  /** What rustpatcher's `PatchInfo` makes of the content; null where it makes nothing. */
  readonly release: ReleaseFields | null;
}

export interface RustPublisher {
  /** Hexadecimal. */
  readonly node: string;
  /** @throws OracleRefusal */
  publish(minute: number, release: ReleaseFields): Promise<void>;
  /** The records of others. */
  records(minute: number): Promise<readonly RustRecord[]>;
}

/** @param number names the node, as in `nodeKey` */
export async function openPublisher(oracle: Oracle, number: number): Promise<RustPublisher> {
  const seed = toHex(new Uint8Array(32).fill(number));
  const secret = toHex(initialSecret(TOPIC.id));
  const publisher = await oracle.ask<number>('publisher-open', { topic: toHex(TOPIC.id), seed, secret });
  return {
    node: toHex(nodeKey(number).publicKey),
    publish: async (minute, release) => {
      await oracle.ask('publish', { publisher, minute, ...release });
    },
    records: (minute) => oracle.ask('records', { publisher, minute }),
  };
}

/** The middle of the minute; durations are real. */
function clockAt(minute: number): Clock {
  return { ...systemClock, now: () => minute * 60_000 + 30_000 };
}

export interface AnnounceAtOptions {
  readonly minute: number;
  /** Names the node, as in `nodeKey`. */
  readonly node: number;
  readonly release: SignedRelease;
  readonly hints?: AddressHints;
}

/** One turn of the agent's announcer. */
export function announceAt(
  dht: Dht,
  { minute, node, release, hints = NO_HINTS }: AnnounceAtOptions,
): Promise<Announced> {
  return announceOnce({
    dht,
    owner: OWNER.publicKey,
    topic: TOPIC,
    clock: clockAt(minute),
    random: systemRandom,
    nodeKey: nodeKey(node),
    release: () => release,
    hints: () => hints,
  });
}

/** What the agent's reader accepts of the slot's records, by node. */
export async function discoverAt(dht: Dht, minute: number): Promise<readonly Announcement[]> {
  const found = await discover({ dht, owner: OWNER.publicKey, topic: TOPIC, clock: clockAt(minute) });
  return found.filter((announcement) => announcement.minute === minute);
}
