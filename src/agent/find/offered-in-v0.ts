/**
 * Whether a program that was fetched in the v0 profile may be taken there. Spec: docs/spec/06-accept.md.
 *
 * Every program with a statement also has a region, and anyone may announce that in the v0 topic: of another app or channel, of
 * another target, expired. Only the statement tells, and only the whole file has it.
 *
 * @module
 */
import { PeerpatchError } from '../../core/base/errors.ts';
import { SECOND_MS } from '../../core/base/units.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { StampedDigest } from '../../core/stamp/measure.ts';
import { fetchedStatement } from '../release-name.ts';

/**
 * @param measured the program's bytes, which passed the gate
 * @throws PeerpatchError STATEMENT_WRONG_NAME, STATEMENT_EXPIRED
 */
export function checkOfferedInV0(owner: PublicKey, measured: StampedDigest, nowMs: number): void {
  const statement = fetchedStatement(owner, measured);
  if (statement === undefined) return;
  const { speaksV0, app, target, channel, version, expiresAt } = statement;
  if (!speaksV0) {
    throw new PeerpatchError(
      'STATEMENT_WRONG_NAME',
      `${app} ${version} (${target}, ${channel}) was announced in the v0 profile, where its owner does not offer it`,
    );
  }
  if (expiresAt !== undefined && nowMs >= expiresAt * SECOND_MS) {
    throw new PeerpatchError(
      'STATEMENT_EXPIRED',
      `${app} ${version} was announced in the v0 profile after it had expired`,
    );
  }
}
