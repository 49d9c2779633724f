/**
 * Finds releases by what peers announce in slots: the v0 profile, where a record names the release itself.
 *
 * One candidate for each peer: it serves the whole program or nothing. What this machine rules out, and what is below the
 * highest version it ever took, is no candidate. Spec: docs/spec/05-record.md, docs/spec/06-accept.md.
 *
 * @module
 */
import { BoundedSet } from '../../core/base/bounded-set.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { releaseIdOf } from '../../core/install/release-id.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import { selectNewest } from '../../core/record/select.ts';
import { fitsRegion } from '../../core/release/region.ts';
import type { SignedRelease } from '../../core/release/release.ts';
import { compareVersions, formatVersion } from '../../core/release/version.ts';
import type { ProgramFormat } from '../../core/stamp/format.ts';
import { REGION_BYTES } from '../../core/stamp/region.ts';
import { compareAppVersions, regionVersion } from '../../core/statement/app-version.ts';
import type { Clock } from '../../ports/clock.ts';
import type { NodeMemory } from '../../ports/memory.ts';
import type { Network } from '../../ports/network.ts';
import type { ProgramStore } from '../../ports/program.ts';
import type { Random } from '../../ports/random.ts';
import type { Candidate, Find, FindOptions, Found } from '../candidate.ts';
import { fetchRelease } from '../fetch/fetch.ts';
import type { Offering } from '../offer/offering.ts';
import { checkOfferedInV0 } from './offered-in-v0.ts';
import { fetchedStatement, releaseName } from '../release-name.ts';
import { watchHeldBack, type HeldBackParts } from './held-back.ts';

const MAX_PASSED_OVER = 100;

export interface FindAnnouncedParts extends HeldBackParts {
  readonly owner: PublicKey;
  readonly network: Network;
  readonly store: ProgramStore;
  readonly memory: NodeMemory;
  readonly clock: Clock;
  readonly random: Random;
  /** Format and processor of the running program. */
  readonly format: ProgramFormat;
  /** Tells what the program file holds. */
  readonly offering: Pick<Offering, 'offered'>;
  /** Everything the owner's peers announce now, signatures verified. */
  readonly discover: () => Promise<readonly Announcement[]>;
  readonly signal: AbortSignal;
}

export function findAnnounced(parts: FindAnnouncedParts): Find {
  const { discover, random, memory, offering } = parts;
  const heldBack = watchHeldBack(parts);
  const passedOver = createPassedOver();
  /** Whether a release may be taken here. */
  const judge = async (): Promise<(announcement: Announcement) => boolean> => {
    const isAllowed = await heldBack.look();
    const highest = await memory.highestVersion(undefined);
    return ({ release }) => {
      // No program can carry it.
      if (!fitsRegion(release.version)) return false;
      const version = formatVersion(release.version);
      const id = releaseIdOf({ release, statement: undefined });
      if (!isAllowed({ version, id, isFromRecord: true })) return false;
      // The highest itself may come again: the program that had it was put back by hand.
      if (highest === undefined || compareAppVersions(version, highest) >= 0) return true;
      heldBack.tell(version, `${version} is below ${highest}, which was taken here before`);
      return false;
    };
  };
  /** Whether it is above the program in place, as far as a record tells. */
  const isNewer = (release: SignedRelease, above: string): boolean => {
    if (compareAppVersions(formatVersion(release.version), above) <= 0 || passedOver.has(release)) return false;
    if (compareVersions(release.version, regionVersion(above)) > 0) return true;
    // A pre-release is in place, and records have three numbers: this may be the release, or one of its pre-releases.
    return !equalBytes(release.hash, offering.offered.release.hash);
  };

  return async ({ above, isBlamed }: FindOptions): Promise<Found> => {
    const newer = (await discover()).filter(({ release }) => isNewer(release, above));
    const { newest, candidates } = selectNewest(newer, {
      isBlamed: (nodeId) => isBlamed(toHex(nodeId)),
      // A newcomer's first choice should not be everybody's.
      fraction: () => random.fraction(),
    });
    return {
      newest: newest === undefined ? above : formatVersion(newest),
      peers: candidates.filter(({ release }) => newest && compareVersions(release.version, newest) === 0).length,
      candidates: candidates
        .filter(await judge())
        .map((announcement) => asCandidate(announcement, { ...parts, above, passedOver })),
      close: () => Promise.resolve(), // each fetch has a connection of its own
    };
  };
}

interface CandidateParts extends FindAnnouncedParts {
  readonly above: string;
  readonly passedOver: PassedOver;
}

function asCandidate({ release, nodeId, peer }: Announcement, parts: CandidateParts): Candidate {
  const { owner, above, memory, clock, passedOver } = parts;
  const key = toHex(nodeId);
  const version = formatVersion(release.version);
  const notNewer = (found: string): PeerpatchError =>
    new PeerpatchError('RELEASE_NOT_NEWER', `what is announced as ${version} is ${found}, which is not above ${above}`);
  return {
    version,
    key,
    plan: { sizeBytes: release.sizeBytes + REGION_BYTES },
    fetch: async (onProgress) => {
      // Another peer gave it a moment ago.
      if (passedOver.has(release)) throw notNewer('none for this program');
      const fetched = await fetchRelease({
        ...parts,
        release,
        peer,
        above: undefined, // looked at before by what the record says, and below by what the file says
        onProgress: (receivedBytes, totalBytes) => {
          onProgress(receivedBytes, totalBytes, key);
        },
      });
      const statement = fetchedStatement(owner, fetched.measured);
      const name = releaseName({ release: fetched.release, statement });
      try {
        checkOfferedInV0(statement, clock.now());
        if (compareAppVersions(name.version, above) <= 0) throw notNewer(name.version);
      } catch (error) {
        passedOver.add(release);
        await fetched.staged.discard();
        throw error;
      }
      await memory.acceptedVersion(undefined, version);
      return { ...fetched, name, from: key };
    },
  };
}

/** Releases that turned out to be none to take once they were here: what a record does not tell is not fetched again to be seen. */
interface PassedOver {
  has(release: SignedRelease): boolean;
  add(release: SignedRelease): void;
}

function createPassedOver(): PassedOver {
  const hashes = new BoundedSet(MAX_PASSED_OVER);
  return {
    has: ({ hash }) => hashes.has(toHex(hash)),
    add: ({ hash }) => {
      hashes.add(toHex(hash));
    },
  };
}
