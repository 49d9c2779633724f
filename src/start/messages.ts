/**
 * What host and agent say to each other across the thread: plain values that survive structured cloning.
 *
 * @module
 */
import type { AgentEvent } from '../agent/events.ts';
import type { CheckResult } from '../agent/update.ts';
import type { ErrorCode } from '../core/base/errors.ts';
import type { ReleaseName } from '../core/install/release-id.ts';
import type { UpdateMode } from '../core/schedule/mode.ts';
import type { RelayChoice } from '../io/net/peer-address.ts';
import type { Heartbeat } from './heartbeat.ts';

/** What the agent needs to know to start. Options of `spawn`, checked and completed. */
export interface AgentSettings {
  /** z-base-32. */
  readonly publicKey: string;
  readonly mode: UpdateMode;
  readonly intervalMs: number;
  /** `host:port` each. */
  readonly dhtBootstrap: readonly string[];
  /** UDP port of the DHT client; 0 lets the system choose. */
  readonly dhtPort: number;
  readonly relay: RelayChoice;
  /** URLs. */
  readonly mirrors: readonly string[];
  /** Highest version to take; undefined: any. */
  readonly maxVersion: string | undefined;
  /** Versions never to take. */
  readonly skipVersions: readonly string[];
  /** Address to bind to; undefined means every interface. */
  readonly bindHost: string | undefined;
  /** The program file of this process. */
  readonly programPath: string;
  /** The stamp inside the running process's own image: what runs, whatever the file holds by now. */
  readonly runningStamp: Uint8Array | undefined;
  /** Longest trial of a staged program; undefined: it is not tried out. */
  readonly preflightMs: number | undefined;
  /** So many programs are kept to go back to. */
  readonly keepPrevious: number;
  /** Set while the running program is on probation. */
  readonly hangWatch?: HangWatchSettings | undefined;
}

export interface HangWatchSettings {
  /** The host's. */
  readonly heartbeat: Heartbeat;
  /** After so long a silence it hangs. */
  readonly hangMs: number;
  /** What is on probation. */
  readonly running: ReleaseName;
}

export type MessageToAgent =
  | { readonly type: 'check'; readonly id: number; readonly force: boolean }
  /** The process could not be replaced; ask again later. */
  | { readonly type: 'restart-failed' }
  /** Close everything. `closed[0]` becomes 1 afterwards: a process that is ending waits for it and reads no messages. */
  | { readonly type: 'stop'; readonly closed?: Int32Array };

export type MessageToHost =
  /** The program is signed and the agent runs. */
  | { readonly type: 'running'; readonly version: string }
  /** The agent will not run: the program is not one that can be updated. */
  | { readonly type: 'disabled'; readonly reason: string }
  /** The agent cannot run now; it may later. */
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly type: 'event'; readonly event: AgentEvent }
  | { readonly type: 'checked'; readonly id: number; readonly result: CheckResult }
  /** The program file is `version`: please replace the process. */
  | { readonly type: 'restart'; readonly version: string }
  /** Everything is closed; the thread ends. */
  | { readonly type: 'stopped' };
