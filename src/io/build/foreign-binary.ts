/**
 * What a Node binary for macOS is, read from its bytes: where it cannot be run, it cannot be asked.
 *
 * @module
 */
import { createReadStream } from 'node:fs';
import { readFormat } from '../../core/stamp/format.ts';

export interface ForeignBinary {
  readonly platform: 'darwin';
  /** `x64`, `arm64` */
  readonly arch: string;
  /** `26.10.0`; undefined when the binary does not tell. */
  readonly version: string | undefined;
}

/** In the address of its headers, which every Node binary carries. */
const VERSION = /node-v(\d+\.\d+\.\d+)-headers\.tar\.gz/;
const OVERLAP_BYTES = 64;

/** @returns undefined for a binary that this machine may be able to run, or of another system. @throws the system's errors */
export async function readForeignBinary(path: string, signal?: AbortSignal): Promise<ForeignBinary | undefined> {
  let arch: string | undefined;
  let tail = '';
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    const bytes = piece as Buffer;
    if (arch === undefined) {
      arch = darwinArch(bytes);
      if (arch === undefined || (process.platform === 'darwin' && process.arch === arch)) return undefined;
    }
    const text = tail + bytes.toString('latin1');
    const version = VERSION.exec(text)?.[1];
    if (version !== undefined) return { platform: 'darwin', arch, version };
    tail = text.slice(-OVERLAP_BYTES);
  }
  return arch === undefined ? undefined : { platform: 'darwin', arch, version: undefined };
}

function darwinArch(head: Uint8Array): string | undefined {
  const found = readFormat(head);
  return 'need' in found ? undefined : /^macho-(x64|arm64)$/.exec(found.format ?? '')?.[1];
}
