/**
 * Every UDP packet that this process sends or gets, below everything of ours: at the system's socket.
 *
 * @module
 */
import { Socket, type RemoteInfo } from 'node:dgram';

export interface Packet {
  readonly bytes: Uint8Array;
  /** The port of the socket in this process. */
  readonly port: number;
  /** `host:port` of the other side. */
  readonly other: string;
  readonly direction: 'sent' | 'received';
}

export interface Recording {
  /** In the order they passed; it grows until `stop`. */
  readonly packets: readonly Packet[];
  stop(): void;
}

type Send = (this: Socket, bytes: Uint8Array, port: number, host: string, ...rest: unknown[]) => void;
type Emit = (this: Socket, event: string, ...args: unknown[]) => boolean;

/** Sockets opened before or after, all of them. One recording at a time. */
export function recordPackets(): Recording {
  const packets: Packet[] = [];
  const prototype = Socket.prototype as unknown as { send: Send; emit: Emit };
  const { send, emit } = prototype;
  const keep = (socket: Socket, bytes: Uint8Array, other: string, direction: Packet['direction']): void => {
    packets.push({ bytes: Uint8Array.from(bytes), port: socket.address().port, other, direction });
  };
  const hasOwnEmit = Object.hasOwn(prototype, 'emit');
  prototype.send = function (bytes, port, host, ...rest) {
    keep(this, bytes, `${host}:${port}`, 'sent');
    send.call(this, bytes, port, host, ...rest);
  };
  prototype.emit = function (event, ...args) {
    if (event === 'message') {
      const [bytes, { address, port }] = args as [Uint8Array, RemoteInfo];
      keep(this, bytes, `${address}:${port}`, 'received');
    }
    return emit.call(this, event, ...args);
  };
  return {
    packets,
    stop: () => {
      prototype.send = send;
      if (hasOwnEmit) prototype.emit = emit;
      else delete (prototype as Partial<typeof prototype>).emit;
    },
  };
}
