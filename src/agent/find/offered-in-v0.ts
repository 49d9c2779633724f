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
import type { SignedStatement } from '../../core/statement/statement.ts';

/**
 * @param statement of the fetched program; undefined where it has none that this version understands
 * @throws PeerpatchError STATEMENT_WRONG_NAME, STATEMENT_EXPIRED
 */
export function checkOfferedInV0(statement: SignedStatement | undefined, nowMs: number): void {
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
