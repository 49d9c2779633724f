/**
 * What every NodeMemory must do, run against the one in memory and the one on files.
 *
 * @module
 */
import { describe, expect, it } from 'vitest';
import { createNodeMemory } from '../../src/io/files/node-memory.ts';
import { systemRandom } from '../../src/io/system/random.ts';
import type { NodeMemory } from '../../src/ports/memory.ts';
import { FakeMemory } from '../../src/testing/fake-memory.ts';
import { OWNER } from '../support/record-samples.ts';
import { signedValue, statementOf } from '../support/signed-statements.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const A = new Uint8Array(32).fill(0xaa);
const B = new Uint8Array(32).fill(0xbb);

const folder = useTempFolder();
const adapters: readonly [name: string, open: () => NodeMemory][] = [
  ['in memory', () => new FakeMemory()],
  [
    'on files',
    () =>
      createNodeMemory({
        owner: OWNER.publicKey,
        folder: folder.path,
        random: systemRandom,
        onError: (error) => {
          throw error;
        },
      }),
  ],
];

describe.each(adapters)('a memory %s', (_, open) => {
  it('has a secret of 32 bytes that stays', async () => {
    const memory = open();
    const secret = await memory.secret();
    expect(secret).toHaveLength(32);
    expect(await memory.secret()).toEqual(secret);
  });

  it('knows nothing of a name at first', async () => {
    expect(await open().highestSeq(A)).toBe(0n);
  });

  it('keeps the highest number, whatever comes in which order', async () => {
    const memory = open();
    for (const [seq, highest] of [
      [5n, 5n],
      [4n, 5n],
      [10n, 10n],
      [9n, 10n],
      [2n ** 63n - 1n, 2n ** 63n - 1n],
    ] as const) {
      await memory.accepted(A, seq);
      expect(await memory.highestSeq(A)).toBe(highest);
    }
  });

  it('keeps names apart', async () => {
    const memory = open();
    await memory.accepted(A, 5n);
    await memory.accepted(B, 3n);
    expect([await memory.highestSeq(A), await memory.highestSeq(B)]).toEqual([5n, 3n]);
  });

  it('keeps the highest of many that come at once', async () => {
    const memory = open();
    await Promise.all(Array.from({ length: 50 }, (_each, index) => memory.accepted(A, BigInt((index * 17) % 50))));
    expect(await memory.highestSeq(A)).toBe(49n);
  });

  it.each([
    ['of a name', A],
    ['of releases without a name', undefined],
  ])('keeps the highest version %s, by its order and not by its text', async (_name, name) => {
    const memory = open();
    expect(await memory.highestVersion(name)).toBeUndefined();
    for (const [version, highest] of [
      ['1.9.0', '1.9.0'],
      ['1.10.0-rc.1', '1.10.0-rc.1'],
      ['1.2.0', '1.10.0-rc.1'],
      ['1.10.0', '1.10.0'],
      ['1.10.0-rc.2', '1.10.0'],
      ['2147483647.0.0', '2147483647.0.0'],
    ] as const) {
      await memory.acceptedVersion(name, version);
      expect(await memory.highestVersion(name)).toBe(highest);
    }
  });

  it('keeps versions of names apart, and apart from numbers', async () => {
    const memory = open();
    await memory.acceptedVersion(A, '1.1.0');
    await memory.acceptedVersion(B, '1.2.0');
    await memory.acceptedVersion(undefined, '1.3.0');
    await memory.accepted(A, 7n);
    const versions = await Promise.all([A, B, undefined].map((name) => memory.highestVersion(name)));
    expect(versions).toEqual(['1.1.0', '1.2.0', '1.3.0']);
    expect(await memory.highestSeq(A)).toBe(7n);
    expect(await memory.highestSeq(B)).toBe(0n);
  });

  it('keeps the highest of many versions that come at once', async () => {
    const memory = open();
    const versions = Array.from({ length: 50 }, (_each, index) => `1.${(index * 17) % 50}.0`);
    await Promise.all(versions.map((version) => memory.acceptedVersion(A, version)));
    expect(await memory.highestVersion(A)).toBe('1.49.0');
  });

  it('keeps the statement with the highest number of each name, whatever comes in which order, apart from what was accepted', async () => {
    const memory = open();
    expect(await memory.seenStatement(A)).toBeUndefined();
    for (const [seq, highest] of [
      [5, 5],
      [4, 5],
      [10, 10],
      [9, 10],
      [0, 10],
    ] as const) {
      await memory.sawStatement(A, statementOf(seq).item);
      expect(await memory.seenStatement(A)).toEqual(statementOf(highest).item);
    }
    await memory.sawStatement(B, statementOf(3).item);
    expect(await memory.seenStatement(A)).toEqual(statementOf(10).item);
    expect(await memory.seenStatement(B)).toEqual(statementOf(3).item);
    expect([await memory.highestSeq(A), await memory.highestVersion(A)]).toEqual([0n, undefined]);
  });

  it('keeps the shortest statement, the longest, and the one with the highest number there is', async () => {
    const memory = open();
    for (const item of [signedValue(1n, new Uint8Array(1)), signedValue(2n ** 63n - 1n, new Uint8Array(996).fill(7))]) {
      await memory.sawStatement(A, item);
      expect(await memory.seenStatement(A)).toEqual(item);
    }
  });

  it('forgets a statement by its number, and keeps a lower one after that', async () => {
    const memory = open();
    await memory.sawStatement(A, statementOf(6).item);
    await memory.forgetStatement(A, 5n);
    await memory.forgetStatement(B, 6n);
    expect(await memory.seenStatement(A)).toEqual(statementOf(6).item);
    await memory.forgetStatement(A, 6n);
    expect(await memory.seenStatement(A)).toBeUndefined();
    await memory.sawStatement(A, statementOf(5).item);
    expect(await memory.seenStatement(A)).toEqual(statementOf(5).item);
  });

  it('keeps the highest of many statements that come at once', async () => {
    const memory = open();
    const all = Array.from({ length: 30 }, (_each, index) => statementOf((index * 7) % 30).item);
    await Promise.all(all.map((item) => memory.sawStatement(A, item)));
    expect(await memory.seenStatement(A)).toEqual(statementOf(29).item);
  });
});
