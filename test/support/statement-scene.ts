/**
 * What looks for statements and publishes them: sources that say one thing, and a network in which nobody answers.
 *
 * @module
 */
import { expect } from 'vitest';
import { createStatements, type Statements, type StatementsOptions } from '../../src/agent/find/statements.ts';
import type { ItemName } from '../../src/core/dht/item.ts';
import { encodeSignedItem } from '../../src/core/statement/signed-bytes.ts';
import { statementNameHash, statementSalt, type SignedStatement } from '../../src/core/statement/statement.ts';
import type { Dht } from '../../src/ports/dht.ts';
import type { Source } from '../../src/ports/source.ts';
import { FakeClock } from '../../src/testing/fake-clock.ts';
import { MemoryDht } from '../../src/testing/memory-dht.ts';
import { OWNER, repeatableRandom } from './record-samples.ts';
import { NAME } from './signed-statements.ts';

/** What the statements of the sample owner and name are stored under. */
export const ITEM: ItemName = { publicKey: OWNER.publicKey, salt: statementSalt(NAME) };

export function statements(dht: Dht, options: Partial<StatementsOptions> = {}): Statements {
  return createStatements({
    dht,
    owner: OWNER.publicKey,
    name: NAME,
    clock: new FakeClock(),
    random: repeatableRandom(1),
    signal: new AbortController().signal,
    ...options,
  });
}

/** A source that is asked for its statement, and for nothing else. */
export function source(name: string, answer: (signal: AbortSignal) => Promise<Uint8Array | undefined>): Source {
  const unasked = (): never => {
    throw new Error('asked for more than a statement');
  };
  return {
    name,
    lanes: 1,
    statement: (nameHash, signal) => {
      expect(nameHash).toEqual(statementNameHash(NAME));
      return answer(signal);
    },
    stamp: unasked,
    object: unasked,
    receivedBytes: 0,
    close: () => Promise.resolve(),
  };
}

export function having(name: string, statement: SignedStatement): Source {
  return source(name, () => Promise.resolve(encodeSignedItem(statement.item)));
}

/** Nobody answers in it. */
export function deadDht(): Dht {
  const network = new MemoryDht();
  network.setOnline(false);
  return network.join();
}
