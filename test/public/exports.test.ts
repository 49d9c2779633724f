/**
 * What the package exports: a name that disappears breaks somebody's program, a name that appears must be kept for ever.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as main from '../../src/index.ts';
import * as testing from '../../src/testing/index.ts';

it('the main entry exports these values', () => {
  expect(Object.keys(main).sort()).toEqual([
    'DEFAULT_KEY_FILE',
    'ERROR_CODES',
    'Patch',
    'PeerpatchError',
    'UpdaterMode',
    'Version',
    'buildProgram',
    'checkNetwork',
    'createKey',
    'createPlaceholder',
    'diffPrograms',
    'exportMirror',
    'fetchProgram',
    'fetchStatedProgram',
    'findStatement',
    'formatPublicKey',
    'fromHex',
    'inspectProgram',
    'isPeerpatchError',
    'parseOwnerKey',
    'parsePublicKey',
    'parseUpdateMode',
    'pinProgram',
    'programStatus',
    'readKeyFile',
    'rollBackProgram',
    'seedProgram',
    'signProgram',
    'skipVersion',
    'spawn',
    'startBootstrapNode',
    'toHex',
    'unpinProgram',
    'unskipVersion',
    'verifyProgram',
  ]);
});

it('the testing entry exports these values', () => {
  expect(Object.keys(testing).sort()).toEqual([
    'FakeClock',
    'MemoryDht',
    'MemoryNetwork',
    'MemoryProgram',
    'sampleProgram',
    'signSample',
    'startPrivateDht',
  ]);
});

it('the package offers these entries and one command, and ships nothing else', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Record<
    string,
    unknown
  >;
  expect(Object.keys(manifest['exports'] as object)).toEqual(['.', './testing', './package.json']);
  expect(Object.keys(manifest['bin'] as object)).toEqual(['peerpatch']);
  expect(manifest['files']).toEqual(['dist', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE']);
});
