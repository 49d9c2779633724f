/**
 * Which release a program file holds, by its own word: enough to compare it with journal, quarantine and kept programs. Verifies
 * nothing: that takes the owner's key.
 *
 * @module
 */
import { measureProgram } from '../../agent/read-release.ts';
import { isPeerpatchError } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { sha256 } from '../../core/crypto/hash.ts';
import { statedReleaseId, type ReleaseName } from '../../core/install/release-id.ts';
import { decodeReleaseRegion } from '../../core/release/region.ts';
import { formatVersion } from '../../core/release/version.ts';
import { decodeReleaseBlock } from '../../core/stamp/block.ts';
import { decodeStatement } from '../../core/statement/dictionary.ts';
import type { Statement } from '../../core/statement/statement.ts';
import { openProgram } from '../../io/files/open-program.ts';

export interface InstalledRelease extends ReleaseName {
  /** Undefined in programs of the v0 profile. */
  readonly statement: Statement | undefined;
}

/** @throws PeerpatchError PROGRAM_UNREADABLE, STAMP_*, VERSION_MALFORMED, RELEASE_UNSIGNED, STATEMENT_*, CANCELLED */
export async function readInstalledRelease(path: string, signal?: AbortSignal): Promise<InstalledRelease> {
  const program = await openProgram(path);
  try {
    const { block, region } = await measureProgram(program, { signal });
    const { version } = decodeReleaseRegion(region);
    const item = block && decodeReleaseBlock(block);
    if (item === undefined) {
      return { version: formatVersion(version), id: toHex(sha256(region)), statement: undefined };
    }
    const statement = decodeStatement(item.value);
    return { version: statement.version, id: statedReleaseId(statement), statement };
  } finally {
    await program.close();
  }
}

/** Undefined, and why, for a file that is there and holds no release. @throws PeerpatchError PROGRAM_UNREADABLE, CANCELLED */
export async function findInstalledRelease(
  path: string,
  signal?: AbortSignal,
): Promise<InstalledRelease | { readonly problem: string }> {
  try {
    return await readInstalledRelease(path, signal);
  } catch (error) {
    if (!isPeerpatchError(error) || ['PROGRAM_UNREADABLE', 'CANCELLED'].includes(error.code)) throw error;
    return { problem: `${error.code}: ${error.message}` };
  }
}
