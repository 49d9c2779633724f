/**
 * Downloads and verifies the owner's newest program into a file: the first install.
 *
 * @module
 */
import { resolve } from 'node:path';
import { fetchRelease, installFetched } from '../../agent/fetch/fetch.ts';
import type { PeerpatchError } from '../../core/base/errors.ts';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { parsePublicKey, type PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import { formatVersion } from '../../core/release/version.ts';
import { REGION_BYTES } from '../../core/stamp/region.ts';
import { checkNewTarget, newProgramStore } from '../../io/install/program-file.ts';
import { systemClock } from '../../io/system/clock.ts';
import type { Network } from '../../ports/network.ts';
import { openNode } from '../../start/thread/node.ts';
import { announcedReleases, notFound } from './check-network.ts';
import type { PeerOptions } from './peer-options.ts';

export interface FetchProgramOptions extends PeerOptions {
  /** Where the program goes. Must not exist yet. */
  readonly out: string;
  readonly onProgress?: (receivedBytes: number, totalBytes: number) => void;
  /** Told of each peer that failed before another one was tried. */
  readonly onFailure?: (error: PeerpatchError) => void;
}

export interface FetchedProgram {
  /** Absolute. */
  readonly path: string;
  readonly version: string;
  readonly receivedBytes: number;
  /** Hex id of the peer that served it. */
  readonly peer: string;
}

/**
 * Tries the peers that announce the newest release one after the other, then those of older ones.
 *
 * @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID, DHT_UNREACHABLE, RELEASE_NOT_FOUND, INSTALL_*, CANCELLED and,
 *   when all peers failed, what the last one failed with
 */
export async function fetchProgram(options: FetchProgramOptions): Promise<FetchedProgram> {
  const owner = parsePublicKey(options.publicKey);
  const store = newProgramStore(options.out);
  await checkNewTarget(resolve(options.out));
  const { dht, network } = await openNode({ ...options, onError: () => undefined });
  try {
    const candidates = await announcedReleases(owner, dht, options.signal);
    let failure: PeerpatchError | undefined;
    for (const candidate of candidates) {
      if (failure !== undefined) options.onFailure?.(failure);
      try {
        return await fetchFrom(candidate, { owner, network, store, options });
      } catch (error) {
        if (!isPeerpatchError(error) || isHopeless(error)) throw error;
        failure = error;
      }
    }
    throw failure ?? notFound();
  } finally {
    await Promise.all([network.close(), dht.close()]);
  }
}

/** Another peer would change nothing. */
function isHopeless({ code }: PeerpatchError): boolean {
  return code.startsWith('INSTALL_') || code === 'OPTION_INVALID' || code === 'CANCELLED';
}

interface FetchFrom {
  readonly owner: PublicKey;
  readonly network: Network;
  readonly store: ReturnType<typeof newProgramStore>;
  readonly options: FetchProgramOptions;
}

async function fetchFrom({ release, nodeId, peer }: Announcement, from: FetchFrom): Promise<FetchedProgram> {
  const { owner, network, store, options } = from;
  await store.checkInstall({ sizeBytes: release.sizeBytes + REGION_BYTES });
  const fetched = await fetchRelease({
    owner,
    network,
    store,
    clock: systemClock,
    release,
    peer,
    above: undefined,
    signal: options.signal,
    onProgress: options.onProgress,
  });
  await installFetched(fetched);
  return {
    path: resolve(options.out),
    version: formatVersion(release.version),
    receivedBytes: fetched.receivedBytes,
    peer: toHex(nodeId),
  };
}
