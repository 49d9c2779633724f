/**
 * Who installs at this moment, in words.
 *
 * @module
 */
import type { ProgramStatus } from '../index.ts';

export function holderText({ pid, isThisSystem }: NonNullable<ProgramStatus['installing']>): string {
  return isThisSystem ? `process ${pid}` : `process ${pid} of another container or machine`;
}
