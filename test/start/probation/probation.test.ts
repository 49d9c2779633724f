import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentEvent } from '../../../src/agent/events.ts';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import {
  afterRollBack,
  journalOfInstall,
  previousName,
  type ProbationJournal,
} from '../../../src/core/install/journal.ts';
import { openInstallFolderSync, type InstallFolder } from '../../../src/io/install/install-folder.ts';
import { readJournalSync, writeJournalSync } from '../../../src/io/install/journal-file.ts';
import { listPreviousPrograms, namesIn } from '../../../src/io/install/previous-programs.ts';
import { listQuarantined } from '../../../src/io/install/quarantine.ts';
import { probationSettings, type ProbationOptions } from '../../../src/start/options/probation-options.ts';
import { putBack } from '../../../src/start/probation/own-start.ts';
import { Probation } from '../../../src/start/probation/probation.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const one = { version: '1.0.0', id: 'a1'.repeat(32) };
const two = { version: '1.1.0', id: 'b2'.repeat(32) };
const three = { version: '1.2.0', id: 'c3'.repeat(32) };

describe('a probation', () => {
  const temp = useTempFolder();
  const begun: Probation[] = [];
  let folder: InstallFolder;
  const journal = (): ProbationJournal | undefined => readJournalSync(folder) as ProbationJournal | undefined;
  const running = (): readonly string[] => namesIn(folder.starts);

  beforeEach(() => {
    vi.useFakeTimers();
    writeFileSync(temp.join('app'), 'program');
    folder = openInstallFolderSync(temp.join('app'));
    writeJournalSync(folder, journalOfInstall({ to: two, from: one, before: undefined, nowMs: 1 }));
  });
  afterEach(() => {
    for (const probation of begun.splice(0)) probation.end();
    vi.useRealTimers();
    vi.unstubAllEnvs();
  });

  function start(options: ProbationOptions = {}, isGuarded = false): Probation {
    const current = journal();
    if (current === undefined) throw new Error('nothing is on probation');
    const settings = probationSettings(options);
    const probation = new Probation({ folder, journal: current, settings, keepPrevious: 1, isGuarded });
    begun.push(probation);
    return probation;
  }
  function listen(probation: Probation): { readonly events: AgentEvent[]; readonly givenUp: string[] } {
    const heard = { events: [] as AgentEvent[], givenUp: [] as string[] };
    probation.begin({ emit: (event) => heard.events.push(event), giveUp: (reason) => heard.givenUp.push(reason) });
    return heard;
  }
  /** What the process does when it ends, without ending it. */
  function exit(code: number): void {
    const last = process.listeners('exit').at(-1);
    last?.(code);
  }

  it('counts its start before anything else happens', () => {
    const probation = start();
    expect(journal()?.starts).toBe(1);
    expect(running()).toHaveLength(1);
    expect(probation.event).toEqual({ type: 'probation', version: '1.1.0', starts: 1 });
  });

  it('takes its start back once', () => {
    const first = start();
    first.end();
    const probation = start();
    expect(journal()?.starts).toBe(2);
    probation.takeBack();
    probation.takeBack();
    expect(journal()?.starts).toBe(1);
    expect(running()).toEqual([]);
  });

  it('counts nothing for another release that was put in place meanwhile', () => {
    const probation = start();
    writeJournalSync(folder, { ...journalOfInstall({ to: three, from: one, before: undefined, nowMs: 2 }), starts: 2 });
    probation.takeBack();
    expect(journal()).toMatchObject({ to: three, starts: 2 });
  });

  it('ends well with exit code 0, which is no crash', () => {
    start();
    exit(0);
    expect(journal()?.starts).toBe(0);
  });

  it('is not taken back by any other exit code', () => {
    start();
    exit(1);
    expect(journal()?.starts).toBe(1);
  });

  it('tells its guard of a good end, by this process', () => {
    start({}, true);
    exit(0);
    expect(existsSync(`${folder.ended}.${process.pid}`)).toBe(true);
  });

  it('leaves no note of its end where nobody waits for it', () => {
    start();
    exit(0);
    expect(existsSync(`${folder.ended}.${process.pid}`)).toBe(false);
  });

  it('counts bad ends in a row only: a good one forgets those before it', () => {
    for (const code of [1, 1, 0, 1]) {
      const probation = start();
      exit(code);
      probation.end();
    }
    expect(journal()?.starts).toBe(1);
  });

  it('has proven itself when it was alive for long enough, and not before', () => {
    const probation = start({ aliveMs: 5000 });
    const { events, givenUp } = listen(probation);
    probation.agentRuns();
    vi.advanceTimersByTime(4999);
    expect(events).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(events).toEqual([{ type: 'confirmed', version: '1.1.0' }]);
    expect(journal()).toBeUndefined();
    expect(running()).toEqual([]);
    vi.advanceTimersByTime(3_600_000);
    expect(givenUp).toEqual([]);
  });

  it('has not proven itself before its agent runs: what does not update is repaired by nobody', () => {
    const probation = start({ aliveMs: 5000 });
    const { events, givenUp } = listen(probation);
    vi.advanceTimersByTime(60_000);
    expect(events).toEqual([]);
    probation.agentRuns();
    expect(events).toEqual([{ type: 'confirmed', version: '1.1.0' }]);
    expect(givenUp).toEqual([]);
  });

  it.each<[when: string, aliveMs: number]>([
    ['before its time', 5000],
    ['after it', 1000],
  ])('gives up when its agent failed by itself and never ran, %s', (_when, aliveMs) => {
    const probation = start({ aliveMs });
    const { events, givenUp } = listen(probation);
    vi.advanceTimersByTime(2000);
    probation.agentFailed(new PeerpatchError('AGENT_FAILED', 'a bug in the agent'));
    vi.advanceTimersByTime(60_000);
    probation.agentFailed(new PeerpatchError('AGENT_FAILED', 'the same bug, at the next try'));
    expect(givenUp).toEqual(['its updater does not work']);
    expect(events).toEqual([]);
  });

  it('does not give up for an agent that lacks something of this machine, or that has run before', () => {
    const probation = start({ aliveMs: 5000 });
    const { events, givenUp } = listen(probation);
    probation.agentFailed(new PeerpatchError('DHT_BIND_FAILED', 'no socket'));
    vi.advanceTimersByTime(4000);
    probation.agentRuns();
    probation.agentFailed(new PeerpatchError('AGENT_FAILED', 'the thread ended'));
    vi.advanceTimersByTime(1000);
    expect(givenUp).toEqual([]);
    expect(events).toEqual([{ type: 'confirmed', version: '1.1.0' }]);
  });

  it('gives up when the host did not confirm in time, however long it lives', () => {
    const { events, givenUp } = listen(start({ confirm: 'host', aliveMs: 1000, confirmMs: 5000 }));
    vi.advanceTimersByTime(4999);
    expect(givenUp).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(givenUp).toEqual(['it was not confirmed within 5 s']);
    expect(events).toEqual([]);
    expect(journal()?.starts).toBe(1);
  });

  it('is confirmed by the host once, and its clock stops', () => {
    const probation = start({ confirm: 'host', confirmMs: 5000 });
    const { events, givenUp } = listen(probation);
    probation.confirm();
    probation.confirm();
    vi.advanceTimersByTime(10_000);
    expect(events).toEqual([{ type: 'confirmed', version: '1.1.0' }]);
    expect(givenUp).toEqual([]);
    probation.takeBack();
    expect(journal()).toBeUndefined();
  });

  it('keeps as many programs to go back to as it was told when it has proven itself', () => {
    mkdirSync(folder.previous);
    for (const name of [one, { ...one, version: '0.9.0' }]) {
      writeFileSync(join(folder.previous, previousName(name)), name.version);
    }
    const probation = start();
    listen(probation);
    probation.confirm();
    expect(listPreviousPrograms(folder).map(({ version }) => version)).toEqual(['1.0.0']);
  });

  it('keeps the program that had proven itself before it, not a newer one that never had', () => {
    mkdirSync(folder.previous);
    for (const name of [one, two]) writeFileSync(join(folder.previous, previousName(name)), name.version);
    const overTwo = journalOfInstall({ to: three, from: two, before: journal(), nowMs: 2 });
    writeJournalSync(folder, overTwo);
    const probation = start();
    listen(probation);
    probation.confirm();
    expect(listPreviousPrograms(folder).map(({ version }) => version)).toEqual(['1.0.0']);
  });

  it('leaves the journal of a newer release that waits in the file', () => {
    const probation = start();
    listen(probation);
    writeJournalSync(folder, journalOfInstall({ to: three, from: two, before: journal(), nowMs: 2 }));
    probation.confirm();
    expect(journal()).toMatchObject({ to: three, from: one, over: two });
  });

  it('says nothing when another copy has taken it back meanwhile, and still tells its guard of a good end', () => {
    const probation = start({ aliveMs: 5000 }, true);
    const { events } = listen(probation);
    probation.agentRuns();
    const undone = afterRollBack({ to: two, from: one }, { reason: 'it hung', nowMs: 2 });
    writeJournalSync(folder, undone);
    vi.advanceTimersByTime(10_000);
    probation.confirm();
    expect(events).toEqual([]);
    exit(0);
    expect(journal()).toEqual(undone);
    expect(existsSync(`${folder.ended}.${process.pid}`)).toBe(true);
  });

  it('is confirmed when it is what another roll back went back to', () => {
    const probation = start({ aliveMs: 5000 });
    const { events } = listen(probation);
    probation.agentRuns();
    writeJournalSync(folder, afterRollBack({ to: three, from: two }, { reason: 'it hung', nowMs: 2 }));
    vi.advanceTimersByTime(5000);
    expect(events).toEqual([{ type: 'confirmed', version: '1.1.0' }]);
  });

  it('knows its release, whatever the journal is about by now', () => {
    const probation = start();
    writeJournalSync(folder, journalOfInstall({ to: three, from: two, before: journal(), nowMs: 2 }));
    expect(probation.release).toEqual(two);
  });

  it('that gives up takes itself back, not the newer release that waits in the file', async () => {
    vi.stubEnv('XDG_STATE_HOME', temp.join('state'));
    const { release } = start();
    mkdirSync(folder.previous);
    writeFileSync(join(folder.previous, previousName(one)), 'one');
    const newer = journalOfInstall({ to: three, from: two, before: journal(), nowMs: 2 });
    writeJournalSync(folder, newer);
    await putBack(folder.programPath, { reason: 'it was not confirmed', isBack: false, bad: release });
    expect(readFileSync(folder.programPath, 'latin1')).toBe('program');
    expect(journal()).toEqual(newer);
    expect(listQuarantined(folder.programPath)).toMatchObject([two]);
  });

  it('tells when it cannot write down that it has proven itself', () => {
    const probation = start();
    const { events } = listen(probation);
    writeFileSync(folder.journal, 'garbage');
    probation.confirm();
    expect(events).toEqual([
      expect.objectContaining({ type: 'error', during: 'start', code: 'INSTALL_STATE_DAMAGED' }),
    ]);
  });

  it('watches nothing when its start cannot be counted', () => {
    writeFileSync(folder.starts, 'a file where a folder has to be');
    const listeners = process.listenerCount('exit');
    expect(() => start()).toThrow(expect.objectContaining({ code: 'INSTALL_STATE_DAMAGED' }) as Error);
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('leaves no listener and no timer behind when it is over', () => {
    const count = (): number[] => ['exit', 'SIGTERM', 'SIGINT', 'SIGHUP'].map((name) => process.listenerCount(name));
    const before = count();
    const probation = start();
    listen(probation);
    expect(count()).not.toEqual(before);
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    probation.end();
    expect(count()).toEqual(before);
    expect(vi.getTimerCount()).toBe(0);
  });
});
