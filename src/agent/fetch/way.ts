/**
 * What a way to a stated release is gone with, and what it comes to. Spec: docs/spec/14-exchange.md.
 *
 * @module
 */
import type { Manifest } from '../../core/content/manifest.ts';
import type { Announcement } from '../../core/record/open.ts';
import type { ProgramFormat } from '../../core/stamp/format.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Compression } from '../../ports/compression.ts';
import type { DeltaStore } from '../../ports/deltas.ts';
import type { Network } from '../../ports/network.ts';
import type { ProgramStore } from '../../ports/program.ts';
import type { FetchedProgram, OnFetched } from '../candidate.ts';
import type { ReadLocal } from '../collect/collect.ts';
import type { ForeignFiles } from './foreign-files.ts';
import type { FetchedStamp } from './fetch-stamp.ts';
import type { StatedSources } from './stated-sources.ts';

export interface WayOptions {
  readonly statement: SignedStatement;
  /** Undefined where nobody has it: then only the whole file is left. */
  readonly stamp: FetchedStamp | undefined;
  /** The statement of the program in place; undefined for a first install. */
  readonly base: SignedStatement | undefined;
  readonly above: string | undefined;
  readonly format: ProgramFormat;
  readonly sources: StatedSources;
  /** For the whole file. */
  readonly peers: readonly Announcement[];
  /** Whole files that are not fetched. Written to. */
  readonly foreignFiles: ForeignFiles;
  /** Pages and chunks of this node's own content. */
  readonly local: ReadLocal;
  /** Of the release, when it was read for the plan. */
  readonly manifest: Manifest | undefined;
  readonly network: Pick<Network, 'connect'>;
  readonly store: ProgramStore;
  readonly deltas: DeltaStore;
  readonly compression: Compression;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onProgress: OnFetched;
}

export interface WayResult extends Pick<FetchedProgram, 'staged' | 'release'> {
  /** Of the whole file: bytes on the wire, and the peer's name. No source counts them. */
  readonly whole?: { readonly receivedBytes: number; readonly from: string };
}
