/**
 * What the readers of program formats share: where a section is, and its name. Spec: docs/spec/02-stamp.md.
 *
 * @module
 */

/** Where in the file a program's own tables say that the section of the region is. */
export interface SectionPlace {
  readonly offset: number;
  readonly sizeBytes: number;
}

/** The text of a zero-filled name field of `length` bytes. */
export function sectionName(view: DataView, offset: number, length: number): string {
  let name = '';
  for (let index = 0; index < length; index++) {
    const byte = view.getUint8(offset + index);
    if (byte === 0) break;
    name += String.fromCharCode(byte);
  }
  return name;
}
