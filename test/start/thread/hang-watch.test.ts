import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { journalOfInstall, previousName } from '../../../src/core/install/journal.ts';
import { openInstallFolderSync, type InstallFolder } from '../../../src/io/install/install-folder.ts';
import { readJournalSync, writeJournalSync } from '../../../src/io/install/journal-file.ts';
import { listQuarantined } from '../../../src/io/install/quarantine.ts';
import { killThisProcess } from '../../../src/io/process/own-end.ts';
import { startHangWatch } from '../../../src/start/thread/hang-watch.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

vi.mock(import('../../../src/io/process/own-end.ts'), () => ({ killThisProcess: vi.fn<() => never>() }));

const one = { version: '1.0.0', id: 'a1'.repeat(32) };
const two = { version: '1.1.0', id: 'b2'.repeat(32) };
const three = { version: '1.2.0', id: 'c3'.repeat(32) };

describe('the watch over the event loop of a program on probation', () => {
  const temp = useTempFolder();
  const onError = vi.fn();
  let folder: InstallFolder;
  const installed = (): string => readFileSync(folder.programPath, 'latin1');

  beforeEach(() => {
    vi.useFakeTimers();
    vi.clearAllMocks();
    vi.stubEnv('XDG_STATE_HOME', temp.join('state'));
    writeFileSync(temp.join('app'), 'two');
    folder = openInstallFolderSync(temp.join('app'));
    mkdirSync(folder.previous);
    writeFileSync(join(folder.previous, previousName(one)), 'one');
    writeJournalSync(folder, journalOfInstall({ to: two, from: one, before: undefined, nowMs: 1 }));
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  /** The loop of 1.1.0 stands still for long enough. */
  async function hang(isBadInPlace = true): Promise<void> {
    const heartbeat = new Int32Array(new SharedArrayBuffer(8));
    heartbeat[1] = 1;
    const { programPath } = folder;
    startHangWatch({ programPath, running: two, heartbeat, hangMs: 5000, isBadInPlace: () => isBadInPlace, onError });
    await vi.advanceTimersByTimeAsync(5000);
    await vi.waitFor(() => {
      expect(vi.mocked(killThisProcess).mock.calls.length + onError.mock.calls.length).toBe(1);
    });
  }

  it('puts the previous program back, and then ends the process', async () => {
    await hang();
    expect(killThisProcess).toHaveBeenCalledOnce();
    expect(installed()).toBe('one');
    expect(readJournalSync(folder)).toMatchObject({ phase: 'rolled-back', from: two, to: one });
    expect(listQuarantined(folder.programPath)).toMatchObject([
      { ...two, reason: 'its event loop stood still for 5 s' },
    ]);
  });

  it('keeps the release that hangs out, not the newer one that waits in the file, and ends the process', async () => {
    const newer = journalOfInstall({ to: three, from: two, before: readJournalSync(folder), nowMs: 2 });
    writeJournalSync(folder, newer);
    writeFileSync(folder.programPath, 'three');
    await hang();
    expect(killThisProcess).toHaveBeenCalledOnce();
    expect(installed()).toBe('three');
    expect(readJournalSync(folder)).toEqual(newer);
    expect(listQuarantined(folder.programPath)).toMatchObject([two]);
  });

  it('keeps what people have put there by hand meanwhile, and ends the process', async () => {
    writeFileSync(folder.programPath, 'by hand');
    await hang(false);
    expect(killThisProcess).toHaveBeenCalledOnce();
    expect(installed()).toBe('by hand');
    expect(listQuarantined(folder.programPath)).toMatchObject([two]);
  });

  it('leaves a process alone that has nothing to go back to', async () => {
    rmSync(folder.journal);
    await hang();
    expect(killThisProcess).not.toHaveBeenCalled();
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'INSTALL_FAILED' }));
  });
});
