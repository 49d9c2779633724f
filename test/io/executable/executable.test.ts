import { realpathSync } from 'node:fs';
import { expect, it } from 'vitest';
import { executable } from '../../../src/io/executable/executable.ts';

it('knows a script that is run by a runtime, which has no assets', () => {
  const program = executable();
  expect({ kind: program.kind, path: program.path }).toEqual({ kind: 'source', path: realpathSync(process.execPath) });
  expect(program.readAsset('peerpatch.json')).toBeUndefined();
  expect(program.describe()).toBeUndefined();
});
