/**
 * What n0 runs for the nodes of the world, on the tests' machine: https in front of relays, and the place where nodes publish
 * where they are (pkarr, the HTTP side of n0's discovery).
 *
 * All names share one address; which server is meant is told by the name in the TLS handshake.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { decode } from 'dns-packet';
import type { Relay } from './relay.ts';
import type { TestRoot } from './test-root.ts';

/** Where rustpatcher's nodes publish. */
const DISCOVERY_NAME = 'dns.iroh.link';
/** Default relays of iroh 0.92 (rustpatcher 0.2.0) and 0.94 (0.2.2); one of several places, so that the choice is sure. */
const THEIR_RELAY_NAMES = ['use1-1.relay.n0.iroh.iroh.link', 'use1-1.relay.n0.iroh-canary.iroh.link'];
/** The same of iroh 1.0. */
const OUR_RELAY_NAMES = ['use1-1.relay.n0.iroh.link'];
export const N0_NAMES: readonly string[] = [DISCOVERY_NAME, ...THEIR_RELAY_NAMES, ...OUR_RELAY_NAMES];

/** Before the DNS packet of a published item: signature (64) and time (8). */
const PKARR_HEAD_BYTES = 72;
const PKARR_PATH = /^\/pkarr\/([a-z0-9]{52})$/;

export interface PublishedNode {
  readonly nodeIdZ32: string;
  /** `relay=https://…` or `addr=10.77.0.1:4433`, one for each TXT record. */
  readonly texts: readonly string[];
}

export interface N0Servers {
  /** What nodes published of themselves, in the order it came. It grows. */
  readonly published: readonly PublishedNode[];
  /** What a node published last: the answer of n0's DNS. */
  textsOf(nodeIdZ32: string): readonly string[] | undefined;
  close(): Promise<void>;
}

export interface N0Options {
  /** Port 443 is bound. */
  readonly host: string;
  readonly root: TestRoot;
  /**
   * Behind the names that rustpatcher's nodes know, and behind those that ours know. Two, as there: a node that is at home at
   * one relay and dials by another must not be taken for itself come again.
   */
  readonly relays: { readonly theirs: Relay; readonly ours: Relay };
}

/** They listen when this resolves. */
export async function startN0Servers({ host, root, relays }: N0Options): Promise<N0Servers> {
  const published: PublishedNode[] = [];
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy()); // nodes go away in the middle of anything
  };

  const discovery = createHttpServer((request, response) => {
    const nodeIdZ32 = PKARR_PATH.exec(request.url ?? '')?.[1];
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const isItem = request.method === 'PUT' && nodeIdZ32 !== undefined;
      if (isItem) published.push({ nodeIdZ32, texts: decodeTexts(Buffer.concat(pieces)) });
      response.writeHead(isItem ? 204 : 404).end();
    });
  });

  const front = createServer({ cert: root.certificate, key: root.privateKey }, (client: TLSSocket) => {
    keep(client);
    if (client.servername === DISCOVERY_NAME) {
      discovery.emit('connection', client);
      return;
    }
    const relay = OUR_RELAY_NAMES.includes(client.servername || '') ? relays.ours : relays.theirs;
    const server = connect(relay.port, relay.host);
    keep(server);
    client.pipe(server).pipe(client);
    client.once('close', () => server.destroy());
    server.once('close', () => client.destroy());
  });
  front.on('tlsClientError', () => undefined); // a program that trusts public roots alone; it tries again
  front.listen(443, host);
  await once(front, 'listening');
  return {
    published,
    textsOf: (nodeIdZ32) => published.findLast((node) => node.nodeIdZ32 === nodeIdZ32)?.texts,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        front.close(() => {
          resolve();
        });
      });
    },
  };
}

function decodeTexts(item: Buffer): string[] {
  const { answers = [] } = decode(item.subarray(PKARR_HEAD_BYTES));
  return answers.flatMap((answer) => (answer.type === 'TXT' ? String(answer.data) : []));
}
