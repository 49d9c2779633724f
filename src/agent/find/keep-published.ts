/**
 * Keeps a statement findable in the DHT, or a newer one of its name, by itself: for a node that looks for nothing else. Spec:
 * docs/spec/11-statement.md.
 *
 * @module
 */
import { STATEMENT_LOOK_INTERVAL_MS } from '../../core/base/limits.ts';
import type { SignedStatement } from '../../core/statement/statement.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht } from '../../ports/dht.ts';
import type { NodeMemory } from '../../ports/memory.ts';
import type { Random } from '../../ports/random.ts';
import { errorEvent, type EmitEvent } from '../events.ts';
import type { Library } from '../offer/library.ts';
import { poll } from '../poll.ts';
import { carryNewest } from './newest-statement.ts';
import { createStatements } from './statements.ts';

export interface KeepPublishedParts {
  readonly dht: Dht;
  readonly clock: Clock;
  readonly random: Random;
  readonly memory: NodeMemory;
  /** Hands out what is kept. */
  readonly library: Pick<Library, 'setStatement'>;
  readonly emit: EmitEvent;
  readonly signal: AbortSignal;
}

/** Resolves when the signal aborts. Rejects with bugs only. */
export async function keepPublished(statement: SignedStatement, parts: KeepPublishedParts): Promise<void> {
  const { clock, random, emit, signal } = parts;
  const statements = createStatements({ ...parts, owner: statement.owner, name: statement, running: statement });
  const newest = carryNewest({ ...parts, statements, name: statement, own: () => statement });
  await poll({
    intervalMs: STATEMENT_LOOK_INTERVAL_MS,
    clock,
    random,
    signal,
    turn: async () => {
      await newest.recall();
      await newest.publish();
    },
    onError: (error) => {
      emit(errorEvent('announce', error));
    },
  });
}
