/**
 * The code signature of a program that is being signed: whether its page hashes can be made anew, and which they are. Spec:
 * docs/spec/18-code-signature.md.
 *
 * @module
 */
import { readCodeSignature } from '../../agent/code-signature.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { isRenewable } from '../../core/codesign/signature.ts';
import { renewPageHashes, type PageHashWrite, type SignatureWatch } from '../../core/codesign/watch.ts';
import type { StampedDigest } from '../../core/stamp/measure.ts';
import { REGION_BYTES } from '../../core/stamp/region.ts';
import type { OpenProgram } from '../../ports/program.ts';

/** `foreign`: of a certificate, or of a form that is not known here. */
export type CopiedSignature = 'none' | 'renewable' | 'foreign';

/** @throws PeerpatchError CODE_SIGNATURE_INVALID for a program that needs a code signature and has none */
export function readSigned(watch: SignatureWatch, measured: StampedDigest): CopiedSignature {
  try {
    const signature = watch.finish();
    if (signature === undefined) return 'none';
    return isRenewable(signature) ? 'renewable' : 'foreign';
  } catch (error) {
    if (!isPeerpatchError(error, 'CODE_SIGNATURE_INVALID')) throw error;
    if (measured.sizeBytes + REGION_BYTES < measured.fileBytes) return 'foreign';
    // Made afterwards it would add to the bytes that the owner has signed.
    const fix = 'sign it with --ad-hoc, or run "codesign --sign -" on it first';
    throw new PeerpatchError('CODE_SIGNATURE_INVALID', `${error.message}: ${fix}`, { cause: error });
  }
}

/** @throws PeerpatchError CODE_SIGNATURE_INVALID, CANCELLED, PROGRAM_UNREADABLE */
export async function renewSignature(copy: OpenProgram, signal: AbortSignal | undefined): Promise<PageHashWrite> {
  const hashes = renewPageHashes(await readCodeSignature(copy, { signal }));
  if (hashes === undefined) throw new Error(`${copy.path} has lost its code signature`);
  return hashes;
}
