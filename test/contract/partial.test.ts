/**
 * What everything does that is written in part and gone on with: partial stores and partial programs, in memory and in files.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { acceptRelease } from '../../src/core/release/accept.ts';
import { partialStore } from '../../src/io/install/partial-file.ts';
import { newProgramStore, programStore } from '../../src/io/install/program-file.ts';
import type { PartialFile } from '../../src/ports/partial.ts';
import type { PartialProgram } from '../../src/ports/program.ts';
import { MemoryPartialStore } from '../../src/testing/memory-partial.ts';
import { MemoryProgram } from '../../src/testing/memory-program.ts';
import { sampleProgram, signSample } from '../../src/testing/sample-program.ts';
import { noise, same } from '../support/content-samples.ts';
import { failure, measureFile, OWNER } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';

const OLD = signSample(sampleProgram({ version: '1.0.0', sizeBytes: 100_000 }), OWNER).file;
const { file: NEW, release } = signSample(sampleProgram({ version: '1.1.0', sizeBytes: 300_000, seed: 1 }), OWNER);
const ACCEPTED = acceptRelease(release, measureFile(NEW), { above: undefined });
const ROOT = 'ab'.repeat(32);
const BYTES = noise(200_000);

const folder = useTempFolder();
const path = (): string => folder.join('app');
type Open<T> = (name: string, sizeBytes: number) => Promise<T>;

/** A program to replace, or none yet; its content now. */
const programs: [name: string, open: () => { resume: Open<PartialProgram>; content: () => Uint8Array | undefined }][] =
  [
    [
      'program in memory',
      () => {
        const program = new MemoryProgram(OLD);
        return { resume: (...of) => program.resume(...of), content: () => program.content };
      },
    ],
    [
      'program file',
      () => {
        writeFileSync(path(), OLD, { mode: 0o755 });
        const store = programStore(path());
        return { resume: (...of) => store.resume(...of), content: () => readFileSync(path()) };
      },
    ],
    [
      'new program file',
      () => {
        const store = newProgramStore(path());
        return { resume: (...of) => store.resume(...of), content: () => readFileSync(path()) };
      },
    ],
  ];
const stores: [name: string, open: () => Open<PartialFile>][] = [
  [
    'store in memory',
    () => {
      const store = new MemoryPartialStore();
      return (...of) => store.open(...of);
    },
  ],
  [
    'store in a folder',
    () => {
      const store = partialStore(folder.join('made/when/needed'));
      return (...of) => store.open(...of);
    },
  ],
  ...programs.map(([name, open]): [string, () => Open<PartialFile>] => [name, () => open().resume]),
];

describe.each(stores)('partial content: %s', (_name, start) => {
  it('is all zeros and new at first', async () => {
    const partial = await start()(ROOT, 1000);
    expect([partial.isNew, partial.sizeBytes]).toEqual([true, 1000]);
    expect(await partial.read(0, 1000)).toEqual(new Uint8Array(1000));
    await partial.discard();
  });

  it('reads back what was written anywhere, in any order, and zeros between', async () => {
    const partial = await start()(ROOT, BYTES.length);
    await partial.write(150_000, BYTES.subarray(150_000));
    await partial.write(0, BYTES.subarray(0, 10));
    await Promise.all([20, 40, 60].map((at) => partial.write(at, BYTES.subarray(at, at + 20))));
    expect(await partial.read(150_000, 50_000)).toEqual(BYTES.subarray(150_000));
    expect(await partial.read(20, 60)).toEqual(BYTES.subarray(20, 80));
    expect(await partial.read(5, 15)).toEqual(Uint8Array.from([...BYTES.subarray(5, 10), ...new Uint8Array(10)]));
    expect(await partial.read(BYTES.length, 0)).toHaveLength(0);
    await partial.discard();
  });

  it('does not keep the buffer that was written from, nor share the one that is read', async () => {
    const partial = await start()(ROOT, 10);
    const buffer = Uint8Array.of(1, 2, 3);
    await partial.write(0, buffer);
    buffer.fill(9);
    (await partial.read(0, 3)).fill(8);
    expect(await partial.read(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    await partial.discard();
  });

  it('reads into the memory it is given, and no further', async () => {
    const partial = await start()(ROOT, 10);
    await partial.write(0, Uint8Array.of(1, 2, 3));
    const memory = new Uint8Array(5).fill(9);
    const read = await partial.read(1, 3, memory);
    expect([[...read], [...memory]]).toEqual([
      [2, 3, 0],
      [2, 3, 0, 9, 9],
    ]);
    expect(read.buffer).toBe(memory.buffer);
    await expect(partial.read(0, 6, memory)).rejects.toBeInstanceOf(RangeError);
    await partial.discard();
  });

  it('is gone on with after close, under its own name only', async () => {
    const open = start();
    const first = await open(ROOT, BYTES.length);
    await first.write(1000, BYTES.subarray(0, 1000));
    await first.close();
    await first.close();
    const again = await open(ROOT, BYTES.length);
    expect(again.isNew).toBe(false);
    expect(await again.read(1000, 1000)).toEqual(BYTES.subarray(0, 1000));
    expect(await again.read(0, 1000)).toEqual(new Uint8Array(1000));
    const other = await open('cd'.repeat(32), BYTES.length);
    expect(other.isNew).toBe(true);
    await again.discard();
    await other.discard();
  });

  it('is begun anew when its length is another one, and after discard', async () => {
    const open = start();
    const first = await open(ROOT, 100);
    await first.write(0, Uint8Array.of(1));
    await first.close();
    const longer = await open(ROOT, 101);
    expect([longer.isNew, longer.sizeBytes]).toEqual([true, 101]);
    expect(await longer.read(0, 101)).toEqual(new Uint8Array(101));
    await longer.write(0, Uint8Array.of(1));
    await longer.discard();
    await longer.discard();
    const last = await open(ROOT, 101);
    expect(last.isNew).toBe(true);
    await last.discard();
  });

  it('INSTALL_FAILED: it is open already', async () => {
    const open = start();
    const first = await open(ROOT, 100);
    await expect(open(ROOT, 100)).rejects.toEqual(failure('INSTALL_FAILED'));
    await first.discard();
  });

  it.each([
    [-1, 1],
    [0, 101],
    [100, 1],
    [0.5, 1],
    [Number.MAX_SAFE_INTEGER, 2],
  ])('RangeError: %f and %i bytes from there are not inside', async (offset, length) => {
    const partial = await start()(ROOT, 100);
    await expect(partial.read(offset, length)).rejects.toBeInstanceOf(RangeError);
    await expect(partial.write(offset, new Uint8Array(length))).rejects.toBeInstanceOf(RangeError);
    await partial.discard();
  });
});

describe.each(programs)('partial program: %s', (_name, start) => {
  it('is installed once it is whole, also when another one wrote the first half', async () => {
    const { resume, content } = start();
    const first = await resume(ROOT, NEW.length);
    await first.write(0, NEW.subarray(0, 150_000));
    await first.close();
    const second = await resume(ROOT, NEW.length);
    await second.write(150_000, NEW.subarray(150_000));
    await second.install(ACCEPTED);
    expect(same(content() ?? new Uint8Array(), NEW)).toBe(true);
    await second.discard();
    await second.close();
    expect(same(content() ?? new Uint8Array(), NEW)).toBe(true);
  });
});
