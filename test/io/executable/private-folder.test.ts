import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localAppData } from '../../../src/io/executable/private-folder.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();

describe('the folder of a user of Windows', () => {
  it('is the one that the environment names', () => {
    expect(localAppData(folder.path)).toBe(folder.path);
  });

  it.each([undefined, '', 'AppData'])(
    'is found without that: %j names none, or one below the working folder',
    (text) => {
      expect(localAppData(text)).toBe(join(homedir(), 'AppData', 'Local'));
    },
  );
});
