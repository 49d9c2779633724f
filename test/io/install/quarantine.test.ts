import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { installFolderPaths, openInstallFolderSync } from '../../../src/io/install/install-folder.ts';
import {
  isQuarantined,
  listQuarantined,
  quarantine,
  quarantineSync,
  releaseFromQuarantine,
} from '../../../src/io/install/quarantine.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const ID = 'b2'.repeat(32);

describe('quarantine', () => {
  const folder = useTempFolder();
  const app = (): string => folder.join('app');
  const env = () => ({ XDG_STATE_HOME: folder.join('state') });
  const bad = () => ({ program: app(), id: ID, version: '1.1.0', reason: 'it hung', nowMs: 5, env: env() });
  beforeEach(() => {
    writeFileSync(app(), 'program');
  });

  it('is noted beside the program and for this user, and lifted in both places', async () => {
    await quarantine(bad());
    expect(readdirSync(installFolderPaths(app()).quarantine)).toEqual([ID]);
    expect(readdirSync(folder.join('state', 'peerpatch', 'quarantine'))).toEqual([ID]);
    expect(listQuarantined(app(), env())).toEqual([{ id: ID, version: '1.1.0', reason: 'it hung', at: 5 }]);
    releaseFromQuarantine(app(), ID, env());
    expect(listQuarantined(app(), env())).toEqual([]);
    expect(isQuarantined(app(), ID, env())).toBe(false);
  });

  it('holds when the program folder cannot be used, and when the state folder cannot', () => {
    writeFileSync(installFolderPaths(app()).path, 'in the way');
    quarantineSync(bad());
    expect(isQuarantined(app(), ID, env())).toBe(true);
    const other = { ...bad(), program: folder.join('other'), env: { XDG_STATE_HOME: app() } };
    writeFileSync(other.program, 'program');
    quarantineSync(other);
    expect(isQuarantined(other.program, ID, other.env)).toBe(true);
  });

  it('keeps out what its note cannot be read of', () => {
    quarantineSync(bad());
    writeFileSync(join(installFolderPaths(app()).quarantine, ID), 'garbage');
    const only = { XDG_STATE_HOME: folder.join('empty') };
    expect(isQuarantined(app(), ID, only)).toBe(true);
    expect(listQuarantined(app(), only)).toEqual([{ id: ID, version: '-', reason: 'the note cannot be read', at: 0 }]);
  });

  it('lists no other names, and follows no link', () => {
    const { quarantine: place } = openInstallFolderSync(app());
    mkdirSync(folder.join('x'));
    writeFileSync(folder.join('x', ID), '');
    symlinkSync(folder.join('x'), place);
    expect(listQuarantined(app(), env())).toEqual([]);
    expect(isQuarantined(app(), ID, env())).toBe(false);
  });

  it.runIf(HAS_MODES)('reads a folder that cannot be read as empty', () => {
    quarantineSync(bad());
    chmodSync(installFolderPaths(app()).path, 0o777);
    expect(isQuarantined(app(), ID, { XDG_STATE_HOME: folder.join('empty') })).toBe(false);
  });
});
