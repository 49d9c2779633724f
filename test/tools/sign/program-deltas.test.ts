/**
 * What signing does with deltas; how they are made is test/tools/make-delta.test.ts's concern: here a delta is as many bytes as
 * a test wants.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { createContentMeasure } from '../../../src/core/content/measure-content.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../../src/testing/sample-program.ts';
import type { MakeDeltaOptions } from '../../../src/tools/make-delta.ts';
import type { SignProgramOptions, SignStep } from '../../../src/tools/sign/sign-options.ts';
import { signProgram, type SignedProgram } from '../../../src/tools/sign/sign-program.ts';
import { noise, same } from '../../support/content-samples.ts';
import { failure, measureFile, OWNER } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const made: MakeDeltaOptions[] = [];
let deltaBytes = (base: Uint8Array): Uint8Array => new Uint8Array(50).fill(base[100] ?? 0);

vi.mock(import('../../../src/tools/make-delta.ts'), () => ({
  makeDelta: (options) => {
    made.push(options);
    const base = readFileSync(options.basePath);
    const delta = deltaBytes(base);
    writeFileSync(options.out, delta);
    options.onProgress?.(0.5);
    options.onProgress?.(1);
    const resultSizeBytes = readFileSync(options.resultPath).length;
    return Promise.resolve({ sizeBytes: delta.length, baseSizeBytes: base.length, resultSizeBytes });
  },
}));

const NOW = 1_790_000_000;
const SIZE = 20_000;
const NEW = sampleProgram({ version: '1.3.0', sizeBytes: SIZE, seed: 3 });
const old = (version: string, seed: number) =>
  signSampleStatement(sampleProgram({ version, sizeBytes: SIZE, seed }), OWNER, { seq: BigInt(NOW - 9 + seed) });
const [FIRST, SECOND] = [old('1.1.0', 1), old('1.2.0', 2)];

function rootOf(bytes: Uint8Array): Uint8Array {
  const content = createContentMeasure('delta');
  content.update(bytes);
  return content.finish().root;
}

describe('signing with previous programs', () => {
  const folder = useTempFolder();
  beforeEach(() => {
    made.length = 0;
    deltaBytes = (base) => new Uint8Array(50).fill(base[100] ?? 0);
  });
  const put = (name: string, bytes: Uint8Array): string => {
    writeFileSync(folder.join(name), bytes, { mode: 0o755 });
    return folder.join(name);
  };
  const sign = (options: Partial<SignProgramOptions>): Promise<SignedProgram> =>
    signProgram({ program: put('app', NEW), key: OWNER, target: 'linux-x64', issuedAt: NOW, ...options });
  const both = (): string[] => [put('first', FIRST.file), put('second', SECOND.file)];

  it('makes a delta from each, lists it, and leaves it in the folder beside the program under its root', async () => {
    const previous = both();
    const { deltas, statement } = await sign({ previous });
    const bytes = [FIRST, SECOND].map(({ file }) => deltaBytes(file));
    expect(statement?.deltas).toEqual(
      [FIRST, SECOND].map(({ manifest }, index) => ({
        fromRoot: manifest.root,
        sizeBytes: 50,
        root: rootOf(bytes[index] ?? new Uint8Array()),
      })),
    );
    expect(statement?.app).toBe('sample'); // that of the first previous program
    expect(deltas.map(({ previous: path }) => path)).toEqual(previous);
    expect(readdirSync(folder.join('app.deltas')).sort()).toEqual(bytes.map((delta) => toHex(rootOf(delta))).sort());
    for (const { listed } of deltas) {
      expect(toHex(rootOf(readFileSync(listed?.path ?? '')))).toBe(toHex(listed?.delta.root ?? new Uint8Array()));
    }
    expect(folder.list()).toEqual(['app', 'app.deltas', 'first', 'second']);
  });

  it('names a delta by its chunks of 128 KiB', async () => {
    const delta = noise(300_000);
    deltaBytes = () => delta;
    const [first = ''] = both();
    const program = put('large', sampleProgram({ version: '1.3.0', sizeBytes: 600_000 }));
    const { statement } = await sign({ program, previous: [first] });
    expect(statement?.deltas.map(({ root }) => root)).toEqual([rootOf(delta)]);
    expect(same(readFileSync(folder.join('large.deltas', toHex(rootOf(delta)))), delta)).toBe(true);
  });

  it('gives the maker canonical images: both files with their stamps, the new one as it will be', async () => {
    await sign({ previous: both() });
    const { stampOffset } = measureFile(NEW);
    expect(made).toHaveLength(2);
    for (const options of made) {
      expect([options.baseStampOffset, options.resultStampOffset]).toEqual([FIRST.statement.stampOffset, stampOffset]);
      expect(options.resultPath).toContain(folder.path);
    }
  });

  it('takes a previous program that was signed without a statement: its image is known all the same', async () => {
    const unstated = signSample(sampleProgram({ version: '1.0.0', sizeBytes: SIZE, seed: 7 }), OWNER).file;
    const image = signSampleStatement(unstated, OWNER).manifest.root;
    const { statement } = await sign({ app: 'sample', previous: [put('old', unstated)] });
    expect(statement?.deltas.map(({ fromRoot }) => fromRoot)).toEqual([image]);
  });

  it('does not list a delta that is larger than the whole program on the wire, nor keep it', async () => {
    deltaBytes = () => new Uint8Array(SIZE * 2);
    const { deltas, statement } = await sign({ previous: both() });
    expect(statement?.deltas).toEqual([]);
    expect(deltas.map(({ sizeBytes, listed }) => [sizeBytes, listed])).toEqual([
      [SIZE * 2, undefined],
      [SIZE * 2, undefined],
    ]);
    expect(folder.list()).toEqual(['app', 'first', 'second']);
  });

  it('makes one delta for the same program given twice, and none from the program itself', async () => {
    const [first] = both();
    await sign({ previous: [first ?? '', put('copy', FIRST.file)] });
    expect(made).toHaveLength(1);
    const renamed = signSampleStatement(NEW, OWNER, { version: '1.2.9', seq: 5n }).file;
    const { statement } = await sign({ previous: [put('same', renamed)] });
    expect([made.length, statement?.deltas]).toEqual([1, []]);
  });

  it('tells how far each delta is', async () => {
    const told: [SignStep, number][] = [];
    await sign({ previous: both(), onProgress: (done, _total, step) => told.push([step, done]) });
    const half = SIZE / 2;
    expect(told.filter(([step]) => step === 'delta').map(([, done]) => done)).toEqual([half, SIZE, half, SIZE]);
    expect([...new Set(told.map(([step]) => step))]).toEqual(['copy', 'image', 'delta', 'sign']);
  });

  it.each([
    ['making the second one fails', (count: number) => count > 1],
    ['making the first one fails', () => true],
  ])('leaves program and folder as they were when %s', async (_what, fails) => {
    deltaBytes = (base) => {
      if (fails(made.length)) throw new PeerpatchError('CANCELLED', 'stopped');
      return base.subarray(0, 10);
    };
    await expect(sign({ previous: both() })).rejects.toEqual(failure('CANCELLED'));
    expect(readFileSync(folder.join('app')).equals(NEW)).toBe(true);
    expect(folder.list()).toEqual(['app', 'first', 'second']);
  });

  it('removes new deltas when signing stops behind them, and leaves those that were there', async () => {
    mkdirSync(folder.join('app.deltas'));
    writeFileSync(folder.join('app.deltas', 'a'.repeat(64)), 'of an earlier release');
    const stop = new AbortController();
    let deltas = 0;
    const signing = sign({
      previous: both(),
      signal: stop.signal,
      onProgress: (done, _total, step) => {
        if (step === 'delta' && done === SIZE && ++deltas === 2) stop.abort();
      },
    });
    await expect(signing).rejects.toEqual(failure('CANCELLED'));
    expect(readdirSync(folder.join('app.deltas'))).toEqual(['a'.repeat(64)]);
    expect(readFileSync(folder.join('app')).equals(NEW)).toBe(true);
    expect(made).toHaveLength(2);
  });

  it('leaves the deltas that the new statement lists beside the program, and no others', async () => {
    const put = (name: string): void => {
      mkdirSync(folder.join('app.deltas'), { recursive: true });
      writeFileSync(folder.join('app.deltas', name), 'something');
    };
    await sign({ previous: both() });
    const listed = readdirSync(folder.join('app.deltas')).sort();
    expect(listed).toHaveLength(2);
    const left = ['a'.repeat(64), `.making-${'b'.repeat(16)}`, `..making-${'b'.repeat(16)}.7-c.peerpatch`];
    for (const name of [...left, 'notes.txt', 'A'.repeat(64)]) put(name);
    const { warnings } = await sign({ previous: both() });
    expect(readdirSync(folder.join('app.deltas')).sort()).toEqual([...listed, 'notes.txt', 'A'.repeat(64)].sort());
    expect(warnings).toEqual([]);
  });

  it('leaves no folder when the new statement lists none, or there is no statement', async () => {
    for (const options of [{}, { v0Only: true }] as const) {
      await sign({ previous: both() });
      expect(folder.list()).toContain('app.deltas');
      await signProgram({
        program: folder.join('app'),
        key: OWNER,
        ...(options.v0Only ? options : { app: 'sample', target: 'linux-x64', issuedAt: NOW + 9 }),
      });
      expect(folder.list()).not.toContain('app.deltas');
    }
  });

  it('STATEMENT_MALFORMED: says that eight deltas and long URLs are too much before it makes one', async () => {
    const url = `https://example.com/${'a'.repeat(180)}`;
    const previous = Array.from({ length: 8 }, (_, index) => put(`old${index}`, old('1.0.0', index + 10).file));
    const signing = sign({ previous, mirrors: [url, `${url.slice(0, -1)}b`] });
    await expect(signing).rejects.toEqual(failure('STATEMENT_MALFORMED'));
    expect([made.length, existsSync(folder.join('app.deltas'))]).toEqual([0, false]);
  });
});
