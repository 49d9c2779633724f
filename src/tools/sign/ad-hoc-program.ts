/**
 * A program as it is with a new ad hoc code signature, without writing it: its page hashes are made when it is signed. Spec:
 * docs/spec/18-code-signature.md.
 *
 * @module
 */
import { basename } from 'node:path';
import { planCodeSignature, SIGNATURE_HEAD_BYTES, signatureIdentifier } from '../../core/codesign/header.ts';
import { readFormat } from '../../core/stamp/format.ts';
import type { OpenProgram } from '../../ports/program.ts';

/** What signing reads of a program. */
export type ReadableProgram = Pick<OpenProgram, 'path' | 'sizeBytes' | 'read'>;

/**
 * @param app what it calls itself. Default: the file's name
 * @returns the program itself when it is no Mach-O file
 * @throws PeerpatchError CODE_SIGNATURE_INVALID for one that cannot be signed, STAMP_MALFORMED, PROGRAM_UNREADABLE
 */
export async function withAdHocSignature(program: OpenProgram, app: string | undefined): Promise<ReadableProgram> {
  const { path, sizeBytes: fileBytes } = program;
  const head = await program.readAt(0, Math.min(SIGNATURE_HEAD_BYTES, fileBytes));
  const kind = readFormat(head);
  if ('need' in kind || kind.format?.startsWith('macho-') !== true) return program;
  const plan = planCodeSignature({ head, fileBytes, identifier: signatureIdentifier(app ?? basename(path)) });
  const filled = new Uint8Array(Math.max(plan.codeBytes - fileBytes, 0));
  return {
    path,
    sizeBytes: plan.codeBytes + plan.signature.length,
    async *read() {
      yield plan.head;
      let position = plan.head.length;
      for await (const piece of program.read(position)) {
        yield piece.subarray(0, plan.codeBytes - position);
        position += piece.length;
        if (position >= plan.codeBytes) break;
      }
      yield filled;
      yield plan.signature;
    },
  };
}
