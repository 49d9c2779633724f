/**
 * Finds releases by the owner's statements, and peers that have them by what they announce. Spec: docs/spec/11-statement.md.
 *
 * The statement says what is newest; announcements say whom to ask. Whether this node may take it is decided in
 * core/statement/eligible.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import { selectNewest } from '../../core/record/select.ts';
import { compareVersions } from '../../core/release/version.ts';
import type { ProgramFormat } from '../../core/stamp/format.ts';
import { compareAppVersions, regionVersion } from '../../core/statement/app-version.ts';
import { judgeStatement, type Verdict } from '../../core/statement/eligible.ts';
import { statementNameHash, type SignedStatement } from '../../core/statement/statement.ts';
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
import { errorEvent, type AgentEvent, type EmitEvent } from '../events.ts';
import { fetchStated } from '../fetch/fetch-stated.ts';
import type { StatedRelease } from '../known-release.ts';
import type { Library } from '../offer/library.ts';
import { openStatedSources, type StatedSources } from '../fetch/stated-sources.ts';
import { watchStatements } from './statement-watch.ts';

export interface FindStatedParts {
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
  /** URLs the host gave. Those of statements come on top. */
  readonly mirrors: readonly string[];
  readonly openMirror: (url: string) => Source;
  /** What is in the program file now. */
  readonly installed: () => StatedRelease;
  /** Everything that peers of this app, target and channel announce now, signatures verified. */
  readonly discover: () => Promise<readonly Announcement[]>;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

export function findStated(parts: FindStatedParts): Find {
  const { installed, clock, emit, random } = parts;
  const watch = watchStatements(parts);
  let toldWhy: string | undefined;

  const openSources = (announcements: readonly Announcement[], { isBlamed, blame }: FindOptions): StatedSources => {
    const { candidates: peers } = selectNewest(announcements, { fraction: () => random.fraction() });
    const mirrors = [...parts.mirrors, ...installed().statement.mirrors];
    return openStatedSources({ ...parts, peers, mirrors, isBlamed, blame });
  };
  const asCandidate = (statement: SignedStatement, { sources, announcements, options }: Surroundings): Candidate => ({
    version: statement.version,
    key: `version ${statement.version}`,
    fetch: async (onProgress) => {
      const { library, memory } = parts;
      const fetched = await fetchStated({
        ...parts,
        statement,
        base: installed().statement,
        above: options.above,
        sources,
        peers: announcements,
        local: (kind, hash) => library.read(kind, hash),
        hasLocal: (hash) => library.has('chunk', hash),
        onProgress,
      });
      await memory.accepted(statementNameHash(statement), statement.seq);
      return fetched;
    },
  });
  const judge = async (statement: SignedStatement, force: boolean): Promise<Verdict> =>
    judgeStatement(statement, {
      running: installed().statement,
      highestSeq: await parts.memory.highestSeq(statementNameHash(statement)),
      nowSeconds: Math.floor(clock.now() / SECOND_MS),
      nodeSecret: await parts.memory.secret(),
      force,
    });
  const lookWith = async (surroundings: Surroundings): Promise<Found> => {
    const { sources, announcements, options } = surroundings;
    const { force, above } = options;
    const statement = await watch.newest({ announcements, sources, force });
    const verdict = await judge(statement, force);
    if (verdict.kind === 'take') sources.addMirrors(statement.mirrors);
    const why = whyNot(statement, verdict);
    // A rollout may take days: it is told once, not at every look.
    if (why !== undefined && JSON.stringify(why) !== toldWhy) emit(why);
    toldWhy = why && JSON.stringify(why);
    return {
      newest: compareAppVersions(statement.version, above) > 0 ? statement.version : above,
      peers: announcements.filter((each) => isOf(each, statement)).length,
      candidates: verdict.kind === 'take' ? [asCandidate(statement, surroundings)] : [],
      close: () => sources.close(),
    };
  };

  return async (options) => {
    const announcements = await discoverOrNone(parts);
    const sources = openSources(announcements, options);
    try {
      return await lookWith({ sources, announcements, options });
    } catch (error) {
      await sources.close();
      throw error;
    }
  };
}

/** What one look has to do with. */
interface Surroundings {
  readonly sources: StatedSources;
  readonly announcements: readonly Announcement[];
  readonly options: FindOptions;
}

function whyNot({ version }: SignedStatement, verdict: Verdict): AgentEvent | undefined {
  if (verdict.kind === 'refuse') {
    return errorEvent('check', new PeerpatchError(verdict.code, `not taken: ${verdict.reason}`));
  }
  if (verdict.kind !== 'later') return undefined;
  const { reason, atSeconds } = verdict;
  return { type: 'held-back', version, reason, atMs: atSeconds === undefined ? undefined : atSeconds * SECOND_MS };
}

/** Where UDP is blocked, mirrors are what is left. */
async function discoverOrNone({ discover, emit, signal }: FindStatedParts): Promise<readonly Announcement[]> {
  try {
    return await discover();
  } catch (error) {
    signal.throwIfAborted();
    emit(errorEvent('check', error));
    return [];
  }
}

function isOf({ release }: Announcement, { version }: SignedStatement): boolean {
  return compareVersions(release.version, regionVersion(version)) === 0;
}
