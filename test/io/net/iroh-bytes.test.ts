import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromIroh, irohEncoder } from '../../../src/io/net/iroh-bytes.ts';
import { loadIroh } from '../../../src/io/net/iroh-addon.ts';

/** An addon of the announced kind, and one of today's. */
const typed = { SecretKey: { fromBytes: () => ({}) } };
const arrays = {
  SecretKey: {
    fromBytes: (bytes: unknown) => {
      if (!Array.isArray(bytes)) throw new Error('Failed to get Array length');
      return {};
    },
  },
};

describe('bytes of the addon', () => {
  it('are arrays of numbers for an addon that refuses anything else', () => {
    expect(irohEncoder(arrays)(Uint8Array.of(1, 255))).toEqual([1, 255]);
  });

  it('stay as they are for an addon that takes them', () => {
    const bytes = Uint8Array.of(1, 255);
    expect(irohEncoder(typed)(bytes)).toBe(bytes);
  });

  it('come back the same from either kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
        for (const addon of [typed, arrays]) expect(fromIroh(irohEncoder(addon)(bytes))).toEqual(bytes);
      }),
    );
  });

  it('are understood by the installed addon', () => {
    const addon = loadIroh();
    const id = new Uint8Array(32);
    id[0] = 1; // the neutral point: a valid encoding
    expect(fromIroh(addon.EndpointId.fromBytes(irohEncoder(addon)(id)).toBytes())).toEqual(id);
  });
});
