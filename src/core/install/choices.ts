/**
 * What people decided about a program on this machine: the version it stays on, and versions it never takes. Spec:
 * docs/spec/16-journal.md.
 *
 * {"format":1,"pin":version or null,"skip":[versions, ascending, each once, at most 50]}
 *
 * @module
 */
import { MAX_SKIPPED_VERSIONS } from '../base/limits.ts';
import { compareAppVersions, isAppVersion } from '../statement/app-version.ts';
import { damaged, decodeKeptJson, encodeKeptJson } from './kept-json.ts';

export interface Choices {
  /** The only version that is taken; undefined: every one. */
  readonly pin: string | undefined;
  /** Versions that are never taken. */
  readonly skip: readonly string[];
}

export const NO_CHOICES: Choices = { pin: undefined, skip: [] };

/** @param choices of valid versions, at most 50 of them skipped; their order does not matter */
export function encodeChoices({ pin, skip }: Choices): Uint8Array {
  return encodeKeptJson(shape(pin, [...new Set(skip)].sort(compareAppVersions)));
}

/** @throws PeerpatchError INSTALL_STATE_DAMAGED */
export function decodeChoices(bytes: Uint8Array): Choices {
  const { pin, skip } = decodeKeptJson('file of choices', bytes, (object) => {
    if (object['format'] !== 1) throw damaged('file of choices', 'its format is unknown');
    return isPin(object['pin']) && isSkip(object['skip'])
      ? shape(object['pin'] ?? undefined, object['skip'])
      : undefined;
  });
  return { pin: pin ?? undefined, skip };
}

interface ChoicesShape {
  readonly format: 1;
  readonly pin: string | null;
  readonly skip: readonly string[];
}

function shape(pin: string | undefined, skip: readonly string[]): ChoicesShape {
  return { format: 1, pin: pin ?? null, skip };
}

function isPin(value: unknown): value is string | null {
  return value === null || isVersion(value);
}

function isSkip(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > MAX_SKIPPED_VERSIONS || !value.every(isVersion)) return false;
  return value.every((version, at) => at === 0 || compareAppVersions(value[at - 1] ?? '', version) < 0);
}

function isVersion(value: unknown): value is string {
  return typeof value === 'string' && isAppVersion(value);
}
