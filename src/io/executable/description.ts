/**
 * The asset that describes an executable: which version it was built as, and the addon it carries.
 *
 * UTF-8 JSON: `{"format":1,"appVersion":"1.0.0","addon":{"name":"iroh.linux-x64-gnu.node","sha256":"<64 hex digits>"}}`;
 * `"addon":null` where it was built without the transport.
 *
 * It was put there by the build and is covered by the owner's signature; the check here tells a damaged build apart.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { formatVersion, parseVersion, type Version } from '../../core/release/version.ts';

export interface AddonDescription {
  /** File name of the addon: letters, digits, dot, dash, underscore, at most 64. */
  readonly name: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

export interface ExecutableDescription {
  readonly appVersion: Version;
  /** Undefined: built for mirrors alone. */
  readonly addon: AddonDescription | undefined;
}

export function encodeDescription({ appVersion, addon }: ExecutableDescription): Uint8Array {
  const carried = addon === undefined ? null : { name: addon.name, sha256: addon.sha256 };
  return new TextEncoder().encode(JSON.stringify({ format: 1, appVersion: formatVersion(appVersion), addon: carried }));
}

/** @throws PeerpatchError TRANSPORT_UNAVAILABLE when the asset is not one that {@link encodeDescription} writes */
export function decodeDescription(bytes: Uint8Array): ExecutableDescription {
  try {
    const { format, appVersion, addon } = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as {
      format?: unknown;
      appVersion?: unknown;
      addon?: { name?: unknown; sha256?: unknown } | null;
    };
    if (format !== 1) throw new RangeError(`format ${String(format)} is not known`);
    return { appVersion: parseVersion(String(appVersion)), addon: addon === null ? undefined : checkAddon(addon) };
  } catch (cause) {
    throw new PeerpatchError(
      'TRANSPORT_UNAVAILABLE',
      'the description inside this executable is not readable: build it again with the same version of peerpatch',
      { cause },
    );
  }
}

function checkAddon({ name, sha256 }: { name?: unknown; sha256?: unknown } = {}): AddonDescription {
  // The name becomes a part of a path.
  if (typeof name !== 'string' || !/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(name)) throw new RangeError('addon name');
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw new RangeError('addon hash');
  return { name, sha256 };
}
