/**
 * Knows the newest statement of a name: asks the DHT and mirrors now and then, peers when they announce something newer.
 *
 * The DHT is asked seldom, because a statement lies at the same few nodes for everybody: in between, an announcement of another
 * release is the sign to look. Keeps the statement of the program in place findable. Spec: docs/spec/11-statement.md.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { STATEMENT_LOOK_INTERVAL_MS } from '../../core/base/limits.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import { compareVersions } from '../../core/release/version.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht } from '../../ports/dht.ts';
import type { Random } from '../../ports/random.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { firstAnswer } from '../fetch/first-answer.ts';
import type { StatedRelease } from '../known-release.ts';
import type { StatedSources } from '../fetch/stated-sources.ts';
import { createStatements, type Look } from './statements.ts';

export interface StatementWatchParts {
  readonly owner: PublicKey;
  readonly dht: Dht;
  readonly clock: Clock;
  readonly random: Random;
  /** What is in the program file now. */
  readonly installed: () => StatedRelease;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

export interface StatementLook {
  readonly announcements: readonly Announcement[];
  /** Those that announce the newest come first. Left open. */
  readonly sources: StatedSources;
  /** Looks although it is not time to. */
  readonly force: boolean;
}

export interface StatementWatch {
  /** The newest statement that is not disputed: that of the program in place, or a newer one. */
  newest(look: StatementLook): Promise<SignedStatement>;
}

/** Deviation from the interval, as a share of it, to either side: nodes that start together drift apart. */
const JITTER = 0.25;
/** Peers that are asked for the statement of what they announce, before the DHT is. */
const ASKED_PEERS = 3;

export function watchStatements(parts: StatementWatchParts): StatementWatch {
  const { installed, clock, random, emit, signal } = parts;
  const { statement: running } = installed();
  const statements = createStatements({ ...parts, name: running, running });
  /** Announced releases, by hash, that nobody could state: they are no reason to ask again before the next look. */
  const unstated = new Set<string>();
  let newest = running;
  let nextLookMs = clock.monotonic();

  const take = ({ newest: found, refused }: Look): boolean => {
    for (const { source, code, reason } of refused) {
      emit(errorEvent('check', new PeerpatchError(code, `${source}: ${reason}`)));
    }
    const isNewer = found !== undefined && found.seq > newest.seq;
    if (isNewer) newest = found;
    return isNewer;
  };
  /** They can say it themselves, over the connection that the release will come through: a walk costs more than that. */
  const askPeers = async ({ alive }: StatedSources): Promise<boolean> => {
    const answered = await firstAnswer({
      sources: alive.slice(0, ASKED_PEERS),
      clock,
      signal,
      // Whether it gave something newer; one that was too slow complains to nobody.
      ask: async (source, limited) => {
        const look = await orAbort(statements.ask([source]), limited);
        return take(look) ? true : undefined;
      },
      onFailure: () => undefined, // failures are in the look
    });
    return answered === true;
  };
  /** A failure is no reason not to update. */
  const publish = async (): Promise<void> => {
    const { statement } = installed();
    if (newest.seq > statement.seq) return;
    try {
      const { storedAt } = await statements.publish(statement);
      if (storedAt > 0) emit({ type: 'published', version: statement.version, storedAt });
    } catch (error) {
      if (!signal.aborted) emit(errorEvent('announce', error));
    }
  };

  return {
    async newest({ announcements, sources, force }) {
      // Another process of the same program may have installed it.
      if (installed().statement.seq > newest.seq) newest = installed().statement;
      const others = announcements.filter(
        (each) => isOther(each, newest, installed()) && !unstated.has(toHex(each.release.hash)),
      );
      if (others.length > 0 && (await askPeers(sources))) return newest;
      if (others.length === 0 && !force && clock.monotonic() < nextLookMs) return newest;
      nextLookMs = clock.monotonic() + STATEMENT_LOOK_INTERVAL_MS * (1 + JITTER * (2 * random.fraction() - 1));
      unstated.clear();
      take(await statements.look(sources.mirrors));
      for (const { release } of others) unstated.add(toHex(release.hash));
      await publish();
      return newest;
    },
  };
}

/** Whether it is of a release above the newest statement, or another one of the same three numbers: of a pre-release, say. */
function isOther({ release }: Announcement, newest: SignedStatement, installed: StatedRelease): boolean {
  const order = compareVersions(release.version, regionVersion(newest.version));
  if (order !== 0 || newest.seq !== installed.statement.seq) return order > 0;
  return !equalBytes(release.hash, installed.release.hash);
}
