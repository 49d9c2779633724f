/**
 * Binds the region to its place. Spec: docs/spec/02-stamp.md.
 *
 * Neither hash nor signature of the v0 profile cover where the region stands: without more, a stranger could cut it out, put it
 * in elsewhere, and so shift every byte between the two places in a program that still verifies. What does not change when
 * the region moves is the program *without* it, so that is where this looks for the one right place:
 *
 * 1. our own builds carry an anchor (marker.ts): release block and region stand directly behind it, in this order;
 * 2. Rust programs carry the region in a section of its own, and their section table says where that is.
 *
 * Programs with neither are not bound: v0 has nothing that would.
 *
 * @module
 */
import { PeerpatchError } from '../base/errors.ts';
import { createElfWatch, readElfHead, type ElfHead, type ElfWatch } from './elf.ts';
import { RELEASE_BLOCK_BYTES } from './block.ts';
import { createFinder } from './finder.ts';
import { createHead, type Head, type NeedBytes } from './head.ts';
import { readMachO } from './macho.ts';
import { ANCHOR_BYTES, anchorBytes } from './marker.ts';
import { readPeSection } from './pe.ts';
import { REGION_BYTES } from './region.ts';
import type { SectionPlace } from './section.ts';

/** What holds the region in its place. */
export type Binding = 'anchor' | 'section' | 'none';

/** Watches the bytes of a program without its region, from the first on. */
export interface PositionWatch {
  /** @throws PeerpatchError STAMP_MALFORMED for a second anchor */
  update(bytes: Uint8Array): void;
  /** @throws PeerpatchError STAMP_MALFORMED when the region is not where the program says */
  finish(regionOffset: number): Bound;
}

export interface Bound {
  readonly binding: Binding;
  /** The 1104 bytes behind the anchor; undefined without one. */
  readonly block: Uint8Array | undefined;
}

export function createPositionWatch(): PositionWatch {
  const finder = createFinder(anchorBytes());
  let anchorAt: number | undefined;
  const block = new Uint8Array(RELEASE_BLOCK_BYTES);
  let position = 0;
  let elf: ElfWatch | undefined;
  let section: SectionPlace | undefined;
  let head: Head | undefined = createHead(readPlace, (place) => {
    if (place !== undefined && 'headersAt' in place) elf = createElfWatch(place);
    else section = place;
  });

  /** An anchor is reported when its last byte is there: the block begins in the same piece or a later one. */
  const keepBlock = (bytes: Uint8Array, blockAt: number): void => {
    const from = Math.max(blockAt - position, 0);
    const to = Math.min(blockAt + RELEASE_BLOCK_BYTES - position, bytes.length);
    if (from < to) block.set(bytes.subarray(from, to), position + from - blockAt);
  };

  return {
    update(bytes) {
      finder.update(bytes, (offset) => {
        if (anchorAt !== undefined) throw moved('it has two anchors');
        anchorAt = offset;
      });
      if (anchorAt !== undefined) keepBlock(bytes, anchorAt + ANCHOR_BYTES);
      position += bytes.length;
      const known = head === undefined ? bytes : head.update(bytes);
      if (known === undefined) return;
      head = undefined;
      elf?.update(known);
    },
    finish(regionOffset) {
      const place = elf?.finish() ?? section;
      const boundTo = anchorAt === undefined ? undefined : anchorAt + ANCHOR_BYTES + RELEASE_BLOCK_BYTES;
      if (boundTo !== undefined && boundTo !== regionOffset) {
        throw moved(`it belongs at offset ${boundTo}, behind anchor and release block, and stands at ${regionOffset}`);
      }
      if (place !== undefined && (place.offset !== regionOffset || place.sizeBytes !== REGION_BYTES)) {
        throw moved(
          `its section has ${place.sizeBytes} bytes at offset ${place.offset}, the region ${REGION_BYTES} at ${regionOffset}`,
        );
      }
      if (boundTo !== undefined) return { binding: 'anchor', block };
      return { binding: place === undefined ? 'none' : 'section', block: undefined };
    },
  };
}

/** What the head of a program says about the place of the region: at once, or for ELF where to look for it. */
function readPlace(head: Uint8Array): SectionPlace | ElfHead | NeedBytes | undefined {
  const macho = readMachO(head);
  if (macho !== undefined) return 'need' in macho ? macho : macho.section;
  return readElfHead(head) ?? readPeSection(head);
}

function moved(reason: string): PeerpatchError {
  return new PeerpatchError(
    'STAMP_MALFORMED',
    `the program's region was moved: ${reason}; get the program from its owner`,
  );
}
