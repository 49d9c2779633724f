/**
 * Finds releases by the owner's statements, and peers that have them by what they announce. Spec: docs/spec/11-statement.md.
 *
 * The statement says what is newest; announcements say whom to ask. Whether this node may take it is decided in
 * core/statement/eligible, and for this machine in core/update/restraint.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import { statedReleaseId } from '../../core/install/release-id.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import { selectNewest } from '../../core/record/select.ts';
import { compareVersions } from '../../core/release/version.ts';
import type { ProgramFormat } from '../../core/stamp/format.ts';
import { compareAppVersions, regionVersion } from '../../core/statement/app-version.ts';
import { judgeStatement, type Verdict } from '../../core/statement/eligible.ts';
import { statementNameHash, type SignedStatement } from '../../core/statement/statement.ts';
import type { JudgedRelease } from '../../core/update/restraint.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Compression } from '../../ports/compression.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { Dht } from '../../ports/dht.ts';
import type { NodeMemory } from '../../ports/memory.ts';
import type { Network } from '../../ports/network.ts';
import type { ProgramStore } from '../../ports/program.ts';
import type { Random } from '../../ports/random.ts';
import type { Source } from '../../ports/source.ts';
import type { Candidate, Find, FindOptions, Found } from '../candidate.ts';
import { errorEvent, type AgentEvent } from '../events.ts';
import { fetchStated } from '../fetch/fetch-stated.ts';
import { createForeignFiles } from '../fetch/foreign-files.ts';
import type { StatedRelease } from '../known-release.ts';
import type { Library } from '../offer/library.ts';
import { openStatedSources, type StatedSources } from '../fetch/stated-sources.ts';
import { createPeerOrder, isOf } from './peer-order.ts';
import { watchHeldBack, type HeldBackParts } from './held-back.ts';
import { watchStatements } from './statement-watch.ts';

export interface FindStatedParts extends HeldBackParts {
  readonly owner: PublicKey;
  readonly dht: Dht;
  readonly network: Network;
  readonly store: ProgramStore;
  readonly deltas: DeltaStore;
  readonly memory: NodeMemory;
  readonly library: Library;
  readonly compression: Compression;
  readonly clock: Clock;
  readonly random: Random;
  /** Format and processor of the running program. */
  readonly format: ProgramFormat;
  /** URLs the host gave. Those of the statement in the program and of the newest one come on top. */
  readonly mirrors: readonly string[];
  readonly openMirror: (url: string) => Source;
  /** What is in the program file now. */
  readonly installed: () => StatedRelease;
  /** Everything that peers of this app, target and channel announce now, signatures verified. */
  readonly discover: () => Promise<readonly Announcement[]>;
  readonly signal: AbortSignal;
}

export function findStated(parts: FindStatedParts): Find {
  const { installed, clock, emit, random } = parts;
  const watch = watchStatements(parts);
  const heldBack = watchHeldBack(parts);
  const peerOrder = createPeerOrder();
  const foreignFiles = createForeignFiles();
  let toldWhy: string | undefined;

  const openSources = async (
    peers: readonly Announcement[],
    { isBlamed, blame }: FindOptions,
  ): Promise<StatedSources> => {
    // Mirrors move by a statement that this node may never run: the same release, signed again.
    const { mirrors: newest } = await watch.known();
    const mirrors = [...parts.mirrors, ...installed().statement.mirrors, ...newest];
    return openStatedSources({ ...parts, peers, mirrors, isBlamed, blame });
  };
  const asCandidate = (statement: SignedStatement, { sources, announcements, options }: Surroundings): Candidate => ({
    version: statement.version,
    plan: { sizeBytes: statement.sizeBytes, target: statement.target },
    fetch: async (onProgress) => {
      const { library, memory } = parts;
      const inPlace = installed();
      // Nodes like this one announce it: to a pre-release, say, with the same three numbers.
      if (inPlace.statement.seq !== statement.seq) foreignFiles.add(statement, inPlace.release.hash);
      const peers = peerOrder.order(announcements, statement, inPlace);
      sources.prefer(peers);
      const fetching = fetchStated({
        ...parts,
        statement,
        base: inPlace.statement,
        above: options.above,
        sources,
        peers,
        foreignFiles,
        local: (kind, hash, memory) => library.read(kind, hash, memory),
        hasLocal: (hash) => library.has('chunk', hash),
        onProgress,
      });
      const fetched = await fetching.catch((error: unknown) => {
        peerOrder.askedInVain(sources.peers.map(({ name }) => name));
        throw error;
      });
      const nameHash = statementNameHash(statement);
      await memory.accepted(nameHash, statement.seq);
      await memory.acceptedVersion(nameHash, statement.version);
      return fetched;
    },
  });
  const judge = async (statement: SignedStatement, force: boolean): Promise<Verdict> =>
    judgeStatement(statement, {
      running: installed().statement,
      highestSeq: await parts.memory.highestSeq(statementNameHash(statement)),
      highestVersion: await parts.memory.highestVersion(statementNameHash(statement)),
      nowSeconds: Math.floor(clock.now() / SECOND_MS),
      nodeSecret: await parts.memory.secret(),
      force,
    });
  const lookWith = async (surroundings: Surroundings): Promise<Found> => {
    const { sources, announcements, isDhtDown, options } = surroundings;
    const { force, above } = options;
    const isAllowed = await heldBack.look();
    const statement = await watch.newest({ announcements, sources, force, isDhtDown });
    const verdict = await judge(statement, force);
    const why = whyNot(statement, verdict);
    // A rollout may take days: it is told once, not at every look.
    if (why !== undefined && JSON.stringify(why) !== toldWhy) emit(why);
    toldWhy = why && JSON.stringify(why);
    const found = {
      newest: compareAppVersions(statement.version, above) > 0 ? statement.version : above,
      peers: announcements.filter((each) => isOf(each, statement)).length,
    };
    if (verdict.kind !== 'take') return { ...found, candidates: [], close: () => sources.close() };
    if (isAllowed(named(statement))) {
      sources.addMirrors(statement.mirrors);
      return { ...found, candidates: [asCandidate(statement, surroundings)], close: () => sources.close() };
    }
    await sources.close();
    return { ...found, ...(await lookBelow(statement, isAllowed, surroundings)) };
  };
  /** What peers have between the program in place and a release that this machine does not take. */
  const lookBelow = async (
    newest: SignedStatement,
    isAllowed: (release: JudgedRelease) => boolean,
    { announcements, isDhtDown, options }: Surroundings,
  ): Promise<Pick<Found, 'candidates' | 'close'>> => {
    const { force, above } = options;
    const below = announcements.filter(
      (each) => !isOf(each, newest) && compareVersions(each.release.version, regionVersion(above)) > 0,
    );
    const sources = await openSources(below, options);
    const close = (): Promise<void> => sources.close();
    try {
      if (below.length === 0) return { candidates: [], close };
      for (const statement of await watch.others({ announcements: below, sources })) {
        if (statement.seq >= newest.seq || (await judge(statement, force)).kind !== 'take') continue;
        if (!isAllowed(named(statement))) continue;
        return { candidates: [asCandidate(statement, { sources, announcements: below, isDhtDown, options })], close };
      }
      return { candidates: [], close };
    } catch (error) {
      await close();
      throw error;
    }
  };

  return async (options) => {
    const found = await discoverOrNone(parts);
    // Each node once: it may have announced itself in three slots.
    const { candidates: announcements } = selectNewest(found ?? [], { fraction: () => random.fraction() });
    const sources = await openSources(announcements, options);
    try {
      return await lookWith({ sources, announcements, isDhtDown: found === undefined, options });
    } catch (error) {
      await sources.close();
      throw error;
    }
  };
}

/** What one look has to do with. */
interface Surroundings {
  readonly sources: StatedSources;
  /** Newest release first, each node once. */
  readonly announcements: readonly Announcement[];
  readonly isDhtDown: boolean;
  readonly options: FindOptions;
}

function named(statement: SignedStatement): JudgedRelease {
  return { version: statement.version, id: statedReleaseId(statement), isFromRecord: false };
}

function whyNot({ version, app }: SignedStatement, verdict: Verdict): AgentEvent | undefined {
  if (verdict.kind === 'refuse') {
    if (verdict.code === 'STATEMENT_TOO_FAR') {
      // No look will find a way: the network knows the newest release alone.
      const reason = `${verdict.code}: ${verdict.reason}: install it by hand, from a newer installer or with "peerpatch fetch --app ${app} --out <file>"`;
      return { type: 'held-back', version, reason, atMs: undefined };
    }
    return errorEvent('check', new PeerpatchError(verdict.code, `not taken: ${verdict.reason}`));
  }
  if (verdict.kind !== 'later') return undefined;
  const { reason, atSeconds } = verdict;
  return { type: 'held-back', version, reason, atMs: atSeconds === undefined ? undefined : atSeconds * SECOND_MS };
}

/** Undefined when no DHT node answered, which is told: where UDP is blocked, mirrors are what is left. */
async function discoverOrNone({
  discover,
  emit,
  signal,
}: FindStatedParts): Promise<readonly Announcement[] | undefined> {
  try {
    return await discover();
  } catch (error) {
    signal.throwIfAborted();
    emit(errorEvent('check', error));
    return undefined;
  }
}
