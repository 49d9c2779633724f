/**
 * One look for the newest statement of a name, by somebody who has no program of it: a first install, a check, a signing.
 *
 * What runs looks by statement-watch.ts. Whether the release may be taken is decided in core/statement/eligible. Spec:
 * docs/spec/11-statement.md.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import { selectNewest } from '../../core/record/select.ts';
import { statementTopic } from '../../core/record/topic.ts';
import { compareVersions } from '../../core/release/version.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import type { SignedStatement, StatementName } from '../../core/statement/statement.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht } from '../../ports/dht.ts';
import type { Network } from '../../ports/network.ts';
import type { Random } from '../../ports/random.ts';
import type { Source } from '../../ports/source.ts';
import { discover } from './discover.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { openStatedSources, type StatedSources } from '../fetch/stated-sources.ts';
import { createStatements } from './statements.ts';

export interface LookStatedParts {
  readonly owner: PublicKey;
  readonly name: StatementName;
  readonly dht: Dht;
  readonly clock: Clock;
  readonly random: Random;
  /** URLs. */
  readonly mirrors: readonly string[];
  readonly openMirror: (url: string) => Source;
  /** Opens the network when peers have to be asked; whoever gave it closes it. */
  readonly openNetwork: () => Promise<Network>;
  /** Is told what failed, and who showed something that is not believed. */
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

export interface LookedStated {
  /** The newest that is not disputed; undefined when nobody has one. */
  readonly statement: SignedStatement | undefined;
  /** Those of the name, newest release first, each node once. */
  readonly announcements: readonly Announcement[];
}

/**
 * Asks the DHT and the mirrors; peers too, when they announce more than those know.
 *
 * @throws PeerpatchError DHT_UNREACHABLE when neither a DHT node nor a mirror answered, what `openNetwork` throws, and the
 *   signal's reason when it aborts
 */
export async function lookStated(parts: LookStatedParts): Promise<LookedStated> {
  const { openMirror, openNetwork, random, emit } = parts;
  const statements = createStatements(parts);
  const announcements = selectNewest(await discoverOrNone(parts), { fraction: () => random.fraction() }).candidates;
  const look = async (sources: readonly Source[]): Promise<SignedStatement | undefined> => {
    try {
      const { newest, refused } = await statements.look(sources);
      for (const { source, code, reason } of refused) {
        emit(errorEvent('check', new PeerpatchError(code, `${source}: ${reason}`)));
      }
      return newest;
    } finally {
      await Promise.all(sources.map((source) => source.close()));
    }
  };
  const statement = await look([...new Set(parts.mirrors)].map(openMirror));
  if (!announcesMore(announcements, statement)) return { statement, announcements };
  const peers = openSources({ ...parts, network: await openNetwork(), peers: announcements, mirrors: [] });
  return { statement: await look(peers.alive), announcements };
}

/** Nobody was asked before: no source is blamed yet. */
export function openSources(
  parts: Pick<LookStatedParts, 'owner' | 'clock' | 'openMirror' | 'mirrors' | 'emit'> & {
    readonly network: Network;
    readonly peers: readonly Announcement[];
  },
): StatedSources {
  return openStatedSources({ ...parts, isBlamed: () => false, blame: () => undefined });
}

function announcesMore([newest]: readonly Announcement[], statement: SignedStatement | undefined): boolean {
  if (newest === undefined || statement === undefined) return newest !== undefined;
  return compareVersions(newest.release.version, regionVersion(statement.version)) > 0;
}

/** Where UDP is blocked, mirrors are what is left. */
async function discoverOrNone({ dht, owner, clock, name, emit, signal }: LookStatedParts): Promise<Announcement[]> {
  try {
    return await discover({ dht, owner, topic: statementTopic(owner, name), clock, signal });
  } catch (error) {
    signal.throwIfAborted();
    emit(errorEvent('check', error));
    return [];
  }
}
