/**
 * Knows the newest statement of a name: asks the DHT and mirrors now and then, peers when they announce something newer.
 *
 * The DHT is asked seldom, because a statement lies at the same few nodes for everybody: in between, an announcement of another
 * release is the sign to look. Carries on the newest by newest-statement.ts. Spec: docs/spec/11-statement.md.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { BoundedSet } from '../../core/base/bounded-set.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { toHex } from '../../core/base/hex.ts';
import { MAX_SIGHTED_SEQS, STATEMENT_LOOK_INTERVAL_MS } from '../../core/base/limits.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import { compareVersions } from '../../core/release/version.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht } from '../../ports/dht.ts';
import type { Random } from '../../ports/random.ts';
import type { Source } from '../../ports/source.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { firstAnswer } from '../fetch/first-answer.ts';
import type { StatedRelease } from '../known-release.ts';
import type { StatedSources } from '../fetch/stated-sources.ts';
import { carryNewest, type NewestStatementParts } from './newest-statement.ts';
import { createRefusals } from './refusals.ts';
import { createStatements, type Look } from './statements.ts';

export interface StatementWatchParts extends Pick<NewestStatementParts, 'memory' | 'library'> {
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
  /** Peers that announce the newest come first. Left open. */
  readonly sources: StatedSources;
  /** Looks although it is not time to. */
  readonly force: boolean;
  /** The DHT did not answer a moment ago, and that was told. */
  readonly isDhtDown: boolean;
}

export interface StatementWatch {
  /** The newest so far, without asking anybody. */
  known(): Promise<SignedStatement>;
  /** The newest statement that is not disputed: that of the program in place, or a newer one. */
  newest(look: StatementLook): Promise<SignedStatement>;
  /** All that are known and not disputed, the highest first, those of peers that announce other releases included. */
  others(look: Pick<StatementLook, 'announcements' | 'sources'>): Promise<readonly SignedStatement[]>;
}

/** Deviation from the interval, as a share of it, to either side: nodes that start together drift apart. */
const JITTER = 0.25;
/** Peers that are asked for the statement of what they announce, before the DHT is. */
const ASKED_PEERS = 3;
/** Releases below the newest, of one look: no more are remembered than that. */
const MAX_ASKED_FILES = MAX_SIGHTED_SEQS;
/** What is forgotten is a reason to look once more. */
const MAX_UNSTATED = 256;
/** So long a peer may still answer when everybody else knows nothing newer: a new connection takes a second or two. */
const LATE_PEER_MS: number = 3 * SECOND_MS;

/** Asks somebody. True ends the look. */
type Ask = (signal: AbortSignal) => Promise<true | undefined>;

export function watchStatements(parts: StatementWatchParts): StatementWatch {
  const { installed, clock, random, emit, signal } = parts;
  const { statement: running } = installed();
  const statements = createStatements({ ...parts, name: running, running });
  const newest = carryNewest({ ...parts, statements, name: running, own: () => installed().statement });
  newest.recall().catch(() => undefined); // at once, for peers may ask already; awaited by each look
  const refusals = createRefusals(emit);
  /**
   * Announced releases, by hash, that nobody could state: they are no reason to ask again before the next look. Those that are
   * not seen now stay in it: a slot shows some of its announcements at one time and others at the next.
   */
  const unstated = new BoundedSet(MAX_UNSTATED);
  /** The same for releases below the newest. */
  const asked = new Set<string>();
  let knownSeq = running.seq;
  let nextLookMs = clock.monotonic();

  /** Whether it gave something newer. */
  const take = (look: Look, sources: StatedSources): boolean => {
    refusals.tell(look, sources);
    const before = knownSeq;
    knownSeq = newest.current.seq;
    return knownSeq > before;
  };
  /** A failure is no reason not to update. */
  const publish = async (): Promise<void> => {
    try {
      await newest.publish();
    } catch (error) {
      if (!signal.aborted) emit(errorEvent('announce', error));
    }
  };
  /**
   * Peers first: they can say it over the connection that the release will come through, and a walk costs more than that. The
   * DHT and mirrors as soon as none of them answers quickly: what is announced may be gone.
   *
   * @returns whether DHT and mirrors were asked, and one of them answered: where this machine is cut off nobody was spared anything,
   *   and its network may be there in a moment
   */
  const look = async (peers: readonly Source[], { sources, isDhtDown }: StatementLook): Promise<boolean> => {
    const waiting = new Set<Source>(peers);
    let tellNobodyWaits: () => void = () => undefined;
    const nobodyWaits = new Promise<void>((resolve) => (tellNobodyWaits = resolve));
    let hasLooked = false;
    const askPeer =
      (peer: Source): Ask =>
      async (limited) => {
        try {
          return take(await orAbort(statements.ask([peer]), limited), sources) || undefined;
        } finally {
          waiting.delete(peer);
          if (waiting.size === 0) tellNobodyWaits();
        }
      };
    const askEverybodyElse: Ask = async (limited) => {
      const withoutDht = isDhtDown;
      const looked = await orAbort(statements.look(sources.mirrors, { withoutDht }), limited);
      const isNewer = take(looked, sources);
      hasLooked = !looked.isCutOff;
      if (!isNewer && waiting.size > 0) await atMost(LATE_PEER_MS, nobodyWaits, limited);
      return true;
    };
    await firstAnswer({
      sources: [...peers.map(askPeer), askEverybodyElse],
      clock,
      signal,
      ask: (ask, limited) => ask(limited),
      onFailure: () => undefined, // failures are in the look
    });
    return hasLooked;
  };
  const atMost = async (ms: number, work: Promise<void>, limited: AbortSignal): Promise<void> => {
    const done = new AbortController();
    const pause = clock.sleep(ms, AbortSignal.any([limited, done.signal])).catch(() => undefined); // the work was faster
    await Promise.race([work, pause]);
    done.abort();
  };

  const lookIfDue = async (options: StatementLook): Promise<void> => {
    const { announcements, sources, force, isDhtDown } = options;
    const others = announcements
      .filter((each) => isOther(each, newest.current, installed()))
      .map(({ release }) => toHex(release.hash));
    const isNews = others.some((hash) => !unstated.has(hash));
    if (!isNews && !force && clock.monotonic() < nextLookMs) return;
    // Also those that nobody could state before: their peers may be reached now.
    const peers = others.length === 0 ? [] : sources.peers.slice(0, ASKED_PEERS);
    if (!(await look(peers, options))) return;
    nextLookMs = clock.monotonic() + STATEMENT_LOOK_INTERVAL_MS * (1 + JITTER * (2 * random.fraction() - 1));
    asked.clear();
    for (const hash of others) unstated.add(hash);
    if (!isDhtDown) await publish();
  };

  return {
    known: async () => {
      await newest.recall();
      return newest.current;
    },
    async newest(options) {
      await newest.recall();
      knownSeq = newest.current.seq;
      await lookIfDue(options);
      await newest.settle();
      return newest.current;
    },
    async others({ announcements, sources }) {
      const isStated = ({ release }: Announcement): boolean =>
        statements.standing.some(({ version }) => compareVersions(regionVersion(version), release.version) === 0);
      const unknown = announcements.filter((each) => !isStated(each)).map(({ release }) => release.hash);
      const wanted = new Map(unknown.map((hash) => [toHex(hash), hash]));
      if (![...wanted.keys()].every((hash) => asked.has(hash))) {
        for (const hash of wanted.keys()) asked.add(hash);
        // By the name they would say the newest, which is known.
        take(await statements.ask(sources.peers, [...wanted.values()].slice(0, MAX_ASKED_FILES)), sources);
        await newest.settle();
      }
      return statements.standing;
    },
  };
}

/** Whether it is of a release above the newest statement, or another one of the same three numbers: of a pre-release, say. */
function isOther({ release }: Announcement, newest: SignedStatement, installed: StatedRelease): boolean {
  const order = compareVersions(release.version, regionVersion(newest.version));
  if (order !== 0 || newest.seq !== installed.statement.seq) return order > 0;
  return !equalBytes(release.hash, installed.release.hash);
}
