/**
 * Compresses the blocks of a delta, several at once, and gives them in their order.
 *
 * @module
 */
import type { PackedBlock } from '../../core/delta/format.ts';
import type { Compression } from '../../ports/compression.ts';

export interface PackBlocksOptions {
  readonly blocks: Iterable<Uint8Array>;
  readonly compression: Compression;
  /** Blocks at once: as many as the runtime has threads for it. */
  readonly concurrency: number;
}

const BEST = 11;
const FAST = 9;
/** The best quality takes a second or two for a block. Deltas with more blocks get it for the first ones alone. */
const BEST_BLOCKS = 4;
/** Of what is compressed already, the fast quality sees nothing, and the best one still finds a little. */
const HARDLY_SMALLER = 15 / 16;

export async function* packBlocks(options: PackBlocksOptions): AsyncGenerator<PackedBlock, void, undefined> {
  const { blocks, compression, concurrency } = options;
  const ahead: Promise<PackedBlock>[] = [];
  let count = 0;
  try {
    for (const block of blocks) {
      const packing = packBlock(block, count++ < BEST_BLOCKS, compression);
      packing.catch(() => undefined); // looked at in its turn
      ahead.push(packing);
      const [first] = ahead;
      if (ahead.length < concurrency || first === undefined) continue;
      yield await first;
      void ahead.shift();
    }
    for (const packing of ahead) yield await packing;
  } finally {
    await Promise.allSettled(ahead);
  }
}

async function packBlock(block: Uint8Array, isBest: boolean, compression: Compression): Promise<PackedBlock> {
  let packed = await compression.compress(block, isBest ? BEST : FAST);
  if (!isBest && packed.length > block.length * HARDLY_SMALLER) packed = await compression.compress(block, BEST);
  return { sizeBytes: block.length, packed: packed.length < block.length ? packed : block };
}
