/**
 * Where to put an item again that many nodes keep findable, none of which knows how many others do.
 *
 * a storing node                                       what we do
 * holds a higher seq, or another value under this one  leave it: it would refuse, or nobody knows what it keeps
 * holds the item, we put it there an hour ago          put it again; if eight or more hold it, with a chance of 1/2, or it is
 *                                                      no longer ours
 * holds the item otherwise                             leave it
 * lacks it although we put it there in this hour       leave it for six hours, or ten minutes while fewer than eight hold it
 * lacks it, fewer than eight hold it                   put it
 * lacks it, eight or more hold it                      put it with a chance of 1/8
 *
 * So who has put refreshes, the number of those halves each hour, and what expires is put again by a few of those who see it
 * missing: one node alone puts about thirteen times an hour, ten thousand together about a thousand times. Spec:
 * docs/spec/11-statement.md.
 *
 * @module
 */
import { MAX_UPKEEP_NODES } from '../base/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../base/units.ts';

/** What one storing node holds for the item's target. */
export interface ItemHolding {
  /** The same for one node at each look-up. */
  readonly address: string;
  /** Sequence number of what it holds; undefined when it holds nothing. */
  readonly seq: bigint | undefined;
  /** Whether what it holds is this very item. */
  readonly isSame: boolean;
}

export interface UpkeepItem {
  readonly seq: bigint;
  /** One for each of the closest nodes. */
  readonly holdings: readonly ItemHolding[];
  /** Milliseconds of a clock that never goes back. */
  readonly nowMs: number;
}

/** Holders that are enough for every reader: BEP 44 has an item stored at eight. */
const ENOUGH_HOLDERS = 8;
/** Items live for two hours. */
const REFRESH_MS: number = HOUR_MS;
/** Largest deviation from it, as a share, to either side. */
const REFRESH_JITTER = 0.25;
/** Rest for a node that did not keep what it was given, and while too few others hold it: floods make nodes forget. */
const UNWILLING_MS: number = 6 * HOUR_MS;
const FORGETFUL_MS: number = 10 * MINUTE_MS;
const KEEP_CHANCE = 1 / 2;
const REPAIR_CHANCE = 1 / 8;

/** A node we put at. */
interface Put {
  /** When it is due again. */
  readonly dueMs: number;
  /** When it was first seen without the item before that. */
  readonly missedMs: number | undefined;
}

/** Upkeep of one item by one node. */
export class ItemUpkeep {
  /** By address, the latest last. */
  readonly #put = new Map<string, Put>();
  readonly #fraction: () => number;
  #seq: bigint | undefined;

  /** @param fraction from 0 up to, not including, 1 */
  constructor(fraction: () => number) {
    this.#fraction = fraction;
  }

  /**
   * The addresses to put the item at now. They count as put at, whatever becomes of it: what the next look-up shows decides.
   */
  plan({ seq, holdings, nowMs }: UpkeepItem): readonly string[] {
    if (seq !== this.#seq) this.#put.clear();
    this.#seq = seq;
    const isEnough = holdings.filter(({ isSame }) => isSame).length >= ENOUGH_HOLDERS;
    const chosen = holdings.filter((holding) => {
      if (holding.isSame) return this.#refreshes(holding.address, isEnough, nowMs);
      if (holding.seq !== undefined && holding.seq >= seq) return false;
      return this.#repairs(holding.address, isEnough, nowMs);
    });
    for (const { address } of chosen) {
      const dueMs = nowMs + REFRESH_MS * (1 + REFRESH_JITTER * (2 * this.#fraction() - 1));
      this.#remember(address, { dueMs, missedMs: undefined });
    }
    return chosen.map(({ address }) => address);
  }

  #refreshes(address: string, isEnough: boolean, nowMs: number): boolean {
    const put = this.#put.get(address);
    if (put === undefined || nowMs < put.dueMs) return false;
    this.#put.delete(address);
    return !isEnough || this.#fraction() < KEEP_CHANCE;
  }

  #repairs(address: string, isEnough: boolean, nowMs: number): boolean {
    const put = this.#put.get(address);
    if (put !== undefined && put.missedMs === undefined && nowMs < put.dueMs) {
      this.#remember(address, { ...put, missedMs: nowMs });
      return false;
    }
    const restMs = isEnough ? UNWILLING_MS : FORGETFUL_MS;
    if (put?.missedMs !== undefined && nowMs < put.missedMs + restMs) return false;
    return !isEnough || this.#fraction() < REPAIR_CHANCE;
  }

  #remember(address: string, put: Put): void {
    this.#put.delete(address);
    this.#put.set(address, put);
    if (this.#put.size <= MAX_UPKEEP_NODES) return;
    const [oldest] = this.#put.keys();
    if (oldest !== undefined) this.#put.delete(oldest);
  }
}
