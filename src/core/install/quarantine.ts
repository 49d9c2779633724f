/**
 * The note that a release is bad: one file, named by the release's id. Spec: docs/spec/16-journal.md.
 *
 * {"format":1,"version":"1.2.3","reason":"text","at":ms}
 *
 * @module
 */
import { isAppVersion } from '../statement/app-version.ts';
import { damaged, decodeKeptJson, encodeKeptJson, isCount, isReason, reasonText } from './kept-json.ts';

export interface QuarantineNote {
  readonly version: string;
  /** One line for people. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export function encodeQuarantine({ version, reason, at }: QuarantineNote): Uint8Array {
  return encodeKeptJson({ format: 1, version, reason: reasonText(reason), at });
}

/** @throws PeerpatchError INSTALL_STATE_DAMAGED */
export function decodeQuarantine(bytes: Uint8Array): QuarantineNote {
  const { version, reason, at } = decodeKeptJson('quarantine note', bytes, (object) => {
    const { format, version, reason, at } = object;
    if (format !== 1) throw damaged('quarantine note', 'its format is unknown');
    if (typeof version !== 'string' || !isAppVersion(version) || !isReason(reason) || !isCount(at)) return undefined;
    return { format, version, reason, at };
  });
  return { version, reason, at };
}
