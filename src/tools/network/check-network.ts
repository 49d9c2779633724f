/**
 * One look at the network: the owner's newest release, and who offers it. Downloads nothing.
 *
 * @module
 */
import { discover } from '../../agent/find/discover.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { parsePublicKey, type PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement, AnnouncedPeer } from '../../core/record/open.ts';
import { selectNewest } from '../../core/record/select.ts';
import { v0Topic } from '../../core/record/topic.ts';
import type { Release } from '../../core/release/release.ts';
import { compareVersions, formatVersion } from '../../core/release/version.ts';
import { systemClock } from '../../io/system/clock.ts';
import { systemRandom } from '../../io/system/random.ts';
import type { Dht } from '../../ports/dht.ts';
import { openDht } from '../../start/thread/node.ts';
import type { PeerOptions } from './peer-options.ts';

export interface NetworkCheck {
  readonly version: string;
  /** Signed by the owner. */
  readonly release: Release;
  /** The nodes that say they have it. */
  readonly peers: readonly AnnouncedPeer[];
}

/** @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID, DHT_UNREACHABLE, DHT_BIND_FAILED, RELEASE_NOT_FOUND, CANCELLED */
export async function checkNetwork(options: PeerOptions): Promise<NetworkCheck> {
  const owner = parsePublicKey(options.publicKey);
  const dht = await openDht({ ...options, onError: () => undefined });
  try {
    const candidates = await announcedReleases(owner, dht, options.signal);
    const [first] = candidates;
    if (first === undefined) throw notFound();
    const newest = candidates.filter(({ release }) => compareVersions(release.version, first.release.version) === 0);
    return {
      version: formatVersion(first.release.version),
      release: first.release,
      peers: newest.map(({ peer }) => peer),
    };
  } finally {
    await dht.close();
  }
}

/** Everything announced, newest first, equals in random order. @throws PeerpatchError DHT_UNREACHABLE, CANCELLED */
export async function announcedReleases(
  owner: PublicKey,
  dht: Dht,
  signal: AbortSignal | undefined,
): Promise<readonly Announcement[]> {
  const topic = v0Topic(owner);
  try {
    const announcements = await discover({ dht, owner, topic, clock: systemClock, ...(signal && { signal }) });
    return selectNewest(announcements, { fraction: () => systemRandom.fraction() }).candidates;
  } catch (cause) {
    if (signal?.aborted !== true) throw cause;
    throw new PeerpatchError('CANCELLED', 'the look at the network was stopped: nothing was fetched', { cause });
  }
}

export function notFound(): PeerpatchError {
  return new PeerpatchError(
    'RELEASE_NOT_FOUND',
    'nobody announces a release of this owner: is a copy running or seeded, on the same DHT, its clock right within a minute',
  );
}
