/**
 * Finds the newest statement of one name, in the DHT and at every other source, and keeps it findable in the DHT.
 *
 * Every node puts the newest statement it knows there as the owner signed it; core/dht/item-upkeep says where and how often.
 * Whether a statement may be taken is decided in core/statement/eligible. Spec: docs/spec/11-statement.md.
 *
 * @module
 */
import { orAbort } from '../../core/base/abort.ts';
import { equalBytes } from '../../core/base/bytes.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { STATEMENT_ANSWER_MS } from '../../core/base/limits.ts';
import { MINUTE_MS } from '../../core/base/units.ts';
import { ItemUpkeep, type ItemHolding } from '../../core/dht/item-upkeep.ts';
import { BUCKET_SIZE } from '../../core/dht/routing-table.ts';
import type { PublicKey } from '../../core/keys/public-key.ts';
import type { SignedItem } from '../../core/stamp/block.ts';
import { decodeSignedItem } from '../../core/statement/signed-bytes.ts';
import {
  statementNameHash,
  statementSalt,
  type SignedStatement,
  type StatementName,
} from '../../core/statement/statement.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Dht, SignedStoringNode } from '../../ports/dht.ts';
import type { Random } from '../../ports/random.ts';
import type { Source } from '../../ports/source.ts';
import { within } from '../deadline.ts';
import { createSightings, type RefusedStatement, type Sighting } from './sightings.ts';

export type { RefusedStatement } from './sightings.ts';

export interface StatementsOptions {
  readonly dht: Dht;
  readonly owner: PublicKey;
  readonly name: StatementName;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends looks and puts under way. */
  readonly signal: AbortSignal;
  /** The statement of the program that runs: it stands in every conflict. */
  readonly running?: SignedStatement;
}

export interface Look {
  /** The highest verified statement that is not disputed, the running one included, of all looks so far. */
  readonly newest: SignedStatement | undefined;
  /** DHT nodes that answered. */
  readonly nodes: number;
  /** Neither a DHT node nor a source answered: it is this machine that is cut off. Never so when only sources were asked. */
  readonly isCutOff: boolean;
  /** Places whose statement was not believed, and places that failed. */
  readonly refused: readonly RefusedStatement[];
}

export interface LookOptions {
  /** It did not answer a moment ago: asking again would only take time. */
  readonly withoutDht?: boolean;
}

export interface Published {
  /** What was put: the newest one known. */
  readonly statement: SignedStatement;
  /** DHT nodes that hold it, as far as was seen and said: some say yes and keep what they had. */
  readonly storedAt: number;
}

export interface Statements {
  /**
   * Asks the DHT and all sources at the same time. One that fails or lies hides nothing that another says. Rejects with the
   * signal's reason only: failures are among `refused`, that of the DHT as `dht`.
   */
  look(sources?: readonly Source[], options?: LookOptions): Promise<Look>;
  /**
   * Asks these sources alone. Rejects as a look does.
   *
   * @param fileHashes asks for the statements of these files, which peers announce; default the newest one of the name
   */
  ask(sources: readonly Source[], fileHashes?: readonly Uint8Array[]): Promise<Look>;
  /** Takes in what this node saw before it was started, which anybody may have changed since. Whether it is believed. */
  recall(item: SignedItem): boolean;
  /** Whether another one of the same number was seen. */
  isDisputed(statement: SignedStatement): boolean;
  /** The highest one that was seen and is not disputed, or `own` unless it is below that. */
  newestOf(own: SignedStatement): SignedStatement;
  /**
   * Puts the newest statement where upkeep is due, whether its release runs here or not: to be called after each look. Uses the
   * nodes of a look that has just ended.
   *
   * @param own of the program in place: it is put when nothing newer is known
   *
   * @throws PeerpatchError DHT_UNREACHABLE when no node answered, DHT_PUT_REFUSED when none holds it or took it; the signal's
   * reason when it aborts
   */
  publish(own: SignedStatement): Promise<Published>;
  /** All that were seen so far and are not disputed, the highest first. */
  readonly standing: readonly SignedStatement[];
}

interface Heard {
  readonly items: readonly Sighting[];
  readonly failures: readonly RefusedStatement[];
}

/** So long after a look its nodes are as good as new, and so are their tokens. */
const SAME_WALK_MS: number = MINUTE_MS;

export function createStatements(options: StatementsOptions): Statements {
  const { dht, owner, name, clock, random, signal, running } = options;
  const sightings = createSightings({ owner, name, running });
  const upkeep = new ItemUpkeep(() => random.fraction());
  const itemName = { publicKey: owner, salt: statementSalt(name) };
  const nameHash = statementNameHash(name);
  /** For one round of puts: afterwards it is not what the nodes hold. */
  let walked: { readonly nodes: readonly SignedStoringNode[]; readonly atMs: number } | undefined;

  const walk = async (): Promise<readonly SignedStoringNode[]> => {
    const nodes = await dht.getSigned(itemName, { signal });
    signal.throwIfAborted();
    walked = { nodes, atMs: clock.monotonic() };
    return nodes;
  };
  /** @throws PeerpatchError as the source does, PEER_TIMEOUT, STATEMENT_MALFORMED */
  const askOne = async (source: Source, key: Uint8Array): Promise<Sighting | undefined> => {
    const late = (): PeerpatchError =>
      new PeerpatchError('PEER_TIMEOUT', `${source.name} did not say in time which statement it has`);
    const bytes = await within({ clock, ms: STATEMENT_ANSWER_MS, signal, late }, (limited) =>
      orAbort(source.statement(key, limited), limited),
    );
    return bytes && { source: source.name, item: decodeSignedItem(bytes) };
  };

  const askAll = async (sources: readonly Source[], keys: readonly Uint8Array[] = [nameHash]): Promise<Heard> => {
    const questions = sources.flatMap((source) => keys.map((key) => ({ source, key })));
    const answers = await Promise.allSettled(questions.map(({ source, key }) => askOne(source, key)));
    signal.throwIfAborted();
    return {
      items: answers.flatMap((answer) => (answer.status === 'fulfilled' && answer.value ? [answer.value] : [])),
      failures: answers.flatMap((answer, index) =>
        answer.status === 'rejected' ? [failureOf(questions[index]?.source.name ?? '', answer.reason)] : [],
      ),
    };
  };

  const newestOf = (own: SignedStatement): SignedStatement => {
    const [highest] = sightings.standing;
    return highest !== undefined && highest.seq > own.seq ? highest : own;
  };
  /** Among these nodes, or anywhere before. */
  const newestAmong = (nodes: readonly SignedStoringNode[], own: SignedStatement): SignedStatement => {
    sightings.add(distinctItems(nodes));
    return newestOf(own);
  };

  return {
    look: async (sources = [], { withoutDht = false } = {}) => {
      signal.throwIfAborted();
      const walking = withoutDht ? Promise.resolve([]) : walk();
      const [[nodes], heard] = await Promise.all([Promise.allSettled([walking]), askAll(sources)]);
      signal.throwIfAborted();
      const found = nodes.status === 'fulfilled' ? nodes.value : [];
      const failures = nodes.status === 'rejected' ? [failureOf('dht', nodes.reason)] : [];
      const refused = sightings.add([...distinctItems(found), ...heard.items]);
      return {
        newest: sightings.newest,
        nodes: found.length,
        isCutOff: found.length === 0 && heard.failures.length === sources.length,
        refused: [...failures, ...heard.failures, ...refused],
      };
    },
    ask: async (sources, fileHashes) => {
      const { items, failures } = await askAll(sources, fileHashes);
      const refused = [...failures, ...sightings.add(items)];
      return { nodes: 0, isCutOff: false, refused, newest: sightings.newest };
    },
    recall: (item) => sightings.add([{ source: 'memory', item }]).length === 0,
    isDisputed: ({ seq }) => sightings.isDisputed(seq),
    newestOf,
    publish: async (own) => {
      signal.throwIfAborted();
      const isFresh = walked !== undefined && clock.monotonic() - walked.atMs <= SAME_WALK_MS;
      const nodes = walked !== undefined && isFresh ? walked.nodes : await walk();
      walked = undefined;
      const statement = newestAmong(nodes, own);
      try {
        return await putWhereDue({ statement, nodes: nodes.slice(0, BUCKET_SIZE), upkeep, clock, signal });
      } catch (error) {
        // A newer one may have been put there since the nodes were asked: then it is right that they refuse.
        if (!isPeerpatchError(error, 'DHT_PUT_REFUSED')) throw error;
        if (newestAmong(await walk(), own) === statement) throw error;
        return { statement, storedAt: 0 };
      }
    },
    get standing() {
      return sightings.standing;
    },
  };
}

interface PutOptions {
  readonly statement: SignedStatement;
  readonly nodes: readonly SignedStoringNode[];
  readonly upkeep: ItemUpkeep;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function putWhereDue({ statement, nodes, upkeep, clock, signal }: PutOptions): Promise<Published> {
  const { item, seq } = statement;
  const holdings = nodes.map((node): ItemHolding => ({
    address: node.address,
    seq: node.item?.seq,
    isSame: node.item?.seq === seq && equalBytes(node.item.value, item.value),
  }));
  const due = new Set(upkeep.plan({ seq, holdings, nowMs: clock.monotonic() }));
  const puts = await Promise.allSettled(
    nodes.filter(({ address }) => due.has(address)).map((node) => node.put(item, signal).then(() => node.address)),
  );
  signal.throwIfAborted();
  const stored = new Set(holdings.filter(({ isSame }) => isSame).map(({ address }) => address));
  const refusals: PeerpatchError[] = [];
  for (const put of puts) {
    if (put.status === 'fulfilled') stored.add(put.value);
    else if (isPeerpatchError(put.reason)) refusals.push(put.reason);
    else throw put.reason; // one node's refusal is no other's; anything else is a bug
  }
  // Where all hold something higher, or something else under this number, there was nothing to put.
  if (stored.size === 0 && holdings.some((holding) => holding.seq === undefined || holding.seq < seq)) {
    throw new PeerpatchError(
      'DHT_PUT_REFUSED',
      `stored the statement of version ${statement.version} at none of ${nodes.length} nodes: it is tried again later`,
      { cause: refusals[0] },
    );
  }
  return { statement, storedAt: stored.size };
}

/** Each different item once, under the first node that holds it: twenty nodes with one bad item are one complaint. */
function distinctItems(nodes: readonly SignedStoringNode[]): Sighting[] {
  const distinct: Sighting[] = [];
  for (const { address, item } of nodes) {
    if (item === undefined) continue;
    if (distinct.some((other) => other.item.seq === item.seq && equalBytes(other.item.value, item.value))) continue;
    distinct.push({ source: `dht ${address}`, item });
  }
  return distinct;
}

/** Rethrows what is not a PeerpatchError: a bug must reach the top. */
function failureOf(source: string, error: unknown): RefusedStatement {
  if (!(error instanceof PeerpatchError)) throw error;
  return { source, code: error.code, reason: error.message };
}
