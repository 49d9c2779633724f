/**
 * What a statement says, field by field, and which texts may stand there. Spec: docs/spec/11-statement.md.
 *
 * The bytes of it are in dictionary.ts.
 *
 * @module
 */
import { MAX_STATEMENT_URL_BYTES } from '../base/limits.ts';

/** What one owner key keeps apart: each name has statements, sequence numbers and a topic of its own. */
export interface StatementName {
  /** 1 to 64 of `A-Z a-z 0-9 @ / . _ -`. Default of the tools: the package's name. */
  readonly app: string;
  /** 1 to 32 of `a-z 0-9 -`: `linux-x64`. */
  readonly target: string;
  /** 1 to 32 of `A-Z a-z 0-9 . _ -`: `stable`. */
  readonly channel: string;
}

/** A delta from the canonical image of another release to the one of this. */
export interface StatementDelta {
  /** 32 bytes: manifest root of the canonical image it is applied to. */
  readonly fromRoot: Uint8Array;
  /** 1 to 2^32 - 1. */
  readonly sizeBytes: number;
  /** 32 bytes: manifest root of the delta's own bytes. */
  readonly root: Uint8Array;
}

/** Who may take a release when: a share of all nodes that grows with time. */
export interface Rollout {
  /** 0 to 100: the share at the end of the ramp. */
  readonly percent: number;
  /** Unix time in seconds. */
  readonly startsAt: number;
  /** From nobody to `percent` in so many seconds; 0: at once. */
  readonly rampSeconds: number;
}

/** A claim, unverified. */
export interface Statement extends StatementName {
  /** Semantic version 2.0 without build metadata, at most 64 characters. */
  readonly version: string;
  /** The whole file, and the canonical image. */
  readonly sizeBytes: number;
  /** Where in the file the release block begins. */
  readonly stampOffset: number;
  /** 32 bytes: manifest root of the canonical image. */
  readonly root: Uint8Array;
  /** Which constants the chunks were cut with. */
  readonly chunking: 1;
  /** Unix time in seconds. */
  readonly issuedAt: number;
  /** Unix time in seconds: from then on nobody takes it. */
  readonly expiresAt?: number;
  /** Programs below this version must not jump to it. */
  readonly lowestVersion?: string;
  /** Rollouts do not hold it back. */
  readonly isCritical: boolean;
  readonly rollout?: Rollout;
  /** At most 8, each from another root. */
  readonly deltas: readonly StatementDelta[];
  /** At most 4 URLs. */
  readonly mirrors: readonly string[];
  readonly notesUrl?: string;
  /** Whether it is announced in the v0 profile, too. */
  readonly speaksV0: boolean;
}

export function isApp(text: string): boolean {
  return /^[A-Za-z0-9@/._-]{1,64}$/.test(text);
}

export function isTarget(text: string): boolean {
  return /^[a-z0-9-]{1,32}$/.test(text);
}

export function isChannel(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,32}$/.test(text);
}

/**
 * An http or https URL of at most 200 bytes, without credentials, query and fragment: a path is put behind it, and it is
 * shown to people.
 */
export function isStatementUrl(text: string): boolean {
  if (text.length > MAX_STATEMENT_URL_BYTES || !/^https?:\/\/(?!\/)[\x21-\x7e]+$/.test(text)) return false;
  // Also where a part is empty: "https://@host/", "https://host/?".
  return !/[@?#\\]/.test(text) && URL.canParse(text);
}
