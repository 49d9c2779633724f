/**
 * Downloads and verifies the newest stated release of a name into a file: the first install.
 *
 * Takes it whatever its rollout says: somebody asks for it. A download that was stopped goes on where it was, as long as the file
 * is to have the same name.
 *
 * @module
 */
import { resolve } from 'node:path';
import { installFetched } from '../../agent/fetch/fetch.ts';
import { fetchStated } from '../../agent/fetch/fetch-stated.ts';
import { createForeignFiles } from '../../agent/fetch/foreign-files.ts';
import { lookStated, openSources, type LookStatedParts } from '../../agent/find/look-stated.ts';
import { likelyFirst } from '../../agent/find/peer-order.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { MAX_PEER_SOURCES } from '../../core/base/limits.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import type { PlannedWay } from '../../core/content/plan.ts';
import type { Announcement } from '../../core/record/open.ts';
import { judgeStatement } from '../../core/statement/eligible.ts';
import { statementNameHash, type SignedStatement } from '../../core/statement/statement.ts';
import { checkNewTarget, newProgramStore } from '../../io/install/program-file.ts';
import { brotli } from '../../io/system/brotli.ts';
import { systemClock } from '../../io/system/clock.ts';
import type { NodeMemory } from '../../ports/memory.ts';
import { openDht } from '../../start/thread/node.ts';
import { openState } from '../../start/thread/state.ts';
import { lookParts, networkWhenNeeded, noStatement, orCancelled, type StatedOptions } from './find-statement.ts';

export interface FetchStatedProgramOptions extends StatedOptions {
  /** Where the program goes. Must not exist yet. */
  readonly out: string;
  /** Told which way is tried, and about how many bytes will cross the wire. */
  readonly onPlan?: (way: PlannedWay['kind'], expectedBytes: number) => void;
  readonly onProgress?: (heldBytes: number, totalBytes: number) => void;
}

export interface FetchedStatedProgram {
  /** Absolute. */
  readonly path: string;
  readonly statement: SignedStatement;
  readonly receivedBytes: number;
  /** The names of the peers and mirrors that gave something. */
  readonly from: string;
}

/**
 * @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID, DHT_BIND_FAILED, DHT_UNREACHABLE,
 *   RELEASE_NOT_FOUND, STATEMENT_* for one that must not be taken, CONTENT_NOT_FOUND, INSTALL_*, CANCELLED
 */
export async function fetchStatedProgram(options: FetchStatedProgramOptions): Promise<FetchedStatedProgram> {
  const parts = lookParts(options);
  await checkNewTarget(resolve(options.out));
  const dht = await openDht({ ...options, onError: () => undefined });
  const network = networkWhenNeeded(options);
  try {
    return await orCancelled(parts.signal, () => fetchNewest(options, { ...parts, dht, network }));
  } finally {
    await Promise.all([network.close(), dht.close()]);
  }
}

async function fetchNewest(options: FetchStatedProgramOptions, parts: LookStatedParts): Promise<FetchedStatedProgram> {
  const { owner, name } = parts;
  const { statement, announcements } = await lookStated(parts);
  if (statement === undefined) throw noStatement(name);
  const onError = (error: PeerpatchError): void => options.onFailure?.(error);
  const state = await openState({ owner, programPath: options.out, onError });
  await checkTakeable(statement, state.memory);
  const store = newProgramStore(options.out);
  await store.checkInstall({ sizeBytes: statement.sizeBytes });
  let peers = likelyFirst(announcements, statement);
  for (;;) {
    try {
      return await fetchFrom(peers, statement, { ...parts, ...state, store, options });
    } catch (error) {
      // Nobody looks again in a minute: the next few are asked.
      peers = peers.slice(MAX_PEER_SOURCES);
      if (peers.length === 0 || !isPeerpatchError(error, 'CONTENT_NOT_FOUND')) throw error;
    }
  }
}

interface FetchParts extends LookStatedParts, Awaited<ReturnType<typeof openState>> {
  readonly store: ReturnType<typeof newProgramStore>;
  readonly options: FetchStatedProgramOptions;
}

async function fetchFrom(
  peers: readonly Announcement[],
  statement: SignedStatement,
  parts: FetchParts,
): Promise<FetchedStatedProgram> {
  const { memory, options, emit } = parts;
  const sources = openSources({ ...parts, peers, mirrors: [...parts.mirrors, ...statement.mirrors] });
  try {
    const fetched = await fetchStated({
      ...parts,
      statement,
      base: undefined,
      above: undefined,
      format: undefined, // the statement names its target
      sources,
      peers,
      foreignFiles: createForeignFiles(),
      local: () => Promise.resolve(undefined),
      hasLocal: () => Promise.resolve(false),
      compression: brotli,
      onProgress: (heldBytes, totalBytes) => options.onProgress?.(heldBytes, totalBytes),
      emit: (event) => {
        if (event.type === 'planned') options.onPlan?.(event.way, event.expectedBytes);
        emit(event);
      },
    });
    await installFetched(fetched);
    await memory.accepted(statementNameHash(statement), statement.seq);
    await memory.acceptedVersion(statementNameHash(statement), statement.version);
    return { path: resolve(options.out), statement, receivedBytes: fetched.receivedBytes, from: fetched.from };
  } finally {
    await sources.close();
  }
}

/** This machine may have seen a newer one: an older genuine release is no first install then. */
async function checkTakeable(statement: SignedStatement, memory: NodeMemory): Promise<void> {
  const verdict = judgeStatement(statement, {
    running: undefined,
    highestSeq: await memory.highestSeq(statementNameHash(statement)),
    highestVersion: await memory.highestVersion(statementNameHash(statement)),
    nowSeconds: Math.floor(systemClock.now() / SECOND_MS),
    nodeSecret: NO_DRAW,
    force: true,
  });
  if (verdict.kind === 'refuse') throw new PeerpatchError(verdict.code, `not taken: ${verdict.reason}`);
}

/** With force no rollout is looked at: the machine's own secret stays where it is. */
const NO_DRAW = new Uint8Array(32);
