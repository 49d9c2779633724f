/**
 * The sources of one release: peers that announced themselves, and mirrors. The ones that failed are left out from then on.
 *
 * Nothing connects before it is asked. Peers come first: a mirror costs its owner money.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { MAX_PEER_SOURCES } from '../../core/base/limits.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Network } from '../../ports/network.ts';
import type { Source } from '../../ports/source.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { firstAnswer } from './first-answer.ts';
import { createPeerSource } from './peer-source.ts';

export interface StatedSourcesOptions {
  readonly network: Network;
  readonly owner: PublicKey;
  readonly clock: Clock;
  /** The first {@link MAX_PEER_SOURCES} that are not blamed are used. */
  readonly peers: readonly Announcement[];
  /** URLs. */
  readonly mirrors: readonly string[];
  readonly openMirror: (url: string) => Source;
  readonly isBlamed: (name: string) => boolean;
  /** Remembers a source that failed. */
  readonly blame: (name: string) => void;
  readonly emit: EmitEvent;
}

export interface StatedSources {
  /** Those that have not failed. */
  readonly alive: readonly Source[];
  /** Those of them that are no peers. */
  readonly mirrors: readonly Source[];
  /** Payload of all of them so far. */
  readonly receivedBytes: number;
  /** Names of those that gave something. */
  readonly givers: readonly string[];
  /** Those that are not there yet. @param urls of a verified statement */
  addMirrors(urls: readonly string[]): void;
  /** A source failed or lied: it is told, remembered, and used no more. */
  drop(source: Source, error: PeerpatchError): void;
  close(): Promise<void>;
}

export function openStatedSources(options: StatedSourcesOptions): StatedSources {
  const { network, owner, clock, peers, mirrors, openMirror, isBlamed, blame, emit } = options;
  const isWelcome = ({ name }: Source): boolean => !isBlamed(name);
  const fromPeers = peers
    .map(({ peer }) => createPeerSource({ network, owner, clock, peer }))
    .filter(isWelcome)
    .slice(0, MAX_PEER_SOURCES);
  const fromMirrors: Source[] = [];
  const addMirrors = (urls: readonly string[]): void => {
    for (const url of urls) {
      const mirror = openMirror(url);
      if (isWelcome(mirror) && !fromMirrors.some(({ name }) => name === mirror.name)) fromMirrors.push(mirror);
    }
  };
  addMirrors(mirrors);
  const all = (): readonly Source[] => [...fromPeers, ...fromMirrors];
  const dropped = new Set<Source>();
  const isAlive = (source: Source): boolean => !dropped.has(source);
  return {
    get alive() {
      return all().filter(isAlive);
    },
    get mirrors() {
      return fromMirrors.filter(isAlive);
    },
    get receivedBytes() {
      return all().reduce((sum, source) => sum + source.receivedBytes, 0);
    },
    get givers() {
      return all()
        .filter(({ receivedBytes }) => receivedBytes > 0)
        .map(({ name }) => name);
    },
    addMirrors,
    drop(source, error) {
      if (dropped.has(source)) return;
      dropped.add(source);
      blame(source.name);
      emit(errorEvent('fetch', namedAfter(source, error)));
    },
    close: async () => {
      await Promise.all(all().map((source) => source.close()));
    },
  };
}

/** Says who it was: the error alone is about "the peer". */
function namedAfter({ name }: Source, error: PeerpatchError): PeerpatchError {
  return new PeerpatchError(error.code, `${name}: ${error.message}`, { cause: error });
}

/** The first thing that `read` takes from a source; those that fail before it are dropped. @throws PeerpatchError CONTENT_NOT_FOUND, and the signal's reason */
export async function firstGiven<T>(
  sources: StatedSources,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  read: (source: Source, signal: AbortSignal) => Promise<T | undefined>,
): Promise<T> {
  const onFailure = (source: Source, error: PeerpatchError): void => {
    sources.drop(source, error);
  };
  const given = await firstAnswer({ sources: sources.alive, clock, signal, ask: read, onFailure });
  if (given !== undefined) return given;
  throw new PeerpatchError(
    'CONTENT_NOT_FOUND',
    'no peer and no mirror that can be reached has this release: it is looked for again at the next turn',
  );
}
