/**
 * The iroh addon: the part of its interface we use, and how it is found and loaded.
 *
 * Spec: docs/spec/09-transfer.md. The package `@number0/iroh` itself is not required: its `main` names a missing file. Its
 * platform package, or a file that the caller extracted and checked, is loaded directly.
 *
 * @module
 */
import { createRequire } from 'node:module';
import process from 'node:process';
import { PeerpatchError } from '../../core/base/errors.ts';

/** The addon gives arrays of numbers up to version 1.1, later ones `Uint8Array`. */
export type IrohBytes = readonly number[] | Uint8Array;

export interface IrohEndpointId {
  toBytes(): IrohBytes;
}

export interface IrohEndpointAddr {
  directAddresses(): string[];
  relayUrl(): string | null;
}

export interface IrohSendStream {
  writeAll(bytes: IrohBytes): Promise<void>;
  finish(): Promise<void>;
  /** Resolves when all bytes of a finished stream are acknowledged, or when the peer has stopped it. */
  stopped(): Promise<number | null>;
}

export interface IrohRecvStream {
  /** Empty at the end of the stream. */
  read(maxBytes: number): Promise<IrohBytes>;
}

export interface IrohBiStream {
  readonly send: IrohSendStream;
  readonly recv: IrohRecvStream;
}

export interface IrohConnection {
  alpn(): IrohBytes;
  remoteId(): IrohEndpointId;
  openBi(): Promise<IrohBiStream>;
  acceptBi(): Promise<IrohBiStream>;
  closed(): Promise<string>;
  stats(): { readonly udpTxBytes: number; readonly udpRxBytes: number };
  close(code: bigint, reason: IrohBytes): void;
}

export interface IrohIncoming {
  accept(): Promise<{ connect(): Promise<IrohConnection> }>;
  refuse(): Promise<void>;
}

export interface IrohEndpoint {
  id(): IrohEndpointId;
  addr(): IrohEndpointAddr;
  boundSockets(): string[];
  setAlpns(alpns: IrohBytes[]): void;
  connect(peer: IrohEndpointAddr, alpn: IrohBytes): Promise<IrohConnection>;
  /** Null when the endpoint is closed. */
  acceptNext(): Promise<IrohIncoming | null>;
  close(): Promise<void>;
}

export interface IrohBuilder {
  secretKey(bytes: IrohBytes): void;
  relayMode(mode: object): void;
  bindAddr(address: string): void;
  bind(): Promise<IrohEndpoint>;
}

export interface IrohAddon {
  readonly Endpoint: { builder(): IrohBuilder };
  readonly EndpointId: { fromBytes(bytes: IrohBytes): IrohEndpointId };
  readonly EndpointAddr: new (id: IrohEndpointId, relayUrl: string | null, addresses: string[]) => IrohEndpointAddr;
  readonly RelayMode: { disabled(): object; customFromUrls(urls: string[]): object };
  readonly SecretKey: { fromBytes(bytes: IrohBytes): unknown };
  presetMinimal(builder: IrohBuilder): void;
  presetN0(builder: IrohBuilder): void;
}

/** Targets that have an addon; `gnu` and `musl` are the two C libraries of Linux. */
const TARGETS: ReadonlySet<string> = new Set([
  'linux-x64-gnu',
  'linux-x64-musl',
  'linux-arm64-gnu',
  'linux-arm64-musl',
  'darwin-arm64',
  'win32-x64-msvc',
  'win32-arm64-msvc',
]);
const NEEDED = ['Endpoint', 'EndpointId', 'EndpointAddr', 'RelayMode', 'SecretKey', 'presetMinimal', 'presetN0'];

/**
 * Loads the addon. Works in worker threads; loading twice gives the same one.
 *
 * @param path an addon file that was checked by the caller; default: the installed package for this platform
 * @throws PeerpatchError TRANSPORT_UNAVAILABLE
 */
export function loadIroh(path?: string): IrohAddon {
  const loaded = path === undefined ? requireAddon() : openAddon(path);
  if (!isIrohAddon(loaded)) {
    throw unavailable(`${path ?? 'the installed package'} is not the addon of a version this program can use`);
  }
  return loaded;
}

/** The part of the addon's package name that stands for a target: `linux-x64-gnu`. Undefined: there is none. */
export function irohTarget(platform: string, arch: string, usesGlibc: boolean): string | undefined {
  const suffix = { linux: usesGlibc ? '-gnu' : '-musl', win32: '-msvc' }[platform] ?? '';
  const target = `${platform}-${arch}${suffix}`;
  return TARGETS.has(target) ? target : undefined;
}

function requireAddon(): unknown {
  const target = irohTarget(process.platform, process.arch, usesGlibc());
  if (target === undefined) {
    throw unavailable(`there is no iroh for ${process.platform}-${process.arch}: updates from peers do not work here`);
  }
  const name = `@number0/iroh-${target}`;
  try {
    // From the main package's folder: strict package managers let only that one see the platform packages.
    const main = createRequire(import.meta.url).resolve('@number0/iroh/package.json');
    return createRequire(main)(name) as unknown;
  } catch (cause) {
    throw unavailable(`${name} does not load: install peerpatch with its optional dependencies on this machine`, cause);
  }
}

function openAddon(path: string): unknown {
  const opened = { exports: {} as unknown };
  try {
    process.dlopen(opened, path);
  } catch (cause) {
    throw unavailable(`the iroh addon ${path} does not load on this machine`, cause);
  }
  return opened.exports;
}

/** musl's builds of Node have no glibc version in their report. */
function usesGlibc(): boolean {
  if (process.platform !== 'linux') return false;
  const report: NodeJS.ProcessReport & { excludeNetwork?: boolean } = process.report;
  const { excludeNetwork } = report;
  // Otherwise the report asks the name server for the name of each socket's other end, one after the other, and all waits.
  report.excludeNetwork = true;
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return header?.glibcVersionRuntime !== undefined;
  } finally {
    report.excludeNetwork = excludeNetwork ?? false;
  }
}

function isIrohAddon(loaded: unknown): loaded is IrohAddon {
  return typeof loaded === 'object' && loaded !== null && NEEDED.every((name) => name in loaded);
}

function unavailable(message: string, cause?: unknown): PeerpatchError {
  return new PeerpatchError('TRANSPORT_UNAVAILABLE', message, { cause });
}
