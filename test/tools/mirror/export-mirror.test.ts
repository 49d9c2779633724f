import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { decodeSignedItem, statementId } from '../../../src/core/statement/signed-bytes.ts';
import { statementNameHash, verifyStatement, type SignedStatement } from '../../../src/core/statement/statement.ts';
import { sampleProgram, signSampleStatement, type SampleStatement } from '../../../src/testing/sample-program.ts';
import { createExportScene, PUBLIC_KEY, SIZE_BYTES } from '../../support/export-scene.ts';
import { noise, same } from '../../support/content-samples.ts';
import { OWNER } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();
const { delta, files, mirrorPath, program, readContent, run } = createExportScene(folder);

/** As plain bytes: a Buffer is not equal to them. */
const fileAt = (name: string): Uint8Array => new Uint8Array(readFileSync(mirrorPath(name)));
const stampName = ({ item }: SignedStatement): string => `stamp-${toHex(statementId(item))}`;
const stampOf = (file: Uint8Array, { stampOffset }: SignedStatement): Uint8Array =>
  file.slice(stampOffset, stampOffset + 1280);

describe('exportMirror', () => {
  it('writes all that a reader needs to make the program anew', async () => {
    const listed = delta('app', 300_000); // three chunks
    const app = program('app', { deltas: [listed] });
    const exported = await run([app.path]);
    const { statement } = app;
    expect(exported).toMatchObject({ folder: folder.join('out'), warnings: [], filesReused: 0, filesRepaired: 0 });
    expect(exported.programs).toEqual([
      {
        path: app.path,
        app: 'sample',
        target: 'linux-x64',
        channel: 'stable',
        version: '1.0.0',
        seq: 1n,
        root: statement.root,
        listedDeltas: 1,
        exportedDeltas: 1,
        statement: 'written',
      },
    ]);

    const signed = fileAt(`statement-${toHex(statementNameHash(statement))}`);
    expect(verifyStatement(statement.owner, statement, decodeSignedItem(signed))).toEqual(statement);
    const image = await readContent(statement.root, SIZE_BYTES);
    image.set(fileAt(stampName(statement)), statement.stampOffset);
    expect(Buffer.compare(image, app.file)).toBe(0);
    const read = await readContent(listed.root, listed.sizeBytes);
    expect(same(read, noise(listed.sizeBytes))).toBe(true);

    const names = files();
    expect(exported.filesWritten).toBe(names.length);
    expect(exported.bytesWritten).toBe(names.reduce((sum, name) => sum + statSync(mirrorPath(name)).size, 0));
    expect(
      names.filter((name) => !/^(statement|stamp)-[0-9a-f]{64}$|^objects\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(name)),
    ).toEqual([]);
    expect(folder.list()).toEqual(['app', 'app.deltas', 'out']);
  });

  it('writes nothing a second time', async () => {
    const app = program('app', { deltas: [delta('app')] });
    const first = await run([app.path]);
    const before = files().map((name) => statSync(mirrorPath(name)).ino);
    const second = await run([app.path]);
    expect(second).toMatchObject({
      filesWritten: 0,
      bytesWritten: 0,
      filesReused: first.filesWritten,
      bytesReused: first.bytesWritten,
    });
    expect(second.programs[0]?.statement).toBe('same');
    expect(files().map((name) => statSync(mirrorPath(name)).ino)).toEqual(before);
  });

  it('adds a later release, takes over its statement, and keeps what was there', async () => {
    const old = program('old');
    await run([old.path]);
    const before = files();
    const changed = sampleProgram({ version: '1.1.0', sizeBytes: SIZE_BYTES });
    changed[200_000] = (changed[200_000] ?? 0) ^ 1;
    const next = signSampleStatement(changed, OWNER, { seq: 2n });
    writeFileSync(folder.join('new'), next.file);
    const exported = await run([folder.join('new')]);
    expect(files()).toEqual(expect.arrayContaining(before));
    expect(exported.programs[0]).toMatchObject({ version: '1.1.0', statement: 'written' });
    expect(exported.filesReused).toBeGreaterThan(3);
    expect(await readContent(next.statement.root, SIZE_BYTES)).toHaveLength(SIZE_BYTES);
    expect(await readContent(old.statement.root, SIZE_BYTES)).toHaveLength(SIZE_BYTES);
  });

  it('never replaces a statement by an earlier one, alone or in one go', async () => {
    const [old, next] = [program('old', { seq: 5n }), program('new', { seq: 6n, version: '1.1.0' })];
    const name = `statement-${toHex(statementNameHash(old.statement))}`;
    const both = await run([next.path, old.path]);
    expect(both.programs.map(({ statement }) => statement)).toEqual(['written', 'kept']);
    expect(decodeSignedItem(readFileSync(mirrorPath(name))).seq).toBe(6n);
    const again = await run([old.path]);
    expect(again.programs[0]?.statement).toBe('kept');
    expect(again.warnings).toEqual([
      'a later release than 1.0.0 of sample linux-x64 stable is on the mirror: its statement stays',
    ]);
    expect(decodeSignedItem(readFileSync(mirrorPath(name))).seq).toBe(6n);
  });

  it('refuses another statement of the same sequence number', async () => {
    await run([program('one', { issuedAt: 1 }).path]);
    await expect(run([program('two', { issuedAt: 2 }).path])).rejects.toMatchObject({ code: 'STATEMENT_CONFLICT' });
  });

  it('writes a statement anew that was damaged', async () => {
    const app = program('app');
    await run([app.path]);
    const path = mirrorPath(`statement-${toHex(statementNameHash(app.statement))}`);
    for (const damaged of [new Uint8Array(), new Uint8Array(500), readFileSync(path).fill(0, 8, 20)]) {
      writeFileSync(path, damaged);
      expect((await run([app.path])).programs[0]?.statement).toBe('written');
    }
  });

  it('has every stamp of the same bytes signed again or for another channel, in whichever order', async () => {
    const signed = [
      program('beta', { channel: 'beta', seq: 4n }),
      program('stable', { seq: 5n }),
      program('again', { seq: 6n }),
    ];
    const [beta, stable, again] = signed.map(({ path }) => path) as [string, string, string];
    const checkStamps = (): void => {
      for (const { file, statement } of signed) expect(fileAt(stampName(statement))).toEqual(stampOf(file, statement));
      expect(files().filter((name) => name.startsWith('stamp-'))).toHaveLength(3);
    };
    const both = await run([again, stable]);
    expect(both.programs.map(({ statement }) => statement)).toEqual(['written', 'kept']);
    const exported = await run([beta]);
    expect(exported).toMatchObject({ filesWritten: 2, warnings: [] });
    checkStamps();
    rmSync(folder.join('out'), { recursive: true });
    for (const path of [stable, again, beta]) expect((await run([path])).warnings).toEqual([]);
    checkStamps();
  });

  it('keeps targets, channels and apps apart', async () => {
    const names: SampleStatement[] = [{}, { target: 'linux-arm64' }, { channel: 'beta' }, { app: 'other' }];
    await run(names.map((name, index) => program(`app-${index}`, name).path));
    expect(files().filter((name) => name.startsWith('statement-'))).toHaveLength(4);
  });

  it('repairs objects that are damaged, and takes those of another quality as they are', async () => {
    const app = program('app');
    const first = await run([app.path], { quality: 1 });
    const objects = files().filter((name) => name.startsWith('objects/'));
    const [empty = '', short = '', wrong = '', long = ''] = objects;
    truncateSync(mirrorPath(empty), 0);
    truncateSync(mirrorPath(short), 5);
    writeFileSync(mirrorPath(wrong), readFileSync(mirrorPath(wrong)).fill(9, 1, 3));
    writeFileSync(mirrorPath(long), new Uint8Array(1_000_000));
    const second = await run([app.path], { quality: 4 });
    expect(second).toMatchObject({ filesWritten: 4, filesReused: first.filesWritten - 4 });
    expect(await readContent(app.statement.root, SIZE_BYTES)).toHaveLength(SIZE_BYTES);
  });

  it('warns of deltas that are missing or altered, and exports the rest', async () => {
    const [missing, altered, short] = [delta('app', 50_000), delta('app', 60_000), delta('app', 70_000)];
    const listed = [missing, altered, short].map((one, index) => ({
      ...one,
      fromRoot: new Uint8Array(32).fill(index),
    }));
    const app = program('app', { deltas: listed });
    const path = ({ root }: { readonly root: Uint8Array }): string => folder.join('app.deltas', toHex(root));
    writeFileSync(path(altered), new Uint8Array(60_000));
    truncateSync(path(short), 10);
    rmSync(path(missing));
    const exported = await run([app.path]);
    expect(exported.warnings).toEqual([
      `the delta ${path(missing)} cannot be read: programs that it is for fetch chunks instead`,
      `the delta ${path(altered)} is not the one the statement lists, and was left out: sign the program again`,
      `the delta ${path(short)} is not the one the statement lists, and was left out: sign the program again`,
    ]);
    expect(exported.programs[0]).toMatchObject({ listedDeltas: 3, exportedDeltas: 0, statement: 'written' });
  });

  it('tells how far it is: never backwards, and to the end', async () => {
    const app = program('app', { deltas: [delta('app')] });
    const told: [number, number][] = [];
    await run([app.path], { onProgress: (done, total) => told.push([done, total]) });
    expect(told.length).toBeGreaterThan(3);
    expect(told.map(([done]) => done)).toEqual(told.map(([done]) => done).sort((a, b) => a - b));
    expect(told.at(-1)).toEqual([3 * SIZE_BYTES + 200_000, 3 * SIZE_BYTES + 200_000]);
  });

  it('removes what a killed export left, and nothing of one that runs', async () => {
    const app = program('app');
    for (const [name, ageMs] of [
      ['.staging-old', 3_700_000],
      ['.staging-new', 1000],
    ] as const) {
      mkdirSync(mirrorPath(name), { recursive: true });
      writeFileSync(mirrorPath(`${name}/0`), 'half');
      utimesSync(mirrorPath(name), new Date(), new Date(Date.now() - ageMs));
    }
    await run([app.path]);
    expect(readdirSync(folder.join('out', PUBLIC_KEY)).filter((name) => name.startsWith('.'))).toEqual([
      '.staging-new',
    ]);
  });
});
