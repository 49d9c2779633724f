/**
 * The name server of the tests' machine: iroh's discovery records for nodes, addresses for host names, and nothing else.
 *
 * It answers TXT `_iroh.<z-base-32 node id>.<origin>` for the origins of n0 (docs/spec/09-transfer.md) and A for the names of
 * a table; everything else does not exist. Resolvers that do not get through by UDP come again by TCP. It keeps what was asked,
 * so that a test can tell that a node really looked there.
 *
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket as Stream } from 'node:net';
import { AUTHORITATIVE_ANSWER, decode, encode, streamEncode, TRUNCATED_RESPONSE } from 'dns-packet';
import type { Answer, DecodedPacket, Packet } from 'dns-packet';
import { NAME_SERVER } from './namespace.ts';

export interface NameServerOptions {
  /** The TXT records of a node, one string each: `addr=10.77.0.3:4433`, `relay=http://10.77.0.2:3340`. */
  readonly nodes?: (nodeIdZ32: string) => readonly string[] | undefined;
  /** Host name to IPv4 addresses. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /** Default `NAME_SERVER`, which /etc/resolv.conf of the tests' machine names. */
  readonly address?: string;
  /** Default 53. */
  readonly port?: number;
}

export interface AskedQuestion {
  readonly type: string;
  /** Lower case, without the dot at the end. */
  readonly name: string;
  readonly by: 'udp' | 'tcp';
}

export interface NameServer {
  /** In the order they came; it grows. */
  readonly questions: readonly AskedQuestion[];
  /** How often the records of that node were asked for. */
  asked(nodeIdZ32: string): number;
  close(): Promise<void>;
}

/** `dns.iroh.link` is n0's discovery, the other one its staging twin. */
const NODE_NAME = /^_iroh\.([ybndrfg8ejkmcpqxot1uwisza345h769]{52})\.(?:staging-)?dns\.iroh\.link$/;
/** Short: what a test changes is asked for again. */
const TTL_SECONDS = 1;
const NO_SUCH_NAME = 3;
/** What every resolver takes as one datagram (RFC 1035, 4.2.1); for more it has to come again by TCP. */
const MAX_DATAGRAM_BYTES = 512;

/** Starts it; it is bound when this resolves. */
export async function startNameServer(options: NameServerOptions = {}): Promise<NameServer> {
  const { address = NAME_SERVER, port = 53 } = options;
  const questions: AskedQuestion[] = [];
  const answer = (packet: DecodedPacket, by: AskedQuestion['by']): Packet => {
    for (const question of packet.questions ?? []) {
      questions.push({ type: question.type, name: question.name.toLowerCase(), by });
    }
    return answerPacket(packet, options);
  };
  const datagrams = await bindDatagrams(address, port, (packet) => answer(packet, 'udp'));
  const connections = new Set<Stream>();
  const streams = await bindStreams(address, port, connections, (packet) => answer(packet, 'tcp'));
  return {
    questions,
    asked: (nodeIdZ32) => questions.filter(({ name }) => NODE_NAME.exec(name)?.[1] === nodeIdZ32).length,
    close: async () => {
      for (const connection of connections) connection.destroy();
      await Promise.all([
        new Promise<void>((resolve) => datagrams.close(resolve)),
        new Promise<void>((resolve) =>
          streams.close(() => {
            resolve();
          }),
        ),
      ]);
    },
  };
}

function answerPacket(packet: DecodedPacket, { nodes, hosts = {} }: NameServerOptions): Packet {
  const answers: Answer[] = [];
  let known = false;
  for (const { name, type } of packet.questions ?? []) {
    const asked = name.toLowerCase();
    const nodeId = NODE_NAME.exec(asked)?.[1];
    const texts = nodeId === undefined ? undefined : nodes?.(nodeId);
    // A name that exists has no error, also when it has no record of the type asked for.
    known ||= texts !== undefined || hosts[asked] !== undefined;
    if (type === 'TXT') for (const text of texts ?? []) answers.push({ name, type, ttl: TTL_SECONDS, data: [text] });
    if (type === 'A') for (const ip of hosts[asked] ?? []) answers.push({ name, type, ttl: TTL_SECONDS, data: ip });
  }
  return {
    type: 'response',
    ...(packet.id !== undefined && { id: packet.id }),
    flags: AUTHORITATIVE_ANSWER | (known ? 0 : NO_SUCH_NAME),
    questions: packet.questions ?? [],
    answers,
  };
}

type AnswerTo = (packet: DecodedPacket) => Packet;

async function bindDatagrams(address: string, port: number, answer: AnswerTo): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => {
    socket.send(datagram(answer(decode(bytes))), from.port, from.address);
  });
  socket.bind(port, address);
  await once(socket, 'listening');
  return socket;
}

function datagram(packet: Packet): Buffer {
  const whole = encode(packet);
  if (whole.length <= MAX_DATAGRAM_BYTES) return whole;
  return encode({ ...packet, flags: (packet.flags ?? 0) | TRUNCATED_RESPONSE, answers: [] });
}

async function bindStreams(address: string, port: number, connections: Set<Stream>, answer: AnswerTo): Promise<Server> {
  const server = createServer((stream) => {
    connections.add(stream);
    stream.once('close', () => connections.delete(stream));
    stream.on('error', () => stream.destroy()); // a resolver that went away: it asks again if it wants to know
    let pending = Buffer.alloc(0);
    stream.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes]);
      // Each message is preceded by its length in two bytes (RFC 1035, 4.2.2).
      while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
        const end = 2 + pending.readUInt16BE();
        stream.write(streamEncode(answer(decode(pending.subarray(2, end)))));
        pending = pending.subarray(end);
      }
    });
  });
  server.listen(port, address);
  await once(server, 'listening');
  return server;
}
