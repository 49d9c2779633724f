import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stageFile, type StagedFile } from '../../../src/io/install/staged-file.ts';
import { failure, filler } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const NEW = filler(1000);

describe('a staged file', () => {
  const folder = useTempFolder();

  async function stageOverOld(sizeBytes = NEW.length): Promise<StagedFile> {
    const target = folder.join('app');
    writeFileSync(target, 'old');
    chmodSync(target, 0o750);
    return stageFile({ target, sizeBytes, old: await stat(target) });
  }
  const content = (): string => readFileSync(folder.join('app'), 'latin1');

  it("is hidden and nobody else's until it is published, then the program with the old mode", async () => {
    const staged = await stageOverOld();
    await staged.write(NEW.subarray(0, 600));
    await staged.write(NEW.subarray(600));
    if (HAS_MODES) expect(statSync(staged.path).mode & 0o777).toBe(0o600);
    expect(content()).toBe('old');
    await staged.publish();
    expect(readFileSync(folder.join('app'))).toEqual(Buffer.from(NEW));
    if (HAS_MODES) expect(statSync(folder.join('app')).mode & 0o7777).toBe(0o750);
    expect(folder.list()).toEqual(['app']);
    await staged.discard(); // does nothing any more
    expect(folder.list()).toEqual(['app']);
  });

  it('can be corrected before it is published', async () => {
    const staged = await stageOverOld(6);
    await staged.write(Buffer.from('abcdef'));
    await staged.overwrite(Buffer.from('XY'), 2);
    await staged.publish();
    expect(content()).toBe('abXYef');
  });

  it('leaves nothing when it is discarded, also twice, also when it is gone', async () => {
    const staged = await stageOverOld();
    await staged.write(NEW);
    await staged.discard();
    await staged.discard();
    expect(folder.list()).toEqual(['app']);
    expect(content()).toBe('old');
  });

  it.each([
    ['fewer', 999],
    ['more', 1001],
  ])('INSTALL_FAILED: %s bytes than promised', async (_name, promised) => {
    const staged = await stageOverOld(promised);
    await staged.write(NEW);
    await expect(staged.publish()).rejects.toEqual(failure('INSTALL_FAILED'));
    expect(content()).toBe('old');
    await staged.discard();
    expect(folder.list()).toEqual(['app']);
  });

  it('is made where nothing was, executable, and never over what is there', async () => {
    const target = folder.join('app');
    const staged = await stageFile({ target, sizeBytes: NEW.length, old: undefined });
    const second = await stageFile({ target, sizeBytes: NEW.length, old: undefined });
    await staged.write(NEW);
    await second.write(NEW);
    expect(existsSync(target)).toBe(false);
    await staged.publish();
    if (HAS_MODES) expect(statSync(target).mode & 0o100).toBe(0o100);
    await expect(second.publish()).rejects.toEqual(failure('INSTALL_FAILED'));
    await second.discard();
    expect(folder.list()).toEqual(['app']);
  });

  it('INSTALL_NO_SPACE: more than the file system has, before anything is written', async () => {
    writeFileSync(folder.join('app'), 'old');
    const old = await stat(folder.join('app'));
    const staging = stageFile({ target: folder.join('app'), sizeBytes: 2 ** 52, old });
    await expect(staging).rejects.toEqual(failure('INSTALL_NO_SPACE'));
    expect(folder.list()).toEqual(['app']);
  });

  it('writes all of a piece, however large', async () => {
    const large = filler(3_000_000);
    const staged = await stageOverOld(large.length);
    await staged.write(large);
    await staged.publish();
    expect(Buffer.compare(readFileSync(folder.join('app')), large)).toBe(0);
  });
});
