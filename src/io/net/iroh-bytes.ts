/**
 * Bytes as the addon wants and gives them.
 *
 * Version 1.1 takes and gives arrays with one number a byte, its announced successor `Uint8Array`. The loops are written out:
 * `Array.from` and `Uint8Array.from` are five to ten times slower here, and this is where most of a transfer's time goes.
 *
 * @module
 */
import type { IrohAddon, IrohBytes } from './iroh-addon.ts';

/** Makes what the addon takes out of our bytes. */
export type ToIroh = (bytes: Uint8Array) => IrohBytes;

/** Asks the addon once which kind it takes. */
export function irohEncoder({ SecretKey }: Pick<IrohAddon, 'SecretKey'>): ToIroh {
  try {
    SecretKey.fromBytes(new Uint8Array(32));
    return (bytes) => bytes;
  } catch {
    return toNumbers; // refused: this version takes arrays
  }
}

/** Our bytes out of what the addon gives. */
export function fromIroh(bytes: IrohBytes): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes;
  const { length } = bytes;
  const result = new Uint8Array(length);
  for (let index = 0; index < length; index++) result[index] = bytes[index] as number;
  return result;
}

function toNumbers(bytes: Uint8Array): number[] {
  const { length } = bytes;
  const numbers = new Array<number>(length);
  for (let index = 0; index < length; index++) numbers[index] = bytes[index] as number;
  return numbers;
}
