/**
 * Carries on the newest statement of a name that this node knows, whether its release runs here or not: remembers it, hands it out
 * to peers, and keeps it findable in the DHT. Spec: docs/spec/11-statement.md.
 *
 * A program that was signed again is not fetched again, and one that is held back is not fetched at all: nobody else may have such
 * a statement when its owner is gone. Were it forgotten, the older one would count again. Of two statements with one number
 * neither is carried on. Decides about no release.
 *
 * @module
 */
import { encodeSignedItem } from '../../core/statement/signed-bytes.ts';
import { statementNameHash, type SignedStatement, type StatementName } from '../../core/statement/statement.ts';
import type { NodeMemory } from '../../ports/memory.ts';
import type { EmitEvent } from '../events.ts';
import type { Library } from '../offer/library.ts';
import type { Statements } from './statements.ts';

export interface NewestStatementParts {
  readonly statements: Statements;
  readonly name: StatementName;
  /** Of the program in place: it stands when nothing newer does. */
  readonly own: () => SignedStatement;
  readonly memory: Pick<NodeMemory, 'seenStatement' | 'sawStatement' | 'forgetStatement'>;
  readonly library: Pick<Library, 'setStatement'>;
  readonly emit: EmitEvent;
}

export interface NewestStatement {
  /** Of all that stand now: what was the newest a moment ago may be disputed since. */
  readonly current: SignedStatement;
  /** Takes in what this node knew when it ended: to be awaited before it counts what is newest. Once, however often it is called. */
  recall(): Promise<void>;
  /** Remembers and hands out what is the newest now. */
  settle(): Promise<void>;
  /** Puts it into the DHT where that is due, and says so. @throws PeerpatchError as `Statements.publish` */
  publish(): Promise<void>;
}

export function carryNewest({ statements, name, own, memory, library, emit }: NewestStatementParts): NewestStatement {
  const nameHash = statementNameHash(name);
  let recalling: Promise<void> | undefined;
  /** What is remembered outside the program. */
  let kept: SignedStatement | undefined;

  const settle = async (): Promise<void> => {
    const inPlace = own();
    const newest = statements.newestOf(inPlace);
    library.setStatement(statementNameHash(newest), encodeSignedItem(newest.item));
    if (kept !== undefined && statements.isDisputed(kept)) {
      await memory.forgetStatement(nameHash, kept.seq);
      kept = undefined;
    }
    // That of the program in place is in the program.
    if (newest === inPlace || newest.seq === kept?.seq) return;
    await memory.sawStatement(nameHash, newest.item);
    kept = newest;
  };
  const recall = async (): Promise<void> => {
    const item = await memory.seenStatement(nameHash);
    if (item === undefined) return;
    // Damaged, or another one than that of the program in place.
    if (!statements.recall(item)) await memory.forgetStatement(nameHash, item.seq);
    kept = statements.standing.find(({ seq }) => seq === item.seq);
    await settle();
  };
  return {
    get current() {
      return statements.newestOf(own());
    },
    recall: () => (recalling ??= recall()),
    settle,
    publish: async () => {
      const { statement, storedAt } = await statements.publish(own());
      if (storedAt > 0) emit({ type: 'published', version: statement.version, storedAt });
      await settle(); // others may have shown a newer one meanwhile
    },
  };
}
