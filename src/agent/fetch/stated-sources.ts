/**
 * The sources of one release: peers that announced themselves, and mirrors. The ones that failed are left out from then on.
 *
 * Nothing is opened before somebody looks at the sources, and nothing connects before it is asked. Peers come first: a mirror
 * costs its owner money.
 *
 * @module
 */
import { isPeerpatchError, PeerpatchError, type ErrorCode } from '../../core/base/errors.ts';
import { MAX_PEER_SOURCES } from '../../core/base/limits.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { Announcement } from '../../core/record/open.ts';
import type { FailureMark } from '../../core/update/backoff.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Network } from '../../ports/network.ts';
import type { Source } from '../../ports/source.ts';
import { createSilenceWatch } from '../collect/silence-watch.ts';
import { errorEvent, type AgentActivity, type EmitEvent } from '../events.ts';
import { firstAnswer } from './first-answer.ts';
import { createPeerSource, peerName } from './peer-source.ts';

export interface StatedSourcesOptions {
  readonly network: Pick<Network, 'connect'>;
  readonly owner: PublicKey;
  readonly clock: Clock;
  /** The first {@link MAX_PEER_SOURCES} that are not blamed are used. */
  readonly peers: readonly Announcement[];
  /** URLs. */
  readonly mirrors: readonly string[];
  readonly openMirror: (url: string) => Source;
  readonly isBlamed: (name: string) => boolean;
  /** Remembers a source that failed. */
  readonly blame: (name: string, mark?: FailureMark) => void;
  readonly emit: EmitEvent;
}

export interface StatedSources {
  /** Those that have not failed. */
  readonly alive: readonly Source[];
  /** Those of them that are peers, and those that are not. */
  readonly peers: readonly Source[];
  readonly mirrors: readonly Source[];
  /** Payload of all of them so far. */
  readonly receivedBytes: number;
  /** Names of those that gave something. */
  readonly givers: readonly string[];
  /** Uses the first ones of this order from now on. @param peers those that were given, in another order */
  prefer(peers: readonly Announcement[]): void;
  /** Those that are not there yet. @param urls of a verified statement */
  addMirrors(urls: readonly string[]): void;
  /** Whether it failed, here or a short while ago. @param name of a source */
  isDropped(name: string): boolean;
  /** It gave something that was right. */
  noteGiven(source: Pick<Source, 'name'>): void;
  /** A source failed or lied: it is told, remembered, and used no more. @param during default `fetch` */
  drop(source: Pick<Source, 'name'>, error: PeerpatchError, during?: AgentActivity): void;
  /** Those that gave nothing while others did are told and remembered. */
  close(): Promise<void>;
}

/** What honest sources fail with as well. */
const NO_LIES: readonly ErrorCode[] = ['PEER_UNREACHABLE', 'PEER_REFUSED', 'PEER_TIMEOUT', 'PEER_TOO_SLOW'];

export function openStatedSources(options: StatedSourcesOptions): StatedSources {
  const { network, owner, clock, openMirror, isBlamed, blame, emit } = options;
  const urls = new Set(options.mirrors);
  const openedUrls = new Set<string>();
  const dropped = new Set<string>();
  const givenBy = new Set<string>();
  const silence = createSilenceWatch(clock);
  let { peers } = options;
  /** By name: those that were used so far. */
  const openedPeers = new Map<string, Source>();
  let fromPeers: readonly Source[] | undefined;
  const fromMirrors: Source[] = [];

  const openPeers = (): readonly Source[] => {
    fromPeers ??= peers
      .filter(({ peer }) => !isBlamed(peerName(peer)))
      .slice(0, MAX_PEER_SOURCES)
      .map(
        ({ peer }) =>
          openedPeers.get(peerName(peer)) ?? silence.watch(createPeerSource({ network, owner, clock, peer })),
      );
    for (const source of fromPeers) openedPeers.set(source.name, source);
    return fromPeers;
  };
  const openMirrors = (): readonly Source[] => {
    for (const url of urls) {
      if (openedUrls.has(url)) continue;
      openedUrls.add(url);
      const mirror = silence.watch(openMirror(url));
      if (isBlamed(mirror.name) || fromMirrors.some(({ name }) => name === mirror.name)) void mirror.close();
      else fromMirrors.push(mirror);
    }
    return fromMirrors;
  };
  const opened = (): readonly Source[] => [...openedPeers.values(), ...fromMirrors];
  const isAlive = ({ name }: Source): boolean => !dropped.has(name);
  return {
    get alive() {
      return [...openPeers(), ...openMirrors()].filter(isAlive);
    },
    get peers() {
      return openPeers().filter(isAlive);
    },
    get mirrors() {
      return openMirrors().filter(isAlive);
    },
    get receivedBytes() {
      return opened().reduce((sum, source) => sum + source.receivedBytes, 0);
    },
    get givers() {
      return opened()
        .filter(({ receivedBytes }) => receivedBytes > 0)
        .map(({ name }) => name);
    },
    prefer(order) {
      peers = order;
      fromPeers = undefined;
    },
    addMirrors(more) {
      for (const url of more) urls.add(url);
    },
    isDropped: (name) => dropped.has(name) || isBlamed(name),
    noteGiven({ name }) {
      givenBy.add(name);
    },
    drop(source, error, during = 'fetch') {
      if (dropped.has(source.name)) return;
      dropped.add(source.name);
      const isPassing = isPeerpatchError(error, 'PEER_UNREACHABLE', 'PEER_TIMEOUT');
      const isLie = !isPeerpatchError(error, ...NO_LIES);
      blame(source.name, { isLie, isAfterGiving: givenBy.has(source.name) && isPassing });
      emit(errorEvent(during, namedAfter(source, error)));
    },
    close: async () => {
      // Weakly: it may be far away, and nobody waited for it to the end.
      for (const name of silence.silent) {
        if (dropped.has(name)) continue;
        dropped.add(name);
        blame(name, { isWeak: true });
        emit(errorEvent('fetch', namedAfter({ name }, gaveNothing())));
      }
      await Promise.all(opened().map((source) => source.close()));
    },
  };
}

function gaveNothing(): PeerpatchError {
  return new PeerpatchError('PEER_TIMEOUT', 'it gave nothing of what it was asked for, and others did');
}

/** Says who it was: the error alone is about "the peer". */
function namedAfter({ name }: Pick<Source, 'name'>, error: PeerpatchError): PeerpatchError {
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
