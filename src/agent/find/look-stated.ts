/**
 * One look for the newest statement of a name, by somebody who has no program of it: a first install, a check, a signing.
 *
 * What runs looks by statement-watch.ts. Whether the release may be taken is decided in core/statement/eligible. Spec:
 * docs/spec/11-statement.md.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
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
import { within } from '../deadline.ts';
import { discover } from './discover.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { firstAnswer } from '../fetch/first-answer.ts';
import { openStatedSources, type StatedSources } from '../fetch/stated-sources.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import { createStatements, type Look, type Statements } from './statements.ts';

export interface LookStatedParts {
  readonly owner: PublicKey;
  readonly name: StatementName;
  readonly dht: Dht;
  readonly clock: Clock;
  readonly random: Random;
  /** URLs. Those in the statement that is found are asked as well. */
  readonly mirrors: readonly string[];
  readonly openMirror: (url: string) => Source;
  /** Used when peers have to be asked. */
  readonly network: Pick<Network, 'connect'>;
  /** Names of sources that failed: they are not asked again. Written to. */
  readonly failed: Set<string>;
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

/** So long peers may take to state what they announce, when there is an older statement already. */
const NEWER_PEER_MS: number = 5 * SECOND_MS;

/**
 * Asks the DHT and the mirrors, then the mirrors that the statement names; peers too, when they announce more than those know.
 *
 * @throws PeerpatchError DHT_UNREACHABLE when neither a DHT node nor a mirror answered, and the signal's reason when it aborts
 */
export async function lookStated(parts: LookStatedParts): Promise<LookedStated> {
  const { random, emit } = parts;
  const { announced, dhtFailure } = await discoverOrWhyNot(parts);
  const { candidates: announcements } = selectNewest(announced, { fraction: () => random.fraction() });
  const asking: Asking = { ...parts, statements: createStatements(parts), refusals: createRefusals(emit) };
  const statement = await askMirrors(asking, dhtFailure);
  if (!announcesMore(announcements, statement)) return { statement, announcements };
  return { statement: await askPeers(asking, announcements, statement), announcements };
}

/** Those that failed before are left out, those that fail are noted. */
export function openSources(
  parts: Pick<LookStatedParts, 'owner' | 'clock' | 'openMirror' | 'mirrors' | 'network' | 'failed' | 'emit'> & {
    readonly peers: readonly Announcement[];
  },
): StatedSources {
  const { failed } = parts;
  return openStatedSources({
    ...parts,
    isBlamed: (name) => failed.has(name),
    blame: (name) => {
      failed.add(name);
    },
  });
}

interface Asking extends LookStatedParts {
  readonly statements: Statements;
  readonly refusals: Refusals;
}

/** Those that were given, with the DHT; then those that the owner names. @throws PeerpatchError DHT_UNREACHABLE */
async function askMirrors(parts: Asking, dhtFailure: PeerpatchError | undefined): Promise<SignedStatement | undefined> {
  const { statements, refusals, emit } = parts;
  const first = openSources({ ...parts, peers: [] });
  let look: Look;
  try {
    look = await statements.look(first.mirrors, { withoutDht: dhtFailure !== undefined });
    const failure = dhtFailure ?? refusedDht(look);
    if (failure !== undefined && look.isCutOff) {
      refusals.tell({ ...look, refused: look.refused.filter(({ source }) => source !== 'dht') }, first);
      throw failure;
    }
    if (dhtFailure !== undefined) emit(errorEvent('check', dhtFailure));
    refusals.tell(look, first);
  } finally {
    await first.close();
  }
  const asked = new Set(parts.mirrors);
  for (;;) {
    const mirrors = (look.newest?.mirrors ?? []).filter((url) => !asked.has(url));
    if (mirrors.length === 0) return look.newest;
    for (const url of mirrors) asked.add(url);
    const more = openSources({ ...parts, peers: [], mirrors });
    try {
      look = await statements.ask(more.mirrors);
      refusals.tell(look, more);
    } finally {
      await more.close();
    }
  }
}

/** Why no DHT node was asked with success. */
function refusedDht({ refused }: Look): PeerpatchError | undefined {
  const refusal = refused.find(({ source }) => source === 'dht');
  return refusal && new PeerpatchError(refusal.code, refusal.reason);
}

async function askPeers(
  parts: Asking,
  peers: readonly Announcement[],
  known: SignedStatement | undefined,
): Promise<SignedStatement | undefined> {
  const { statements, refusals, clock, signal, emit } = parts;
  const sources = openSources({ ...parts, peers, mirrors: [] });
  let newest = known;
  const ask = async (source: Source, limited: AbortSignal): Promise<true | undefined> => {
    const look = await orAbort(statements.ask([source]), limited);
    refusals.tell(look, sources);
    newest = look.newest;
    return announcesMore(peers, newest) ? undefined : true;
  };
  const late = (): PeerpatchError =>
    new PeerpatchError('PEER_TIMEOUT', 'peers announce a newer release and did not say in time which: look again');
  // The one that fails is told by the look.
  const askAll = (inTime: AbortSignal): Promise<true | undefined> =>
    firstAnswer({ sources: sources.peers, clock, signal: inTime, ask, onFailure: () => undefined });
  try {
    if (known === undefined) await askAll(signal);
    else await within({ clock, ms: NEWER_PEER_MS, signal, late }, askAll);
  } catch (error) {
    if (!isPeerpatchError(error, 'PEER_TIMEOUT')) throw error;
    emit(errorEvent('check', error));
  } finally {
    await sources.close();
  }
  return newest;
}

function announcesMore([newest]: readonly Announcement[], statement: SignedStatement | undefined): boolean {
  if (newest === undefined || statement === undefined) return newest !== undefined;
  return compareVersions(newest.release.version, regionVersion(statement.version)) > 0;
}

/** Where UDP is blocked, mirrors are what is left. */
async function discoverOrWhyNot({ dht, owner, clock, name, signal }: LookStatedParts): Promise<{
  readonly announced: readonly Announcement[];
  readonly dhtFailure: PeerpatchError | undefined;
}> {
  try {
    const announced = await discover({ dht, owner, topic: statementTopic(owner, name), clock, signal });
    return { announced, dhtFailure: undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (!isPeerpatchError(error)) throw error;
    return { announced: [], dhtFailure: error };
  }
}
