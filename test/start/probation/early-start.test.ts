import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { journalOfInstall } from '../../../src/core/install/journal.ts';
import { PLACEHOLDER_BYTES } from '../../../src/core/stamp/block.ts';
import { installFolderPaths } from '../../../src/io/install/install-folder.ts';
import { readJournalSync } from '../../../src/io/install/journal-file.ts';
import { namesIn } from '../../../src/io/install/previous-programs.ts';
import { isQuarantined } from '../../../src/io/install/quarantine.ts';
import { beginEarly, spawnIsReached } from '../../../src/start/probation/early-start.ts';
import { releases, sampleVersion, stampOf, useUndoScene } from '../../support/undo-scene.ts';

const { one, two } = releases;
/** What this process is, as the product sees it. */
const self = vi.hoisted(() => ({
  path: '',
  stamp: undefined as Uint8Array | undefined,
  restarts: [] as string[],
  failure: undefined as Error | undefined,
  isOwnImage: (): boolean => false,
}));
vi.mock(import('../../../src/io/executable/executable.ts'), async (original) => ({
  ...(await original()),
  executable: () => ({ kind: 'sea', path: self.path, readAsset: () => self.stamp, describe: () => undefined }),
}));
vi.mock(import('../../../src/io/executable/own-image.ts'), async (original) => ({
  ...(await original()),
  isOwnImage: () => self.isOwnImage(),
}));
vi.mock(import('../../../src/io/process/restart.ts'), async (original) => ({
  ...(await original()),
  restartProcess: ({ path }) => {
    self.restarts.push(path);
    return self.failure === undefined ? new Promise(() => undefined) : Promise.reject(self.failure);
  },
}));

describe('a start that has not reached spawn', () => {
  const scene = useUndoScene();
  const early = (): readonly string[] => namesIn(installFolderPaths(scene.program).early);
  let before: readonly (readonly unknown[])[] = [];
  const listeners = (): (readonly unknown[])[] =>
    (['exit', 'SIGTERM', 'uncaughtExceptionMonitor'] as const).map((name) => process.listeners(name as 'exit'));

  beforeEach(() => {
    vi.stubEnv('XDG_STATE_HOME', scene.env['XDG_STATE_HOME']);
    scene.install(two);
    scene.keep(one);
    scene.journal(journalOfInstall({ to: two.name, from: one.name, before: undefined, nowMs: 1 }));
    const isOwnImage = (): boolean => scene.holds(two);
    Object.assign(self, { path: scene.program, stamp: stampOf(two), restarts: [], failure: undefined, isOwnImage });
    before = listeners();
  });
  afterEach(() => {
    spawnIsReached();
    vi.unstubAllEnvs();
  });

  /** @returns how often the app ran */
  function begin(): { runs: number } {
    const seen = { runs: 0 };
    beginEarly(() => seen.runs++);
    return seen;
  }
  /** Processes that are gone, and did not say why. */
  function die(count: number): void {
    const folder = installFolderPaths(scene.program);
    const [own = ''] = early();
    if (own === '') throw new Error('begin first');
    const [, ...rest] = own.split('-');
    for (let index = 0; index < count; index++) {
      writeFileSync(join(folder.early, [String(4_194_304 + index), ...rest].join('-')), '');
    }
  }
  /** What the process does when it ends, without ending it. */
  function exit(code: number): void {
    for (const listener of process.listeners('exit')) if (!before[0]?.includes(listener)) listener(code);
  }

  it('is noted before the app runs, and forgotten with all others when it gets there', () => {
    beginEarly(() => {
      expect(early()).toHaveLength(1);
    });
    die(2);
    expect(early()).toHaveLength(3);
    spawnIsReached();
    expect(early()).toEqual([]);
    expect(listeners()).toEqual(before);
  });

  it.each([0, 1, 2])('has not died when it ends by itself with exit code %d', (code) => {
    expect(begin().runs).toBe(1);
    exit(code);
    expect(early()).toEqual([]);
  });

  it('has not died when it has lived for a minute', () => {
    vi.useFakeTimers();
    try {
      begin();
      vi.advanceTimersByTime(59_999);
      expect(early()).toHaveLength(1);
      vi.advanceTimersByTime(1);
      expect(early()).toEqual([]);
      begin();
      spawnIsReached();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('has died when nobody caught what it threw', () => {
    begin();
    for (const listener of process.listeners('uncaughtExceptionMonitor')) {
      if (!before[2]?.includes(listener)) listener(new Error('a bug'), 'uncaughtException');
    }
    exit(1);
    expect(early()).toHaveLength(1);
  });

  it('runs the app after two deaths, and the program before it after three', async () => {
    begin();
    die(2);
    expect(begin().runs).toBe(1);
    die(3);
    const third = begin();
    await vi.waitFor(() => {
      expect(self.restarts).toEqual([scene.program]);
    });
    expect(third.runs).toBe(0);
    expect(scene.holds(one)).toBe(true);
    expect(isQuarantined(scene.program, two.name.id)).toBe(true);
    expect(readJournalSync(installFolderPaths(scene.program))).toMatchObject({
      phase: 'rolled-back',
      reason: 'it was started 3 times and died before it called spawn',
    });
  });

  it('leaves alone, and runs, what people have put there by hand meanwhile', async () => {
    begin();
    die(3);
    self.isOwnImage = () => false;
    begin();
    await vi.waitFor(() => {
      expect(self.restarts).toEqual([scene.program]);
    });
    expect(scene.holds(two)).toBe(true);
    expect(isQuarantined(scene.program, two.name.id)).toBe(true);
  });

  it('runs the app all the same when there is nothing to go back to, or that cannot be run', async () => {
    begin();
    die(3);
    self.failure = new Error('no');
    const afterFailure = begin();
    await vi.waitFor(() => {
      expect(afterFailure.runs).toBe(1);
    });
    expect(self.restarts).toHaveLength(1);
  });

  const quiet: readonly (readonly [what: string, arrange: () => void])[] = [
    ['the journal is about another release', () => Object.assign(self, { stamp: stampOf(sampleVersion('1.3.0')) })],
    ['it was not built for updates', () => Object.assign(self, { stamp: undefined })],
    ['the stamp cannot be read', () => Object.assign(self, { stamp: new Uint8Array(PLACEHOLDER_BYTES) })],
    ['it is only tried out', () => vi.stubEnv('PEERPATCH_PREFLIGHT', 'ab'.repeat(16))],
    ['the journal cannot be read', () => { writeFileSync(installFolderPaths(scene.program).journal, '?'); }], // prettier-ignore
    ['there is a file where notes belong', () => { writeFileSync(installFolderPaths(scene.program).early, ''); }], // prettier-ignore
  ];
  for (const [what, arrange] of quiet) {
    it(`is not noted when ${what}, and the app runs`, () => {
      arrange();
      expect(begin().runs).toBe(1);
      expect(early()).toEqual([]);
      expect(listeners()).toEqual(before);
    });
  }

  it('makes nothing where no install is open', () => {
    mkdirSync(scene.join('elsewhere'));
    writeFileSync(scene.join('elsewhere', 'app'), two.file);
    self.path = scene.join('elsewhere', 'app');
    expect(begin().runs).toBe(1);
    expect(namesIn(scene.join('elsewhere'))).toEqual(['app']);
  });

  it('is that of a program without a statement, too', () => {
    const plain = sampleVersion('1.1.0', false);
    scene.install(plain);
    scene.journal(journalOfInstall({ to: plain.name, from: one.name, before: undefined, nowMs: 1 }));
    self.stamp = stampOf(plain);
    begin();
    expect(early()).toHaveLength(1);
  });
});
