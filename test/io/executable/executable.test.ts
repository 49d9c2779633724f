import { realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import { executable } from '../../../src/io/executable/executable.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const { execPath } = process;
const folder = useTempFolder();
afterEach(() => {
  process.execPath = execPath;
});

it('knows a script that is run by a runtime, which has no assets', () => {
  const program = executable();
  expect({ kind: program.kind, path: program.path }).toEqual({ kind: 'source', path: realpathSync(process.execPath) });
  expect(program.readAsset('peerpatch.json')).toBeUndefined();
  expect(program.describe()).toBeUndefined();
});

it('knows where it belongs when its file was replaced before it could read its own name', () => {
  const app = folder.join('app');
  process.execPath = `${app} (deleted)`;
  expect(executable().path).toBe(app); // gone
  writeFileSync(folder.join('next'), '');
  symlinkSync('next', app);
  expect(executable().path).toBe(folder.join('next'));
  rmSync(app);
  writeFileSync(app, '');
  expect(executable().path).toBe(app);
  // One that is really called so.
  writeFileSync(process.execPath, '');
  expect(executable().path).toBe(process.execPath);
});

it('stays where it was when its file is gone', () => {
  process.execPath = folder.join('gone');
  expect(executable().path).toBe(folder.join('gone'));
});
