/**
 * The versions that the hostile cases run with, and how they differ where it matters to them.
 *
 * @module
 */
import type { Workspace } from './workspaces.ts';

export interface MainlineCrate {
  readonly workspace: Workspace['name'];
  readonly version: string;
  /** The only length of transaction ids it reads. */
  readonly transactionBytes: 2 | 4;
  /** Whether it outlives a put that has `k` and lacks `seq` or `sig`. */
  readonly survivesHalfPuts: boolean;
  /** Whether a client compares the key of a value with the one it asked for. */
  readonly checksKey: boolean;
}

export const MAINLINES: readonly MainlineCrate[] = [
  { workspace: 'rustpatcher-0.2.0', version: '5.4.0', transactionBytes: 2, survivesHalfPuts: false, checksKey: false },
  { workspace: 'rustpatcher-0.2.2', version: '6.2.0', transactionBytes: 4, survivesHalfPuts: false, checksKey: false },
  { workspace: 'current', version: '8.0.1', transactionBytes: 4, survivesHalfPuts: true, checksKey: true },
];

export interface TrackerCrate {
  readonly workspace: Workspace['name'];
  readonly version: string;
  /** Whether it checks lengths before it splits. */
  readonly checksLengths: boolean;
  /** Records of others in a slot from which on it does not publish. */
  readonly cap: number;
}

export const TRACKERS: readonly TrackerCrate[] = [
  { workspace: 'rustpatcher-0.2.0', version: '0.2.1', checksLengths: false, cap: 10 },
  { workspace: 'rustpatcher-0.2.2', version: '0.2.8', checksLengths: false, cap: 100 },
  { workspace: 'current', version: '0.3.5', checksLengths: true, cap: 5 },
];
