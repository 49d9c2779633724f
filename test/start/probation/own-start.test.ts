import fs, { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { afterRollBack, journalOfInstall } from '../../../src/core/install/journal.ts';
import { encodeTicket } from '../../../src/core/install/ticket.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { ANCHOR_BYTES } from '../../../src/core/stamp/marker.ts';
import { installFolderPaths } from '../../../src/io/install/install-folder.ts';
import { readJournalSync } from '../../../src/io/install/journal-file.ts';
import { thisProcess } from '../../../src/io/install/process-identity.ts';
import { GUARD_VARIABLE } from '../../../src/io/process/guard.ts';
import type { AgentSettings } from '../../../src/start/messages.ts';
import { probationSettings } from '../../../src/start/options/probation-options.ts';
import { beginOwnStart, putBack, type OwnStart } from '../../../src/start/probation/own-start.ts';
import { OWNER } from '../../support/stamp-samples.ts';
import { releases, stampOf, useUndoScene, type SampleVersion } from '../../support/undo-scene.ts';

const { one, two, three } = releases;

describe('the start of a program', () => {
  const scene = useUndoScene();
  const begun: OwnStart[] = [];
  const journalPath = (): string => installFolderPaths(scene.program).journal;
  const journal = (): unknown => readJournalSync(installFolderPaths(scene.program));
  const installed = journalOfInstall({ to: two.name, from: one.name, before: undefined, nowMs: 1 });

  beforeEach(() => {
    scene.install(two);
  });
  afterEach(() => {
    for (const { probation } of begun.splice(0)) probation?.end();
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });

  /** @param runs undefined: a process that was not built by us */
  function start(runs: SampleVersion | undefined = two, { isBuilt = true } = {}): OwnStart {
    const settings: Pick<AgentSettings, 'programPath' | 'publicKey' | 'runningStamp' | 'keepPrevious'> = {
      programPath: scene.program,
      publicKey: formatPublicKey(OWNER.publicKey),
      keepPrevious: 1,
      runningStamp: isBuilt ? stampOf(runs) : undefined,
    };
    // Nothing else is looked at before the agent's thread starts.
    const started = beginOwnStart({ settings: settings as AgentSettings, probation: probationSettings() });
    begun.push(started);
    return started;
  }

  it('does nothing, and makes nothing, where no install is open', () => {
    expect(start()).toEqual({ probation: undefined, due: undefined, events: [], isGuarded: false });
    expect(scene.leftovers()).toEqual([]);
    expect(existsSync(installFolderPaths(scene.program).path)).toBe(false);
  });

  it('of what was just installed is on probation, and counted', () => {
    scene.journal(installed);
    const { probation, due, events } = start();
    expect(probation?.version).toBe('1.1.0');
    expect(due).toBeUndefined();
    expect(events).toEqual([{ type: 'probation', version: '1.1.0', starts: 1 }]);
    expect(journal()).toMatchObject({ phase: 'probation', starts: 1 });
  });

  it('of the old program while the new one waits in the file leaves that one alone', () => {
    scene.journal(installed);
    expect(start(one)).toMatchObject({ probation: undefined, due: undefined, events: [] });
    expect(journal()).toEqual(installed);
  });

  it('of a program that nobody built for updates leaves the journal alone', () => {
    scene.journal(installed);
    expect(start(two, { isBuilt: false })).toMatchObject({ probation: undefined, due: undefined, events: [] });
    expect(journal()).toEqual(installed);
  });

  it('wants the previous program back after too many starts that nobody took back', () => {
    scene.journal({ ...installed, starts: 2 });
    expect(start().due).toBeUndefined();
    begun.at(-1)?.probation?.end();
    const { due, probation } = start();
    expect(probation).toBeUndefined();
    expect(due).toMatchObject({ isBack: false, reason: 'it was started 3 times and never stayed up' });
    expect(due?.plan).toMatchObject({ to: two.name, from: one.name });
  });

  it('wants the previous program back when another copy put this release in quarantine', () => {
    scene.journal(installed);
    scene.quarantine(two.name);
    expect(start().due).toMatchObject({ isBack: false, reason: 'it is in quarantine' });
  });

  it.runIf(process.platform === 'linux')(
    'gives way to the previous program that a guard has put back meanwhile',
    async () => {
      scene.install(one);
      const undone = afterRollBack(installed, { reason: 'it crashed', nowMs: 2 });
      scene.journal(undone);
      const { due, events, probation } = start(two);
      expect([events, probation]).toEqual([[], undefined]);
      if (due === undefined) throw new Error('nothing is due');
      expect(await putBack(scene.program, due)).toBe(true);
      expect(scene.holds(one)).toBe(true);
      expect(journal()).toEqual(undone); // it is to be told by the one that is back
    },
  );

  it('tells once of a roll back that nobody was told of', () => {
    scene.install(one);
    scene.journal(afterRollBack(installed, { reason: 'it crashed', nowMs: 2 }));
    expect(start(one).events).toEqual([{ type: 'rolled-back', version: '1.1.0', to: '1.0.0', reason: 'it crashed' }]);
    expect(start(one).events).toEqual([]);
    expect(journal()).toMatchObject({ phase: 'rolled-back', told: true });
  });

  describe('of the program that an install is about to replace', () => {
    const over = { ...installed, to: three.name, over: two.name, starts: 0 };

    /** The program file is the image of this process, at the first so many looks. */
    function isImage(looks = Infinity): void {
      const real = statSync;
      const look = (path: fs.PathLike, ...more: []): unknown => {
        return real(path === '/proc/self/exe' && looks-- > 0 ? scene.program : path, ...more);
      };
      vi.spyOn(fs, 'statSync').mockImplementation(look as typeof statSync);
      syncBuiltinESMExports();
    }
    function putTicket(isFree: boolean): void {
      const { lock } = installFolderPaths(scene.program);
      mkdirSync(lock, { recursive: true });
      writeFileSync(join(lock, '0'), encodeTicket({ ...thisProcess(), pid: 1, system: 'ffffffff', free: isFree }));
    }

    it('leaves the journal of the install that is on its way, and clears it when that was cut short', () => {
      scene.install(one);
      scene.journal(installed);
      isImage();
      putTicket(false);
      expect(start(one)).toMatchObject({ probation: undefined, due: undefined, events: [] });
      expect(journal()).toEqual(installed);
      putTicket(true);
      expect(start(one)).toMatchObject({ probation: undefined, due: undefined, events: [] });
      expect(journal()).toBeUndefined();
    });

    it('leaves it also when that program is unproven, and goes on with its probation when the install was cut short', () => {
      scene.journal(over);
      isImage();
      putTicket(false);
      expect(start(two)).toMatchObject({ probation: undefined, due: undefined, events: [] });
      expect(journal()).toEqual(over);
      putTicket(true);
      expect(start(two).probation?.version).toBe('1.1.0');
      expect(journal()).toMatchObject({ to: two.name, over: null, starts: 1 });
    });

    it('leaves it also when that program is in quarantine, and takes it back when the install was cut short', () => {
      scene.journal(over);
      scene.quarantine(two.name);
      isImage();
      putTicket(false);
      expect(start(two)).toMatchObject({ probation: undefined, due: undefined, events: [] });
      putTicket(true);
      expect(start(two).due).toMatchObject({ isBack: false, reason: 'it is in quarantine' });
    });

    it('leaves the journal of an install that ended while it looked', () => {
      scene.install(one);
      scene.journal(installed);
      isImage(1);
      expect(start(one)).toMatchObject({ probation: undefined, due: undefined, events: [] });
      expect(journal()).toEqual(installed);
    });

    it('needs nobody to look at the lock for a journal of its own', () => {
      scene.journal(installed);
      isImage();
      putTicket(false);
      expect(start(two).probation?.version).toBe('1.1.0');
    });
  });

  it('goes on over a journal that cannot be read, and tells', () => {
    scene.journal(installed);
    writeFileSync(journalPath(), 'garbage');
    const { probation, due, events } = start();
    expect([probation, due]).toEqual([undefined, undefined]);
    expect(events).toEqual([
      expect.objectContaining({ type: 'error', during: 'start', code: 'INSTALL_STATE_DAMAGED' }),
    ]);
    expect(readFileSync(journalPath(), 'utf8')).toBe('garbage');
  });

  it('goes on with a stamp that is not the owner’s, and tells', () => {
    scene.journal(installed);
    const stamp = stampOf(three).fill(0, ANCHOR_BYTES);
    const settings: Partial<AgentSettings> = {
      programPath: scene.program,
      publicKey: formatPublicKey(OWNER.publicKey),
      runningStamp: stamp,
    };
    const { probation, events } = beginOwnStart({
      settings: settings as AgentSettings,
      probation: probationSettings(),
    });
    expect(probation).toBeUndefined();
    expect(events).toEqual([expect.objectContaining({ type: 'error', during: 'start' })]);
    expect(journal()).toEqual(installed);
  });

  it('is guarded when the guard was started for this very process, and its children are not', () => {
    process.env[GUARD_VARIABLE] = String(process.pid);
    expect(start().isGuarded).toBe(true);
    expect(process.env[GUARD_VARIABLE]).toBeUndefined();
    process.env[GUARD_VARIABLE] = String(process.ppid);
    expect(start().isGuarded).toBe(false);
    expect(process.env[GUARD_VARIABLE]).toBeUndefined();
  });
});
