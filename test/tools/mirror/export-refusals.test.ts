/**
 * What `exportMirror` refuses, and what it leaves when it cannot go on.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { toHex } from '../../../src/core/base/hex.ts';
import { encodeSignedItem } from '../../../src/core/statement/signed-bytes.ts';
import { openMirrorFolder, type MirrorFolder } from '../../../src/io/mirror/mirror-folder.ts';
import type { ContentExport } from '../../../src/tools/mirror/export-content.ts';
import { createPlaceholder } from '../../../src/core/release/placeholder.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { encodeReleaseBlock, RELEASE_BLOCK_BYTES } from '../../../src/core/stamp/block.ts';
import { signStatement, statementNameHash } from '../../../src/core/statement/statement.ts';
import { mirrorPaths } from '../../../src/io/mirror/mirror-path.ts';
import { brotli } from '../../../src/io/system/brotli.ts';
import { sampleProgram, signSample } from '../../../src/testing/sample-program.ts';
import { putRelease } from '../../../src/tools/mirror/export-statement.ts';
import { createExportScene, PUBLIC_KEY, SIZE_BYTES } from '../../support/export-scene.ts';
import { OWNER, V0 } from '../../support/stamp-samples.ts';
import { canMount, makeReadOnly, mount, unmount, useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();
const mountable = canMount();
const { files, program, run, mirrorPath } = createExportScene(folder);

/** An export of the sample owner into this folder. */
function exporting(into: MirrorFolder): ContentExport {
  return {
    folder: into,
    paths: mirrorPaths(OWNER.publicKey),
    compression: brotli,
    quality: 1,
    tally: { filesWritten: 0, bytesWritten: 0, filesRepaired: 0, filesReused: 0, bytesReused: 0 },
    seen: new Set(),
    signal: undefined,
  };
}

describe('exportMirror refuses, before it writes anything', () => {
  const refused: [name: string, make: () => Uint8Array, code: string][] = [
    [
      'a program without a statement',
      () => signSample(sampleProgram({ version: '1.0.0' }), OWNER).file,
      'RELEASE_UNSIGNED',
    ],
    ['a file that is no program', () => new Uint8Array(5000), 'STAMP_MISSING'],
    ['a changed byte', () => program('x').file.with(SIZE_BYTES - 1, 1), 'RELEASE_MISMATCH'],
    [
      'a changed statement',
      () => {
        const { file, statement } = program('x');
        return file.with(statement.stampOffset + 20, (file[statement.stampOffset + 20] ?? 0) ^ 1);
      },
      'RELEASE_MISMATCH',
    ],
  ];
  it.each(refused)('%s, also beside a good one', async (_, make, code) => {
    const good = program('good');
    writeFileSync(folder.join('bad'), make());
    await expect(run([good.path, folder.join('bad')])).rejects.toMatchObject({ code });
    expect(folder.list()).not.toContain('out');
  });

  it('a statement whose root is not that of the program, although its owner signed it', async () => {
    const { file, statement } = program('x');
    const wrong = signStatement(OWNER, { ...statement, root: new Uint8Array(32) }, 1n);
    file.set(encodeReleaseBlock(wrong.item), statement.stampOffset);
    const placeholder = createPlaceholder(parseVersion('1.0.0'));
    file.set(placeholder.subarray(-176), statement.stampOffset + RELEASE_BLOCK_BYTES);
    writeFileSync(folder.join('app'), signSample(file, OWNER).file);
    await expect(run([folder.join('app')])).rejects.toMatchObject({ code: 'RELEASE_MISMATCH' });
  });

  it('a program of another owner, a missing one, none at all, and a quality that does not exist', async () => {
    const app = program('app');
    await expect(run([app.path], { publicKey: V0.node.idText })).rejects.toMatchObject({
      code: 'RELEASE_BAD_SIGNATURE',
    });
    await expect(run([app.path], { publicKey: 'x' })).rejects.toMatchObject({ code: 'KEY_MALFORMED' });
    await expect(run([folder.join('none')])).rejects.toMatchObject({ code: 'PROGRAM_UNREADABLE' });
    await expect(run([])).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    for (const quality of [-1, 12, 1.5]) {
      await expect(run([app.path], { quality })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
    expect(folder.list()).toEqual(['app']);
  });
});

describe('exportMirror that cannot go on', () => {
  it('leaves whole files and no statement when it is stopped at any moment', async () => {
    const app = program('app');
    let calls = 0;
    await run([app.path], { outFolder: folder.join('whole'), onProgress: () => calls++ });
    expect(calls).toBeGreaterThan(5);
    for (let at = 0; at < calls; at++) {
      const stop = new AbortController();
      let seen = 0;
      let stoppedAt = 0;
      const onProgress = (doneBytes: number): void => {
        if (seen++ !== at) return;
        stoppedAt = doneBytes;
        stop.abort();
      };
      const outFolder = folder.join(`out-${at}`);
      await expect(run([app.path], { outFolder, onProgress, signal: stop.signal })).rejects.toMatchObject({
        code: 'CANCELLED',
      });
      const names = folder.list().includes(`out-${at}`)
        ? readdirSync(outFolder, { recursive: true, encoding: 'utf8' })
        : [];
      expect(names.filter((name) => /staging|statement/.test(name))).toEqual([]);
      if (stoppedAt <= 2 * SIZE_BYTES) expect(names.filter((name) => name.includes('objects'))).toEqual([]);
    }
  });

  it('notices a program that is changed while it is exported', async () => {
    const app = program('app');
    const onProgress = (doneBytes: number): void => {
      if (doneBytes === 2 * SIZE_BYTES) writeFileSync(app.path, app.file.with(5, 1), { flag: 'r+' });
    };
    await expect(run([app.path], { onProgress })).rejects.toMatchObject({
      code: 'RELEASE_MISMATCH',
      message: expect.stringContaining('was changed while it was exported') as string,
    });
    expect(files().filter((name) => name.startsWith('st'))).toEqual([]);
  });

  it('has everything on disk before the statement gets its name', async () => {
    const { statement } = program('app');
    const steps: string[] = [];
    const context = exporting({
      path: '',
      read: () => Promise.resolve(undefined),
      write: (name: string) => Promise.resolve(void steps.push(name.replace(/^.*\/(\w+)-.*$/, '$1'))),
      sync: () => Promise.resolve(void steps.push('sync')),
      alone: <T>(_name: string, work: () => Promise<T>) => work(),
      close: () => Promise.resolve(),
    });
    await putRelease(context, statement, new Uint8Array(1280));
    expect(steps).toEqual(['stamp', 'sync', 'statement']);
  });

  it('leaves the later statement on top when two exports end in the wrong order', async () => {
    const [older, newer] = [program('old', { seq: 1n }), program('new', { seq: 2n, version: '1.1.0' })];
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let reads = 0;
    const open = async (onRead: () => Promise<void>): Promise<ContentExport> => {
      const outFolder = await openMirrorFolder(folder.join('out'), PUBLIC_KEY);
      const read = async (name: string, maxBytes: number) => {
        const bytes = await outFolder.read(name, maxBytes);
        if (name.includes('statement-')) await onRead();
        return bytes;
      };
      return exporting({ ...outFolder, read });
    };
    const slow = await open(async () => {
      if (++reads === 2) await held; // it has compared, and would write next
    });
    const fast = await open(() => Promise.resolve());
    const puts = [putRelease(slow, older.statement, new Uint8Array(1280))];
    await vi.waitFor(() => {
      expect(reads).toBe(2);
    });
    puts.push(putRelease(fast, newer.statement, new Uint8Array(1280)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    letGo();
    expect(await Promise.all(puts)).toEqual(['written', 'written']);
    const name = mirrorPath(`statement-${toHex(statementNameHash(newer.statement))}`);
    expect(new Uint8Array(readFileSync(name))).toEqual(encodeSignedItem(newer.statement.item));
    await Promise.all([slow.folder.close(), fast.folder.close()]);
    expect(readdirSync(mirrorPath('')).filter((entry) => entry.startsWith('.'))).toEqual([]);
  });

  it('does not wait for an export that was killed while it compared statements', async () => {
    const { path, statement } = program('app');
    const lock = mirrorPath(`.staging-statement-${toHex(statementNameHash(statement))}`);
    mkdirSync(mirrorPath(''), { recursive: true });
    writeFileSync(lock, '');
    const old = new Date(Date.now() - 31_000);
    utimesSync(lock, old, old);
    expect((await run([path])).programs[0]?.statement).toBe('written');
    expect(existsSync(lock)).toBe(false);
  });

  it('stops waiting for another export when it is told to', async () => {
    const { path, statement } = program('app');
    mkdirSync(mirrorPath(''), { recursive: true });
    writeFileSync(mirrorPath(`.staging-statement-${toHex(statementNameHash(statement))}`), '');
    const stop = new AbortController();
    const running = run([path], { signal: stop.signal });
    setTimeout(() => {
      stop.abort();
    }, 1000);
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('says MIRROR_UNWRITABLE where a file is in the way', async () => {
    const app = program('app');
    writeFileSync(folder.join('out'), 'a file');
    await expect(run([app.path])).rejects.toMatchObject({ code: 'MIRROR_UNWRITABLE' });
    const other = folder.join('other');
    mkdirSync(folder.join('other', PUBLIC_KEY), { recursive: true });
    writeFileSync(folder.join('other', PUBLIC_KEY, 'objects'), 'a file');
    await expect(run([app.path], { outFolder: other })).rejects.toMatchObject({ code: 'MIRROR_UNWRITABLE' });
    expect(readdirSync(folder.join('other', PUBLIC_KEY))).toEqual(['objects']);
  });

  it.skipIf(!mountable)(
    'says what to do on a full disk and on one that is read-only, and can go on afterwards',
    async () => {
      const app = program('app');
      mkdirSync(folder.join('out'));
      mount(folder.join('out'), '200k');
      try {
        await expect(run([app.path])).rejects.toMatchObject({
          code: 'MIRROR_UNWRITABLE',
          message: expect.stringContaining('(ENOSPC): free some space there') as string,
        });
        expect(files().filter((name) => name.includes('staging') || name.startsWith('statement'))).toEqual([]);
        makeReadOnly(folder.join('out'));
        await expect(run([app.path])).rejects.toMatchObject({ code: 'MIRROR_UNWRITABLE' });
      } finally {
        unmount(folder.join('out'));
      }
    },
  );
});
