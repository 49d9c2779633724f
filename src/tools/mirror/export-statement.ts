/**
 * Puts the two signed parts of a release, its stamp and then its statement, into the folder of a mirror: the last files of an
 * export. Spec: docs/spec/15-mirror.md.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import {
  decodeSignedItem,
  encodeSignedItem,
  MAX_SIGNED_ITEM_BYTES,
  statementId,
} from '../../core/statement/signed-bytes.ts';
import {
  formatName,
  statementNameHash,
  verifyStatement,
  type SignedStatement,
} from '../../core/statement/statement.ts';
import { checkNotStopped, putFile, type ContentExport } from './export-content.ts';

/** `kept`: that of a later release is there. */
export type ExportedStatement = 'written' | 'same' | 'kept';

/**
 * @param stamp 1280 bytes
 * @throws PeerpatchError STATEMENT_CONFLICT, MIRROR_UNWRITABLE, CANCELLED
 */
export async function putRelease(
  context: ContentExport,
  statement: SignedStatement,
  stamp: Uint8Array,
): Promise<ExportedStatement> {
  const { folder, paths, signal } = context;
  const name = paths.statement(statementNameHash(statement));
  checkNotStopped(signal);
  await checkPresent(context, name, statement); // before anything of it is there
  await putFile(context, paths.stamp(statementId(statement.item)), stamp);
  // A statement promises that everything it names is there, after a power cut as well.
  await folder.sync();
  // Two exports at once: the later release stays, whichever of them ends last.
  const put = async (): Promise<ExportedStatement> => {
    const present = await checkPresent(context, name, statement);
    if (present !== undefined && present.seq > statement.seq) return 'kept';
    return (await putFile(context, name, encodeSignedItem(statement.item))) === 'reused' ? 'same' : 'written';
  };
  try {
    return await folder.alone(name, put, signal);
  } catch (error) {
    checkNotStopped(signal);
    throw error;
  }
}

/** The statement that is there already. @throws PeerpatchError STATEMENT_CONFLICT */
async function checkPresent(
  context: ContentExport,
  name: string,
  statement: SignedStatement,
): Promise<SignedStatement | undefined> {
  const present = await statementAt(context, name, statement);
  const isConflict =
    present?.seq === statement.seq && !equalBytes(encodeSignedItem(present.item), encodeSignedItem(statement.item));
  if (!isConflict) return present;
  throw new PeerpatchError(
    'STATEMENT_CONFLICT',
    `another statement of ${formatName(statement)} with the sequence number ${statement.seq.toString()} is on the mirror: sign the program again`,
  );
}

/** What is there under this name and is the owner's. */
async function statementAt(
  { folder }: ContentExport,
  name: string,
  wanted: SignedStatement,
): Promise<SignedStatement | undefined> {
  const bytes = await folder.read(name, MAX_SIGNED_ITEM_BYTES);
  return bytes && ignoreDamage(() => verifyStatement(wanted.owner, wanted, decodeSignedItem(bytes)));
}

/** A file that is damaged, or not the owner's, holds nobody back: it is written anew. */
function ignoreDamage<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof PeerpatchError) return undefined;
    throw error;
  }
}
