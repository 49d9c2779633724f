/**
 * A UDP socket that outlives its errors: when the system takes it away, it is opened again on the same port.
 *
 * Knows nothing of the DHT. Sending is best effort: packets beyond a bound are dropped, as the network would.
 *
 * @module
 */
import { createSocket, type Socket } from 'node:dgram';
import { PeerpatchError } from '../../core/base/errors.ts';
import { MAX_UNSENT_PACKETS } from '../../core/base/limits.ts';
import { MINUTE_MS, SECOND_MS } from '../../core/base/units.ts';
import { addressOf, parseIp, type Family, type NodeAddress } from '../../core/dht/address.ts';
import type { Clock } from '../../ports/clock.ts';

export interface UdpOptions {
  readonly family: Family;
  /** The IP to bind: `127.0.0.1`, `::`. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Whether the open socket keeps the process alive. */
  readonly keepAlive: boolean;
  readonly clock: Clock;
  readonly onPacket: (packet: Uint8Array, from: NodeAddress) => void;
  /** The socket failed and is being opened again. */
  readonly onError: (error: PeerpatchError) => void;
  /** Opens the system's socket. Default: `node:dgram`. */
  readonly bind?: BindSocket;
}

export type BindSocket = (options: UdpOptions, port: number) => Promise<Socket>;

export interface UdpSocket {
  /** What it is bound to. */
  readonly address: NodeAddress;
  send(packet: Uint8Array, to: NodeAddress): void;
  close(): Promise<void>;
}

/** @throws PeerpatchError DHT_BIND_FAILED */
export async function openUdp(options: UdpOptions): Promise<UdpSocket> {
  const { family, host, clock, bind = bindSocket } = options;
  const closing = new AbortController();
  let socket: Socket | undefined = await bind(options, options.port);
  const port = socket.address().port;
  let unsent = 0;

  const watch = (watched: Socket): void => {
    watched.on('message', (packet, remote) => {
      const ip = parseIp(remote.address);
      if (ip !== undefined) options.onPacket(packet, addressOf(ip, remote.port));
    });
    watched.once('error', (cause) => {
      if (socket !== watched) return;
      socket = undefined;
      watched.on('error', () => undefined); // it is given up already
      watched.close();
      options.onError(
        new PeerpatchError('DHT_BIND_FAILED', `the UDP socket on port ${port} failed and is reopened`, { cause }),
      );
      reopening = reopen();
    });
  };
  const reopen = async (): Promise<void> => {
    for (let waitMs = SECOND_MS; !closing.signal.aborted; waitMs = Math.min(waitMs * 2, MINUTE_MS)) {
      try {
        await clock.sleep(waitMs, closing.signal);
        const opened = await bind(options, port);
        if (isAborted(closing.signal)) {
          opened.close();
          return;
        }
        socket = opened;
        watch(opened);
        return;
      } catch (error) {
        if (isAborted(closing.signal)) return;
        if (!(error instanceof PeerpatchError)) throw error;
        options.onError(error);
      }
    }
  };
  let reopening: Promise<void> = Promise.resolve();
  watch(socket);

  return {
    address: { family, host, port },
    send: (packet, to) => {
      if (socket === undefined || unsent >= MAX_UNSENT_PACKETS) return;
      unsent++;
      socket.send(packet, to.port, to.host, () => {
        unsent--; // a failed send is a lost packet: the query's time limit tells
      });
    },
    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort();
      await reopening;
      const open = socket;
      socket = undefined;
      if (open !== undefined) await new Promise<void>((resolve) => open.close(resolve));
    },
  };
}

export const bindSocket: BindSocket = ({ family, host, keepAlive }, port) => {
  return new Promise((resolve, reject) => {
    const socket = createSocket({
      type: family === 'ipv4' ? 'udp4' : 'udp6',
      ipv6Only: family === 'ipv6',
      // Addresses are IPs already: without this each packet takes a turn through the resolver.
      lookup: (name, _, done) => {
        done(null, name, family === 'ipv4' ? 4 : 6);
      },
    });
    const onError = (cause: Error): void => {
      socket.close();
      reject(
        new PeerpatchError(
          'DHT_BIND_FAILED',
          `could not open UDP port ${port} on ${host}: choose another port or address (${cause.message})`,
          { cause },
        ),
      );
    };
    socket.once('error', onError);
    socket.bind({ port, address: host }, () => {
      socket.off('error', onError);
      if (!keepAlive) socket.unref();
      resolve(socket);
    });
  });
};

/** Read through a function: the compiler does not see that an await may have changed it. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
