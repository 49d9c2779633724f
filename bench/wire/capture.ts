/**
 * What crosses the cable, frame by frame: recorded by tcpdump, told apart by the addresses.
 *
 * Format of the file: pcap 2.4, little-endian, microseconds. File header 24 bytes; for each frame u32 seconds, u32 microseconds,
 * u32 recorded bytes, u32 bytes of the frame, and the recorded bytes.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

export interface Frame {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Of the whole Ethernet frame, without its checksum. */
  readonly bytes: number;
  /** IPv4 addresses; undefined when it is something else. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}

export interface Capture {
  /** Ends it. @throws Error when tcpdump lost frames */
  end(): Promise<readonly Frame[]>;
}

const FILE_HEADER_BYTES = 24;
const FRAME_HEADER_BYTES = 16;
const MAGIC = 0xa1b2c3d4;
const ETHERNET_BYTES = 14;
const IPV4 = 0x0800;
/** Ethernet and IPv4 headers are enough to tell frames apart. */
const RECORDED_BYTES = 64;

/** @param path of the file to record to @throws Error when there is no tcpdump */
export async function captureCable(cable: string, path: string): Promise<Capture> {
  const flags = ['-i', cable, '-w', path, '-s', String(RECORDED_BYTES), '--immediate-mode', '-U', '-Z', 'root'];
  const process = spawn('tcpdump', flags, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(process, 'exit');
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    process.once('error', () => {
      reject(new Error('tcpdump is not installed'));
    });
    process.once('exit', () => {
      reject(new Error(`tcpdump ended: ${said.join(' ')}`));
    });
    createInterface(process.stderr).on('line', (line) => {
      said.push(line);
      if (line.includes('listening on')) resolve();
    });
  });
  return {
    end: async () => {
      process.kill('SIGINT');
      await ended;
      if (!said.includes('0 packets dropped by kernel')) throw new Error(`frames are missing: ${said.join(' ')}`);
      return readFrames(await readFile(path));
    },
  };
}

function readFrames(file: Buffer): readonly Frame[] {
  if (file.readUInt32LE(0) !== MAGIC) throw new Error('tcpdump wrote another format than pcap of microseconds');
  const frames: Frame[] = [];
  for (let at = FILE_HEADER_BYTES; at < file.length;) {
    const [seconds, micros] = [file.readUInt32LE(at), file.readUInt32LE(at + 4)];
    const [recorded, bytes] = [file.readUInt32LE(at + 8), file.readUInt32LE(at + 12)];
    const frame = file.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + recorded);
    frames.push({ atMs: seconds * 1000 + micros / 1000, bytes, ...addresses(frame) });
    at += FRAME_HEADER_BYTES + recorded;
  }
  return frames;
}

function addresses(frame: Buffer): Pick<Frame, 'from' | 'to'> {
  if (frame.length < ETHERNET_BYTES + 20 || frame.readUInt16BE(12) !== IPV4) return { from: undefined, to: undefined };
  const address = (at: number): string => [...frame.subarray(at, at + 4)].join('.');
  return { from: address(ETHERNET_BYTES + 12), to: address(ETHERNET_BYTES + 16) };
}
