import { describe, expect, it } from 'vitest';
import { createEncodedObjects } from '../../../src/agent/offer/encoded-objects.ts';
import { createLibrary } from '../../../src/agent/offer/library.ts';
import { decodeObject } from '../../../src/core/content/object.ts';
import { sha256 } from '../../../src/core/crypto/hash.ts';
import { STAMP_BYTES } from '../../../src/core/stamp/block.ts';
import { stampPlace, zeroPlaces } from '../../../src/core/codesign/image.ts';
import { brotli } from '../../../src/io/system/brotli.ts';
import type { Compression } from '../../../src/ports/compression.ts';
import { contentOf, noise, same } from '../../support/content-samples.ts';
import { openBytes } from '../../support/staging.ts';
import { failure } from '../../support/stamp-samples.ts';

const STAMP_OFFSET = 100_000;
const FILE = noise(500_000);
const CANONICAL = FILE.slice();
zeroPlaces(CANONICAL, 0, [stampPlace(STAMP_OFFSET)]);
const PROGRAM = contentOf(CANONICAL);
const { manifest: MANIFEST } = PROGRAM;
const { root: ROOT } = MANIFEST;
const STAMP_ID = noise(32, 5);

function scene(bytes = FILE) {
  const errors: unknown[] = [];
  let reads = 0;
  const opened = openBytes(bytes);
  const file: typeof opened = {
    ...opened,
    get closed() {
      return opened.closed;
    },
    read: (from) => {
      reads++;
      return opened.read(from);
    },
  };
  const library = createLibrary({ compression: brotli, onError: (error) => errors.push(error) });
  return { library, errors, file, reads: () => reads };
}

describe('a library', () => {
  it('reads a program once, when it is first asked for a part of it, also by many at once', async () => {
    const { library, file, reads } = scene();
    library.add({ root: ROOT, file, stampOffset: STAMP_OFFSET });
    expect(reads()).toBe(0);
    const pages = await Promise.all(MANIFEST.pages.map(({ hash }) => library.read('page', hash)));
    expect(pages).toEqual(MANIFEST.pages.map(({ bytes }) => bytes));
    for (let index = 0; index < MANIFEST.count; index++) {
      const hash = MANIFEST.hashAt(index);
      expect(same((await library.read('chunk', hash)) ?? FILE, PROGRAM.object('chunk', hash) ?? FILE)).toBe(true);
    }
    expect(reads()).toBe(1);
  });

  it('has a delta in chunks of 128 KiB, as its owner cut it', async () => {
    const { library, errors } = scene();
    const delta = contentOf(noise(300_000, 3), 'delta');
    library.add({ root: delta.manifest.root, file: openBytes(delta.bytes) });
    expect(await library.read('page', delta.manifest.root)).toEqual(delta.manifest.pages[0]?.bytes);
    for (const at of [0, 131_072, 262_144]) {
      const chunk = delta.bytes.subarray(at, at + 131_072);
      expect(same((await library.read('chunk', sha256(chunk))) ?? FILE, chunk)).toBe(true);
    }
    expect(errors).toEqual([]);
  });

  it('does not read a program whose manifest is known', async () => {
    const { library, file, reads } = scene();
    library.add({ root: ROOT, file, stampOffset: STAMP_OFFSET, manifest: MANIFEST });
    expect(await library.read('page', ROOT)).toEqual(MANIFEST.pages.at(-1)?.bytes);
    expect(reads()).toBe(0);
  });

  it('gives objects encoded, and compressed where that is shorter', async () => {
    const { library } = scene();
    const zeros = contentOf(new Uint8Array(50_000), 'delta');
    library.add({ root: zeros.manifest.root, file: openBytes(zeros.bytes) });
    const encoded = await library.object('chunk', zeros.manifest.hashAt(0));
    expect(encoded?.length).toBeLessThan(100);
    const decoded = await decodeObject(encoded ?? FILE, 50_000, (bytes, maxBytes) =>
      brotli.decompress(bytes, maxBytes),
    );
    expect(same(decoded, zeros.bytes.subarray(0, zeros.manifest.lengthAt(0)))).toBe(true);
  });

  it('gives the stamp as it stands in the file to who names its statement, not its root', async () => {
    const { library, file } = scene();
    library.add({ root: ROOT, file, stampOffset: STAMP_OFFSET, stampId: STAMP_ID });
    expect(await library.stamp(STAMP_ID)).toEqual(FILE.subarray(STAMP_OFFSET, STAMP_OFFSET + STAMP_BYTES));
    expect(await library.stamp(ROOT)).toBeUndefined();
  });

  it('has each stamp of a content that was signed several times, as long as its file is there', async () => {
    const { library, file } = scene();
    const again = FILE.slice().fill(9, STAMP_OFFSET, STAMP_OFFSET + STAMP_BYTES);
    const againId = noise(32, 6);
    const remove = library.add({ root: ROOT, file, stampOffset: STAMP_OFFSET, stampId: STAMP_ID });
    library.add({ root: ROOT, file: openBytes(again), stampOffset: STAMP_OFFSET, stampId: againId });
    expect(await library.stamp(againId)).toEqual(new Uint8Array(STAMP_BYTES).fill(9));
    expect(await library.stamp(STAMP_ID)).toEqual(FILE.subarray(STAMP_OFFSET, STAMP_OFFSET + STAMP_BYTES));
    await remove();
    expect(await library.stamp(STAMP_ID)).toBeUndefined();
    expect(await library.stamp(againId)).toBeDefined();
  });

  it('has no stamp of a program without a statement, nor of a file without a stamp', async () => {
    const { library, file } = scene();
    library.add({ root: ROOT, file, stampOffset: STAMP_OFFSET });
    library.add({ root: ROOT, file: openBytes(CANONICAL), stampId: STAMP_ID });
    expect(await library.stamp(STAMP_ID)).toBeUndefined();
    expect(await library.stamp(ROOT)).toBeUndefined();
  });

  it('closes a file that is taken out when nobody reads from it any more, and has it no more', async () => {
    const { library, file } = scene();
    const remove = library.add({ root: ROOT, file, stampOffset: STAMP_OFFSET });
    const reading = library.read('page', ROOT);
    const removing = remove();
    expect(file.closed).toBe(false);
    expect(await reading).toBeDefined();
    await removing;
    expect(file.closed).toBe(true);
    expect(await library.read('page', ROOT)).toBeUndefined();
    await remove();
  });

  it('PROGRAM_UNREADABLE: a file that is not its root is taken out, told once, and the others stay', async () => {
    const { library, errors, file } = scene(FILE.with(200_000, (FILE[200_000] ?? 0) ^ 1));
    const other = contentOf(noise(50_000, 5), 'delta');
    library.add({ root: ROOT, file, stampOffset: STAMP_OFFSET });
    library.add({ root: other.manifest.root, file: openBytes(other.bytes) });
    expect(await library.read('page', ROOT)).toBeUndefined();
    expect(await library.read('page', ROOT)).toBeUndefined();
    expect(errors).toEqual([failure('PROGRAM_UNREADABLE')]);
    expect(file.closed).toBe(true);
    expect(await library.read('page', other.manifest.root)).toBeDefined();
  });

  it('PROGRAM_UNREADABLE: a file that is written into while it is served gives nothing wrong', async () => {
    const bytes = FILE.slice();
    const { library, errors, file } = scene(bytes);
    library.add({ root: ROOT, file, stampOffset: STAMP_OFFSET });
    expect(await library.read('page', ROOT)).toBeDefined();
    bytes[5] = (bytes[5] ?? 0) ^ 1;
    expect(await library.object('chunk', MANIFEST.hashAt(0))).toBeUndefined();
    expect(errors).toEqual([failure('PROGRAM_UNREADABLE')]);
  });

  it('has a statement until it is taken out, and another one that was set there meanwhile', () => {
    const { library } = scene();
    const [key, first, second] = [noise(32), noise(100), noise(101)];
    const takeFirst = library.setStatement(key, first);
    const takeSecond = library.setStatement(key, second);
    takeFirst();
    expect(library.statement(key)).toEqual(second);
    takeSecond();
    expect(library.statement(key)).toBeUndefined();
  });

  it('has the statement that was set last, and nothing after close', async () => {
    const { library, file } = scene();
    const [nameHash, first, second] = [noise(32), noise(100), noise(101)];
    library.add({ root: ROOT, file });
    library.setStatement(nameHash, first);
    library.setStatement(nameHash, second);
    expect(library.statement(nameHash)).toEqual(second);
    expect(library.statement(noise(32, 9))).toBeUndefined();
    await library.close();
    expect(library.statement(nameHash)).toBeUndefined();
    expect(file.closed).toBe(true);
  });
});

describe('encoded objects', () => {
  function cache(maxBytes: number) {
    let compressed = 0;
    const compression: Compression = {
      ...brotli,
      compress: (bytes) => {
        compressed++;
        return Promise.resolve(bytes); // not shorter: kept as it is
      },
    };
    return { objects: createEncodedObjects(compression, maxBytes), compressed: () => compressed };
  }
  const load = (): Promise<Uint8Array> => Promise.resolve(new Uint8Array(99));

  it('are made once for all who ask at the same time, and for those who ask later', async () => {
    const { objects, compressed } = cache(1000);
    await Promise.all(['a', 'a', 'a'].map((name) => objects.get(name, load)));
    await objects.get('a', load);
    expect(compressed()).toBe(1);
  });

  it('are dropped when there are too many, the ones longest not asked for first', async () => {
    const { objects, compressed } = cache(250); // two of 100 bytes
    for (const name of ['a', 'b', 'a', 'c', 'a']) await objects.get(name, load);
    expect(compressed()).toBe(3);
    await objects.get('b', load);
    expect(compressed()).toBe(4);
  });

  it('do not keep what is not there, nor failures', async () => {
    const { objects } = cache(1000);
    expect(await objects.get('a', () => Promise.resolve(undefined))).toBeUndefined();
    await expect(objects.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await objects.get('a', load)).toHaveLength(100);
  });
});
