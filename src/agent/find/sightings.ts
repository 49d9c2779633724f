/**
 * What this node has seen stated under one name, by whomever: verified, compared, the newest at hand.
 *
 * Two statements under one sequence number mean that the owner's key is used by two hands, or that nodes are to be told different
 * things. Nobody can say which is right, so neither is taken; only the one that runs already stands. What was seen once stays
 * seen: a later look at fewer places can neither lower what is newest nor end a dispute. Spec: docs/spec/11-statement.md.
 *
 * @module
 */
import { equalBytes } from '../../core/base/bytes.ts';
import { PeerpatchError, type ErrorCode } from '../../core/base/errors.ts';
import { toHex } from '../../core/base/hex.ts';
import { MAX_SIGHTED_ITEMS, MAX_SIGHTED_SEQS } from '../../core/base/limits.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { SignedItem } from '../../core/stamp/block.ts';
import { encodeSignedItem, statementId } from '../../core/statement/signed-bytes.ts';
import {
  formatName,
  verifyStatement,
  type SignedStatement,
  type StatementName,
} from '../../core/statement/statement.ts';

export interface Sighting {
  /** Who showed it: for blame. */
  readonly source: string;
  /** Unverified. */
  readonly item: SignedItem;
}

/** Somebody whose statement was not believed, or who gave no answer. */
export interface RefusedStatement {
  /** `dht`, `dht 127.0.0.1:6881`, or the name of a source. */
  readonly source: string;
  readonly code: ErrorCode;
  readonly reason: string;
  /** Id of the statement in hex, where the owner signed what is not believed: then no source is to blame. */
  readonly signedId?: string;
}

export interface Sightings {
  /** Takes in what was seen at the same time. Returns those that are not believed, in the same order. */
  add(seen: readonly Sighting[]): RefusedStatement[];
  /** The highest statement that is not disputed, the running one included. */
  readonly newest: SignedStatement | undefined;
  /** All that were seen and are not disputed, the highest first; at most the last {@link MAX_SIGHTED_SEQS}. */
  readonly standing: readonly SignedStatement[];
  /** Whether more than one value was seen under this number, that of the running statement included. */
  isDisputed(seq: bigint): boolean;
}

export interface SightingsOptions {
  readonly owner: PublicKey;
  readonly name: StatementName;
  /** The statement of the program that runs: it stands whatever else is seen. */
  readonly running: SignedStatement | undefined;
}

export function createSightings({ owner, name, running }: SightingsOptions): Sightings {
  /** By the bytes of the item. A signature takes a tenth of a millisecond, and twenty nodes hold the same. */
  const judged = new Map<string, SignedStatement | PeerpatchError>();
  /** The first statement seen under a sequence number, and whether another was. */
  const bySeq = new Map<bigint, { readonly first: SignedStatement; readonly isDisputed: boolean }>();

  const judge = (item: SignedItem): SignedStatement | PeerpatchError => {
    const key = toHex(encodeSignedItem(item));
    const outcome = judged.get(key) ?? verify(owner, name, item);
    judged.set(key, outcome);
    if (judged.size > MAX_SIGHTED_ITEMS) deleteFirst(judged);
    return outcome;
  };
  const note = (statement: SignedStatement): void => {
    const known = bySeq.get(statement.seq);
    if (known === undefined) bySeq.set(statement.seq, { first: statement, isDisputed: false });
    else if (!isSame(known.first, statement)) bySeq.set(statement.seq, { ...known, isDisputed: true });
    if (bySeq.size > MAX_SIGHTED_SEQS) bySeq.delete(lowestKey(bySeq));
  };
  const stands = (statement: SignedStatement): boolean => {
    if (statement.seq === running?.seq) return isSame(statement, running);
    return bySeq.get(statement.seq)?.isDisputed !== true;
  };
  const standing = (): readonly SignedStatement[] => [...bySeq.values()].map(({ first }) => first).filter(stands);

  return {
    add: (seen) => {
      const outcomes = seen.map(({ source, item }) => ({ source, item, outcome: judge(item) }));
      // All are noted before any is judged: both sides of a dispute are named, whichever came first.
      for (const { outcome } of outcomes) if (!(outcome instanceof PeerpatchError)) note(outcome);
      return outcomes.flatMap(({ source, item, outcome }) => {
        if (!(outcome instanceof PeerpatchError)) {
          if (stands(outcome)) return [];
          const code = 'STATEMENT_CONFLICT' as const;
          return [{ source, code, reason: conflict(outcome), signedId: idOf(outcome.item) }];
        }
        const { code, message: reason } = outcome;
        return [{ source, code, reason, ...(isSignedByOwner(outcome, item) && { signedId: idOf(item) }) }];
      });
    },
    get newest() {
      return highestFirst([...standing(), ...(running === undefined ? [] : [running])])[0];
    },
    get standing() {
      return highestFirst(standing());
    },
    isDisputed: (seq) => {
      const known = bySeq.get(seq);
      if (known === undefined) return false;
      return known.isDisputed || (running?.seq === seq && !isSame(known.first, running));
    },
  };
}

function verify(owner: PublicKey, name: StatementName, item: SignedItem): SignedStatement | PeerpatchError {
  if (item.seq < 0n) {
    return new PeerpatchError('STATEMENT_MALFORMED', 'a statement has a negative sequence number');
  }
  try {
    return verifyStatement(owner, name, item);
  } catch (error) {
    if (error instanceof PeerpatchError) return error;
    throw error;
  }
}

/** The signature is the first thing that is verified: what fails behind it was signed like that. */
function isSignedByOwner({ code }: PeerpatchError, { seq }: SignedItem): boolean {
  return code !== 'STATEMENT_BAD_SIGNATURE' && seq >= 0n;
}

function idOf(item: SignedItem): string {
  return toHex(statementId(item));
}

/** The owner may sign the same words twice, with other signatures: that says nothing new. */
function isSame(a: SignedStatement, b: SignedStatement): boolean {
  return equalBytes(a.item.value, b.item.value);
}

function conflict(statement: SignedStatement): string {
  return `the owner's key signed two different statements for ${formatName(statement)} under ${statement.seq.toString()}: neither is taken, the owner has to sign the release again`;
}

function highestFirst(statements: readonly SignedStatement[]): SignedStatement[] {
  return [...statements].sort((a, b) => (a.seq > b.seq ? -1 : 1));
}

function lowestKey(map: ReadonlyMap<bigint, unknown>): bigint {
  return [...map.keys()].reduce((lowest, key) => (key < lowest ? key : lowest));
}

function deleteFirst(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
