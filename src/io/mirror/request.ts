/**
 * One GET: bounded in time, in bytes and in redirects. Spec: docs/spec/15-mirror.md.
 *
 * Connections are kept open. A server may close an idle one at any moment, and we learn it only by using it: such a request is
 * sent again on another one.
 *
 * @module
 */
import { get as getHttp, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { get as getHttps } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { concatBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import type { FetchLimits } from '../../core/base/limits.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Connections, Route } from './connections.ts';
import { requestFailure, statusFailure } from './http-failure.ts';
import { createPatience, type BodyRate, type Patience } from './patience.ts';
import { lookupPublic } from './public-address.ts';
import { followRedirect, isAtHome } from './redirect.ts';

export interface RequestContext {
  /** The mirror's own address. */
  readonly home: URL;
  readonly connections: Connections;
  readonly clock: Clock;
  readonly limits: FetchLimits;
  readonly rate: BodyRate;
  /** Requests at once: so many connections may turn out to be closed. */
  readonly lanes: number;
  readonly ca: string | undefined;
  /** Aborts when the mirror is closed. */
  readonly closed: AbortSignal;
  readonly onReceived: (bytes: number) => void;
}

export interface GetRequest {
  readonly url: URL;
  /** A longer body is a misbehaviour. */
  readonly maxBytes: number;
  /** Whether caches on the way must ask the server. */
  readonly isFresh?: boolean;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 3;
/** Body of an answer that is not 200: read, so that the connection can be used again, or the connection is closed. */
const MAX_ERROR_BODY_BYTES: number = 16 * 1024;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Buckets answer 403 where they do not tell what is missing from what is forbidden. */
const HAS_NONE: readonly number[] = [403, 404, 410];

/**
 * The body; undefined when the mirror has nothing there.
 *
 * @throws PeerpatchError PEER_UNREACHABLE, PEER_REFUSED, PEER_TIMEOUT, PEER_TOO_SLOW, PEER_MISBEHAVED, and the signal's reason
 */
export async function getBytes(context: RequestContext, request: GetRequest): Promise<Uint8Array | undefined> {
  const patience = createPatience(context.clock, context.limits, [request.signal, context.closed]);
  try {
    let { url } = request;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const route = context.connections.routeTo(url);
      const response = await send(context, { ...request, url }, { route, patience });
      const status = response.statusCode ?? 0;
      if (status === 200) return await readBody(context, response, { maxBytes: request.maxBytes, route, patience });
      letGo(response);
      if (HAS_NONE.includes(status)) return undefined;
      if (!REDIRECTS.includes(status)) throw statusFailure(status, route.proxy);
      url = followRedirect(response.headers.location, url, context.home);
    }
    throw misbehaved(`redirects more than ${MAX_REDIRECTS} times`);
  } finally {
    patience.end();
  }
}

interface Exchange {
  readonly route: Route;
  readonly patience: Patience;
}

/** Until the head of the answer is there. */
async function send(context: RequestContext, request: GetRequest, exchange: Exchange): Promise<IncomingMessage> {
  for (let attempt = 0; ; attempt++) {
    const sent = start(context, request, exchange);
    try {
      return await answerOf(sent, exchange.patience);
    } catch (cause) {
      sent.destroy();
      exchange.patience.signal.throwIfAborted();
      if (sent.reusedSocket && attempt <= context.lanes && isCut(cause)) continue;
      throw requestFailure(`could not reach the mirror at ${request.url.host}`, cause, exchange.route.proxy);
    }
  }
}

function start({ ca, home }: RequestContext, { url, isFresh }: GetRequest, { route }: Exchange): ClientRequest {
  const options: RequestOptions & { readonly ca?: string } = {
    ...route.options,
    headers: {
      'user-agent': 'peerpatch',
      accept: '*/*',
      'accept-encoding': 'identity',
      ...(isFresh === true && { 'cache-control': 'no-cache' }),
      ...route.options.headers,
    },
    ...(ca !== undefined && { ca }),
    // A proxy looks names up itself, and lets through what its owner wants.
    ...(route.proxy === undefined && !isAtHome(url, home) && { lookup: lookupPublic }),
  };
  return route.isSecure ? getHttps(options) : getHttp(options);
}

function answerOf(sent: ClientRequest, patience: Patience): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(patience.signal.reason as Error);
      sent.destroy();
    };
    patience.expect('connection');
    patience.signal.addEventListener('abort', stop, { once: true });
    if (patience.signal.aborted) stop();
    sent.once('socket', (socket: Socket) => {
      const connected = (): void => {
        patience.expect('answer');
      };
      if (socket.connecting) socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', connected);
      else connected();
    });
    // What a proxy answers to CONNECT comes as if the mirror had said it.
    sent.once('proxyConnect', ({ statusCode }: { readonly statusCode: number }) => {
      if (statusCode !== 200 && statusCode !== 407) reject(new Error(`the proxy refused with status ${statusCode}`));
    });
    sent.once('response', (response) => {
      patience.signal.removeEventListener('abort', stop);
      resolve(response);
    });
    // Stays: an error behind the answer reaches the reader of the body as well, and must not end the process here.
    sent.on('error', (error) => {
      patience.signal.removeEventListener('abort', stop);
      reject(error);
    });
  });
}

interface BodyOptions extends Exchange {
  readonly maxBytes: number;
}

async function readBody(
  context: RequestContext,
  response: IncomingMessage,
  { maxBytes, route, patience }: BodyOptions,
): Promise<Uint8Array> {
  const stop = (): void => {
    response.destroy();
  };
  patience.signal.addEventListener('abort', stop, { once: true });
  context.rate.begin();
  try {
    checkHead(response, maxBytes);
    const pieces: Uint8Array[] = [];
    let length = 0;
    patience.expect('body');
    patience.signal.throwIfAborted();
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      patience.expect('body');
      length += piece.length;
      context.onReceived(piece.length);
      if (length > maxBytes) throw misbehaved(`sends more than ${maxBytes} bytes`);
      context.rate.moved(piece.length);
      pieces.push(piece);
    }
    patience.signal.throwIfAborted();
    if (!response.complete) throw new Error('the answer ended in the middle');
    return concatBytes(...pieces);
  } catch (cause) {
    response.destroy();
    patience.signal.throwIfAborted();
    throw requestFailure('could not read from the mirror', cause, route.proxy);
  } finally {
    context.rate.end();
    patience.signal.removeEventListener('abort', stop);
  }
}

/** What the head already tells, before a byte of the body is taken. */
function checkHead({ headers }: IncomingMessage, maxBytes: number): void {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') throw misbehaved('compresses what it was asked to send as it is');
  const stated = headers['content-length'];
  if (stated !== undefined && Number(stated) > maxBytes) throw misbehaved(`announces more than ${maxBytes} bytes`);
}

/** Nobody waits for the rest. A server that drips it holds one connection of those that this mirror may have. */
function letGo(response: IncomingMessage): void {
  let length = 0;
  response.on('error', () => undefined);
  response.on('data', (piece: Uint8Array) => {
    length += piece.length;
    if (length > MAX_ERROR_BODY_BYTES) response.destroy();
  });
}

function isCut(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE';
}

function misbehaved(what: string): PeerpatchError {
  return new PeerpatchError('PEER_MISBEHAVED', `the mirror ${what}`);
}
