import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkExecutable } from '../../../../src/io/install/preconditions/machine.ts';
import { OWN_SYSTEM } from '../../../../src/io/install/preconditions/place.ts';
import { failure } from '../../../support/stamp-samples.ts';
import { useTempFolder } from '../../../support/temp-folder.ts';

const LOADER = /\/lib\w*\/ld-[\w.-]+\.so\.\d/;

describe('a program that is to be started', () => {
  const folder = useTempFolder();

  it('is right when this test runs in it', async () => {
    await checkExecutable(process.execPath);
  });

  it('may be a script', async () => {
    writeFileSync(folder.join('app'), '#!/bin/sh\n');
    await checkExecutable(folder.join('app'));
  });

  it.each([
    ['empty', ''],
    ['text', 'not a program, whatever its mode says'],
    ['the head of a program, cut short', '\x7fELF\x02\x01\x01'],
  ])('INSTALL_WRONG_TARGET: %s', async (_name, content) => {
    writeFileSync(folder.join('app'), content, 'latin1');
    await expect(checkExecutable(folder.join('app'))).rejects.toEqual(failure('INSTALL_WRONG_TARGET'));
  });

  it('INSTALL_WRONG_TARGET: of another processor', async () => {
    const arch = OWN_SYSTEM.arch === 'arm64' ? 'x64' : 'arm64';
    await expect(checkExecutable(process.execPath, { ...OWN_SYSTEM, arch })).rejects.toEqual(
      failure('INSTALL_WRONG_TARGET'),
    );
  });

  it.runIf(process.platform === 'linux')(
    'INSTALL_WRONG_TARGET: its loader is not on this machine',
    async ({ skip }) => {
      copyFileSync('/bin/sh', folder.join('app'));
      const bytes = readFileSync(folder.join('app'));
      const loader = LOADER.exec(bytes.toString('latin1'))?.[0];
      if (loader === undefined) {
        skip('the shell of this system needs no loader');
        return;
      }
      await checkExecutable(folder.join('app'));
      const missing = loader.replace(/ld-[\w.-]+(?=\.so)/, (name) => 'ld-musl'.padEnd(name.length, 'x'));
      bytes.write(missing, bytes.indexOf(loader), 'latin1');
      writeFileSync(folder.join('app'), bytes);
      const told = checkExecutable(folder.join('app'));
      await expect(told).rejects.toEqual(failure('INSTALL_WRONG_TARGET'));
      await expect(told).rejects.toThrow(`its loader ${missing} is missing, it is for systems with musl`);
    },
  );
});
