/**
 * What the umask must not take, and a mode that cannot be given.
 *
 * @module
 */
import fs, { statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readSmallFileSync, writeSmallFileSync } from '../../../src/io/install/small-file.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.skipIf(process.platform === 'win32')('small files under a umask', () => {
  const folder = useTempFolder();
  const mask = process.umask(0o022);
  process.umask(mask);
  afterEach(() => {
    process.umask(mask);
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  it.each([
    [0o077, 0o644],
    [0o027, 0o644],
    [0o022, 0o644],
    [0o777, 0o600],
  ])('of %o have the mode %o that was asked for', (umask, mode) => {
    process.umask(umask);
    writeSmallFileSync(folder.join('note'), bytes('one'), mode);
    process.umask(mask);
    expect(statSync(folder.join('note')).mode & 0o777).toBe(mode);
    expect(readSmallFileSync(folder.join('note'))).toEqual(bytes('one'));
  });

  it('leave what is there, and nothing beside it, where a mode cannot be given', () => {
    writeSmallFileSync(folder.join('note'), bytes('one'));
    const refused = Object.assign(new Error('refused'), { code: 'EIO' });
    vi.spyOn(fs, 'fchmodSync').mockImplementation(() => {
      throw refused;
    });
    syncBuiltinESMExports();
    process.umask(0o077);
    expect(() => {
      writeSmallFileSync(folder.join('note'), bytes('two'));
    }).toThrow(refused);
    expect(folder.list()).toEqual(['note']);
    expect(readSmallFileSync(folder.join('note'))).toEqual(bytes('one'));
  });

  it('do without where the file system shows the mode anyhow: it may have none to give', () => {
    const given = vi.spyOn(fs, 'fchmodSync');
    syncBuiltinESMExports();
    process.umask(0o022);
    writeSmallFileSync(folder.join('note'), bytes('one'));
    expect(given).not.toHaveBeenCalled();
    process.umask(0o077);
    writeSmallFileSync(folder.join('note'), bytes('one'));
    expect(given).toHaveBeenCalledOnce();
  });
});
