/**
 * A mirror: a folder on any web server or bucket, as a source. Spec: docs/spec/15-mirror.md.
 *
 * Speaks plain GET and believes nothing but lengths: no type, no encoding, no date. Does not verify what it gets.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { FETCH_LIMITS, type FetchLimits } from '../../core/base/limits.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import { STAMP_BYTES } from '../../core/stamp/block.ts';
import { MAX_SIGNED_ITEM_BYTES, MIN_SIGNED_ITEM_BYTES } from '../../core/statement/signed-bytes.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Source } from '../../ports/source.ts';
import { createConnections } from './connections.ts';
import { mirrorPaths } from './mirror-path.ts';
import { parseMirrorUrl } from './mirror-url.ts';
import { createBodyRate } from './patience.ts';
import { getBytes, type RequestContext } from './request.ts';

export interface MirrorOptions {
  /** Address of the folder: http or https, without credentials, query and fragment. */
  readonly url: string;
  readonly owner: PublicKey;
  readonly clock: Clock;
  readonly limits?: FetchLimits;
  /** PEM certificates to trust instead of the runtime's. */
  readonly ca?: string;
  /** Where the proxies are named. Read now. Default: that of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** Requests at once: enough to hide the way there and back, few enough for a server that counts connections of an address. */
const LANES = 6;

/** Connects with the first request. @throws PeerpatchError OPTION_INVALID */
export function openMirror(options: MirrorOptions): Source {
  const { owner, clock, limits = FETCH_LIMITS, ca, env = process.env } = options;
  const home = parseMirrorUrl(options.url);
  const paths = mirrorPaths(owner);
  const closing = new AbortController();
  const connections = createConnections(LANES, env);
  let receivedBytes = 0;
  const context: RequestContext = {
    home,
    connections,
    clock,
    limits,
    rate: createBodyRate(clock, limits),
    lanes: LANES,
    ca,
    closed: closing.signal,
    onReceived: (bytes) => {
      receivedBytes += bytes;
    },
  };

  return {
    name: `mirror ${home.href}`,
    lanes: LANES,
    async statement(nameHash, signal) {
      const url = new URL(paths.statement(nameHash), home);
      const bytes = await getBytes(context, { url, maxBytes: MAX_SIGNED_ITEM_BYTES, isFresh: true, signal });
      if (bytes !== undefined && bytes.length < MIN_SIGNED_ITEM_BYTES) throw wrongLength('statement', bytes);
      return bytes;
    },
    async stamp(statementId, signal) {
      const url = new URL(paths.stamp(statementId), home);
      const bytes = await getBytes(context, { url, maxBytes: STAMP_BYTES, signal });
      if (bytes !== undefined && bytes.length !== STAMP_BYTES) throw wrongLength('stamp', bytes);
      return bytes;
    },
    object: (_kind, hash, maxBytes, signal) =>
      getBytes(context, { url: new URL(paths.object(hash), home), maxBytes, signal }),
    get receivedBytes() {
      return receivedBytes;
    },
    close() {
      closing.abort(new PeerpatchError('PEER_UNREACHABLE', 'the mirror was closed here'));
      connections.close();
      return Promise.resolve();
    },
  };
}

function wrongLength(what: string, { length }: Uint8Array): PeerpatchError {
  return new PeerpatchError('PEER_MISBEHAVED', `the mirror sent a ${what} of ${length} bytes`);
}
