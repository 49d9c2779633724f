/**
 * Looks for the newest statement of a name on the network: in the DHT, at mirrors, at peers. Downloads no program.
 *
 * @module
 */
import { lookStated, type LookedStated, type LookStatedParts } from '../../agent/find/look-stated.ts';
import type { EmitEvent } from '../../agent/events.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { parsePublicKey } from '../../core/keys/public-key.ts';
import type { AnnouncedPeer } from '../../core/record/open.ts';
import { compareVersions } from '../../core/release/version.ts';
import { regionVersion } from '../../core/statement/app-version.ts';
import { formatName, type SignedStatement, type StatementName } from '../../core/statement/statement.ts';
import { openMirror } from '../../io/mirror/mirror.ts';
import { parseMirrorUrl } from '../../io/mirror/mirror-url.ts';
import { systemClock } from '../../io/system/clock.ts';
import { systemRandom } from '../../io/system/random.ts';
import { openDht, openNetwork } from '../../start/thread/node.ts';
import { lateNetwork, type LateNetwork } from './late-network.ts';
import type { PeerOptions } from './peer-options.ts';
import { checkName } from '../statement-name.ts';

export interface StatedOptions extends PeerOptions {
  /** What is looked for. */
  readonly name: StatementName;
  /** URLs of folders written by `exportMirror`. A statement may name more. */
  readonly mirrors?: readonly string[];
  /** Told of each place that failed or showed something that is not believed. */
  readonly onFailure?: (error: PeerpatchError) => void;
}

export interface FoundStatement {
  /** Verified. Undefined when nobody has one. */
  readonly statement: SignedStatement | undefined;
  /** The nodes that say they have this release. */
  readonly peers: readonly AnnouncedPeer[];
}

/**
 * The mirrors that the statement names are asked as well; peers only when they announce a release that none of those know.
 *
 * @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID, DHT_BIND_FAILED, DHT_UNREACHABLE when nobody at all answered,
 *   CANCELLED. What peers failed with, TRANSPORT_UNAVAILABLE among it, is for `onFailure`
 */
export async function findStatement(options: StatedOptions): Promise<FoundStatement> {
  const parts = lookParts(options);
  const dht = await openDht({ ...options, onError: () => undefined });
  const network = networkWhenNeeded(options);
  try {
    return offeredBy(await orCancelled(parts.signal, () => lookStated({ ...parts, dht, network })));
  } finally {
    await Promise.all([network.close(), dht.close()]);
  }
}

/** The addon of the transport is loaded with the first connection. */
export function networkWhenNeeded(options: StatedOptions): LateNetwork {
  return lateNetwork(async () => (await openNetwork({ ...options, onError: () => undefined })).network);
}

/** What a look needs beside DHT and network. @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID */
export function lookParts(options: StatedOptions): Omit<LookStatedParts, 'dht' | 'network'> {
  const { name, mirrors = [], onFailure, signal = new AbortController().signal } = options;
  const owner = parsePublicKey(options.publicKey);
  checkName(name);
  for (const url of mirrors) parseMirrorUrl(url);
  const emit: EmitEvent = (event) => {
    if (event.type === 'error') onFailure?.(new PeerpatchError(event.code, event.message));
  };
  return {
    owner,
    name,
    clock: systemClock,
    random: systemRandom,
    mirrors,
    openMirror: (url) => openMirror({ url, owner, clock: systemClock }),
    failed: new Set(),
    emit,
    signal,
  };
}

/** @throws PeerpatchError CANCELLED in place of the signal's reason */
export async function orCancelled<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new PeerpatchError('CANCELLED', 'stopped: nothing was installed', { cause });
  }
}

export function noStatement(name: StatementName): PeerpatchError {
  return new PeerpatchError(
    'RELEASE_NOT_FOUND',
    `nobody has a statement of this owner for ${formatName(name)}: is it signed under this name, and a copy running, seeded or exported`,
  );
}

function offeredBy({ statement, announcements }: LookedStated): FoundStatement {
  const peers = announcements.filter(
    ({ release }) =>
      statement !== undefined && compareVersions(release.version, regionVersion(statement.version)) === 0,
  );
  return { statement, peers: peers.map(({ peer }) => peer) };
}
