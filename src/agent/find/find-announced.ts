/**
 * Finds releases by what peers announce in slots: the v0 profile, where a record names the release itself.
 *
 * One candidate for each peer: it serves the whole program or nothing. Spec: docs/spec/05-record.md.
 *
 * @module
 */
import { toHex } from '../../core/base/hex.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import { selectNewest } from '../../core/record/select.ts';
import { compareVersions, formatVersion, parseVersion, type Version } from '../../core/release/version.ts';
import type { ProgramFormat } from '../../core/stamp/format.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Network } from '../../ports/network.ts';
import type { ProgramStore } from '../../ports/program.ts';
import type { Random } from '../../ports/random.ts';
import type { Candidate, Find, FindOptions, Found } from '../candidate.ts';
import { fetchRelease } from '../fetch/fetch.ts';

export interface FindAnnouncedParts {
  readonly owner: PublicKey;
  readonly network: Network;
  readonly store: ProgramStore;
  readonly clock: Clock;
  readonly random: Random;
  /** Format and processor of the running program. */
  readonly format: ProgramFormat;
  /** Everything the owner's peers announce now, signatures verified. */
  readonly discover: () => Promise<readonly Announcement[]>;
  readonly signal: AbortSignal;
}

export function findAnnounced(parts: FindAnnouncedParts): Find {
  const { discover, random } = parts;
  return async ({ above, isBlamed }: FindOptions): Promise<Found> => {
    const aboveVersion = parseVersion(above);
    const { newest, candidates } = selectNewest(await discover(), {
      above: aboveVersion,
      isBlamed: (nodeId) => isBlamed(toHex(nodeId)),
      // A newcomer's first choice should not be everybody's.
      fraction: () => random.fraction(),
    });
    return {
      newest: formatVersion(newest),
      peers: candidates.filter(({ release }) => compareVersions(release.version, newest) === 0).length,
      candidates: candidates.map((announcement) => asCandidate(announcement, aboveVersion, parts)),
      close: () => Promise.resolve(), // each fetch has a connection of its own
    };
  };
}

function asCandidate({ release, nodeId, peer }: Announcement, above: Version, parts: FindAnnouncedParts): Candidate {
  const key = toHex(nodeId);
  return {
    version: formatVersion(release.version),
    key,
    fetch: async (onProgress) => ({
      ...(await fetchRelease({ ...parts, release, peer, above, onProgress })),
      from: key,
    }),
  };
}
