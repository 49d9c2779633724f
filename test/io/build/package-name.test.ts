import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageName } from '../../../src/io/build/package-name.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

describe('packageName', () => {
  const folder = useTempFolder();

  it('is the one of the nearest package.json that has one', async () => {
    mkdirSync(folder.join('a/b'), { recursive: true });
    writeFileSync(folder.join('package.json'), '{ "name": "outer" }');
    expect(await packageName(folder.join('a/b'))).toBe('outer');
    writeFileSync(folder.join('a/package.json'), '{ "name": "@scope/inner" }');
    expect(await packageName(folder.join('a/b'))).toBe('@scope/inner');
    expect(await packageName(folder.join('a'))).toBe('@scope/inner');
    expect(await packageName(folder.path)).toBe('outer');
  });

  it.each(['{ "version": "1.0.0" }', '{ "name": 5 }', '{ "name": "" }', 'not JSON', 'null'])(
    'passes over %s',
    async (text) => {
      mkdirSync(folder.join('a'));
      writeFileSync(folder.join('package.json'), '{ "name": "outer" }');
      writeFileSync(folder.join('a/package.json'), text);
      expect(await packageName(folder.join('a'))).toBe('outer');
    },
  );

  it('is undefined where nothing has a name', async () => {
    expect(await packageName('/nowhere/at/all')).toBeUndefined();
  });
});
