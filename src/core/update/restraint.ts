/**
 * Whether something on this machine rules a release out, whatever its owner says: quarantine, people's choices, the host's options.
 *
 * Decided before a byte of it is fetched. No force overrides it. Spec: docs/spec/06-accept.md.
 *
 * @module
 */
import type { Choices } from '../install/choices.ts';
import type { ReleaseName } from '../install/release-id.ts';
import { compareAppVersions } from '../statement/app-version.ts';

/** A release that failed here. */
export interface Quarantined {
  readonly version: string;
  readonly reason: string;
  /** Whether this very program noted it, not another copy or another program of the same user. */
  readonly isOwn: boolean;
}

/** All that rules releases out here. */
export interface Restraints extends Choices {
  /** By release id. */
  readonly quarantined: ReadonlyMap<string, Quarantined>;
  /** The highest version the host takes; undefined: any. */
  readonly maxVersion: string | undefined;
  /** Versions the host never takes. */
  readonly skipVersions: readonly string[];
}

export const NO_RESTRAINTS: Restraints = {
  quarantined: new Map(),
  pin: undefined,
  skip: [],
  maxVersion: undefined,
  skipVersions: [],
};

export interface JudgedRelease extends ReleaseName {
  /**
   * Whether all that is known of it is a record of the v0 profile. Its program may carry a statement and go by the id of that:
   * then its version tells that it failed here.
   */
  readonly isFromRecord: boolean;
}

/** One line for people: what rules it out, and how to end that. */
export interface RuledOut {
  readonly reason: string;
}

/** Undefined when nothing here stands in its way. */
export function ruledOut(release: JudgedRelease, restraints: Restraints): RuledOut | undefined {
  const { version } = release;
  const { pin, skip, maxVersion, skipVersions } = restraints;
  const failed = quarantineOf(release, restraints);
  if (failed !== undefined) {
    const undo = `"peerpatch skip <program> ${version} --undo" lifts it`;
    return because(`${version} is in quarantine here (${failed.reason}): ${undo}`);
  }
  if (skip.includes(version)) {
    return because(`${version} is skipped here: "peerpatch skip <program> ${version} --undo" ends that`);
  }
  if (skipVersions.includes(version)) return because(`${version} is among the skipVersions of the program's options`);
  if (pin !== undefined && version !== pin) {
    return because(
      `the program is pinned to ${pin} here, this is ${version}: "peerpatch pin <program> --off" ends that`,
    );
  }
  if (maxVersion !== undefined && compareAppVersions(version, maxVersion) > 0) {
    return because(`${version} is above ${maxVersion}, the maxVersion of the program's options`);
  }
  return undefined;
}

function quarantineOf(
  { version, id, isFromRecord }: JudgedRelease,
  { quarantined }: Restraints,
): Quarantined | undefined {
  const same = quarantined.get(id);
  if (same !== undefined || !isFromRecord) return same;
  // The user's other programs have versions of their own.
  return [...quarantined.values()].find((each) => each.isOwn && each.version === version);
}

function because(reason: string): RuledOut {
  return { reason };
}
