import { truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MAX_PROGRAM_BYTES } from '../../../src/core/base/limits.ts';
import { STAMP_BYTES } from '../../../src/core/stamp/block.ts';
import { readImage } from '../../../src/io/delta/shared-file.ts';
import { noise } from '../../support/delta-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();

describe('reading an image', () => {
  it('gives the whole file in memory that threads share', async () => {
    writeFileSync(folder.join('a'), noise(5000));
    const image = await readImage({ path: folder.join('a'), stampOffset: undefined });
    expect(image.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(image).toEqual(noise(5000));
  });

  it('has zeros in the place of the stamp', async () => {
    writeFileSync(folder.join('a'), noise(5000));
    const image = await readImage({ path: folder.join('a'), stampOffset: 1000 });
    expect(image).toEqual(noise(5000).fill(0, 1000, 1000 + STAMP_BYTES));
  });

  it('reads an empty file', async () => {
    writeFileSync(folder.join('a'), '');
    expect(await readImage({ path: folder.join('a'), stampOffset: undefined })).toHaveLength(0);
  });

  it('refuses what is not there, and what is no file', async () => {
    for (const path of [folder.join('none'), folder.path])
      await expect(readImage({ path, stampOffset: undefined })).rejects.toMatchObject({ code: 'PROGRAM_UNREADABLE' });
  });

  it('refuses a program of 4 GiB before it makes room for it', async () => {
    writeFileSync(folder.join('a'), '');
    truncateSync(folder.join('a'), MAX_PROGRAM_BYTES); // takes no space on disk
    await expect(readImage({ path: folder.join('a'), stampOffset: undefined })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('too large for a delta') as string,
    });
  });

  it('stops when it is told to', async () => {
    writeFileSync(folder.join('a'), noise(5000));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(readImage({ path: folder.join('a'), stampOffset: undefined, signal })).rejects.toThrow('enough');
  });
});
