/**
 * Keeps a statement findable in the DHT, and says so; all by itself for a node that looks for nothing. Spec: docs/spec/11-statement.md.
 *
 * @module
 */
import { STATEMENT_LOOK_INTERVAL_MS } from '../../core/base/limits.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht } from '../../ports/dht.ts';
import type { Random } from '../../ports/random.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import { poll } from '../poll.ts';
import { createStatements, type Statements } from './statements.ts';

export interface KeepPublishedParts {
  readonly dht: Dht;
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** Resolves when the signal aborts. Rejects with bugs only. */
export async function keepPublished(statement: SignedStatement, parts: KeepPublishedParts): Promise<void> {
  const { clock, random, emit, signal } = parts;
  const statements = createStatements({ ...parts, owner: statement.owner, name: statement, running: statement });
  await poll({
    intervalMs: STATEMENT_LOOK_INTERVAL_MS,
    clock,
    random,
    signal,
    turn: () => publishWhereDue(statements, statement, emit),
    onError: (error) => {
      emit(errorEvent('announce', error));
    },
  });
}

/** Puts it where that is due. @throws PeerpatchError as `Statements.publish` */
export async function publishWhereDue(
  statements: Statements,
  statement: SignedStatement,
  emit: EmitEvent,
): Promise<void> {
  const { storedAt } = await statements.publish(statement);
  if (storedAt > 0) emit({ type: 'published', version: statement.version, storedAt });
}
