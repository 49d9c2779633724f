/**
 * What the agent tells its host: plain values, because they cross a thread.
 *
 * Failures are events, never exceptions in the host. Byte strings that name peers are hex.
 *
 * @module
 */
import { PeerpatchError, type ErrorCode } from '../core/base/errors.ts';

/** What the agent was doing when something failed. */
export type AgentActivity = 'start' | 'announce' | 'check' | 'fetch' | 'install' | 'restart' | 'serve';

export type AgentEvent =
  /** The running release was stored at `storedAt` nodes of the DHT. */
  | { readonly type: 'announced'; readonly version: string; readonly storedAt: number }
  /** The statement of the installed release is held by `storedAt` nodes of the DHT. */
  | { readonly type: 'published'; readonly version: string; readonly storedAt: number }
  /** A look at the network begins. */
  | { readonly type: 'checking' }
  /** It ended: `newest` is the newest release of the owner that was seen, the running one included. */
  | { readonly type: 'checked'; readonly newest: string; readonly peers: number }
  /** A newer release of the owner is offered by `peers` peers. */
  | { readonly type: 'found'; readonly version: string; readonly peers: number }
  /** A way to that release was chosen; another `planned` follows when it fails. `expectedBytes` will cross the wire. */
  | {
      readonly type: 'planned';
      readonly version: string;
      readonly way: 'delta' | 'chunks' | 'whole';
      readonly expectedBytes: number;
    }
  /** A release is there that this node does not take: not yet (`atMs`: Unix milliseconds, if that is known), or never. */
  | {
      readonly type: 'held-back';
      readonly version: string;
      readonly reason: string;
      readonly atMs: number | undefined;
    }
  /**
   * `receivedBytes` of `totalBytes` are here, wherever they came from: of the delta, of the program's chunks, or of the whole
   * file. `peer`: its id in hex, or the names of those that gave something so far, as in `accepted`; none at first.
   */
  | {
      readonly type: 'progress';
      readonly version: string;
      readonly peer: string;
      readonly receivedBytes: number;
      readonly totalBytes: number;
    }
  /** All bytes are here and are what the owner signed. `totalBytes` crossed the wire; `peer` names the sources. */
  | { readonly type: 'accepted'; readonly version: string; readonly totalBytes: number; readonly peer: string }
  /** The program file is the new one; the running process is still the old one. */
  | { readonly type: 'installed'; readonly version: string; readonly from: string; readonly path: string }
  /** Installed, and waiting: for `restartAt` (Unix milliseconds), or for the next start when it is undefined. */
  | { readonly type: 'waiting'; readonly version: string; readonly restartAt: number | undefined }
  /** The process is about to be replaced. */
  | { readonly type: 'restarting'; readonly version: string }
  /** What runs was just installed and has to prove itself; so many of its starts have not ended well, this one included. */
  | { readonly type: 'probation'; readonly version: string; readonly starts: number }
  /** It has: nothing brings the version before it back by itself any more. */
  | { readonly type: 'confirmed'; readonly version: string }
  /** `version` was taken back and is not installed again; `to` runs. Told once, by the program that is back. */
  | { readonly type: 'rolled-back'; readonly version: string; readonly to: string; readonly reason: string }
  /** A peer was given the whole program. */
  | { readonly type: 'served'; readonly version: string; readonly peer: string; readonly sentBytes: number }
  | {
      readonly type: 'error';
      readonly during: AgentActivity;
      readonly code: ErrorCode;
      readonly message: string;
    };

export type EmitEvent = (event: AgentEvent) => void;

/** The event for a failure. Rethrows what is not a PeerpatchError: a bug must reach the top. */
export function errorEvent(during: AgentActivity, error: unknown): AgentEvent {
  if (!(error instanceof PeerpatchError)) throw error;
  return { type: 'error', during, code: error.code, message: error.message };
}
