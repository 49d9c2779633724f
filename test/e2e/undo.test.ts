/**
 * What people, hosts and failures rule out, on real executables: roll back by hand, pin, skip, the options of `spawn`, the memory of
 * the highest release, and quarantine for other programs of the same user. What is ruled out is on offer all the time.
 *
 * @module
 */
import { readdirSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningHost } from '../fixtures/running-host.ts';
import { programFolder } from './support/program-folder.ts';
import { PUBLIC_KEY, signedHost } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { badVersion, count, endAll } from './support/trouble.ts';

const NODE = process.execPath;
type Env = Readonly<Record<string, string>>;
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await endAll(scene);
  await scene.end();
});

describe('a version that people took back with "peerpatch rollback"', () => {
  it('is not taken again while it is offered: the one before it starts, and takes the next one', async () => {
    const env = { APP_PROBATION: JSON.stringify({ aliveMs: 1000 }) };
    const copy = await startCopy('home', env);
    const { path } = copy;
    await seed('1.1.0');
    await copy.hears('start', { version: '1.1.0' });
    await copy.hears('confirmed', { version: '1.1.0' });
    const found = count(copy, 'found');

    const done = await scene.peerpatch('rollback', path);
    expect(done).toMatchObject({ from: { version: '1.1.0' }, to: { version: '1.0.0' }, isQuarantined: true });
    await expectHolds(path, '1.0.0');
    await copy.hears('rolled-back', { version: '1.1.0', to: '1.0.0' });
    await expectHeldBack(copy, '1.1.0', '1.1.0 is in quarantine here (put back by hand', found);
    expect([count(copy, 'start'), count(copy, 'installed')]).toEqual([2, 1]);
    await end(copy);

    const again = scene.start({ path, env });
    expect(await again.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
    const reason = 'put back by hand with "peerpatch rollback"';
    expect(await again.hears('rolled-back')).toMatchObject({ version: '1.1.0', to: '1.0.0', reason });
    expect(again.stderr).toBe(`peerpatch: 1.1.0 was rolled back to 1.0.0: ${reason}\n`);
    expect(await scene.peerpatch('status', path)).toMatchObject({
      path,
      release: done['to'],
      journal: { phase: 'rolled-back', from: done['from'], to: done['to'], reason },
      previous: [{ version: '1.0.0' }],
      quarantined: [{ ...(done['from'] as object), reason, isOwn: true }],
      problems: [],
    });
    await expectHeldBack(again, '1.1.0', '1.1.0 is in quarantine here (put back by hand');
    await expectHolds(path, '1.0.0');

    await seed('1.2.0');
    await again.hears('start', { version: '1.2.0' });
    await expectHolds(path, '1.2.0');
    expect(installedBy(again)).toEqual(['1.2.0']);
  });
});

describe('a running copy', () => {
  it('that is pinned moves up to its pin and not above it, and further when the pin is off', async () => {
    const copy = await startCopy('home');
    const { path } = copy;
    expect(await scene.peerpatch('pin', path, '1.1.0')).toMatchObject({ path, pin: '1.1.0', installed: '1.0.0' });
    await seed('1.1.0');
    await copy.hears('start', { version: '1.1.0' });
    await seed('1.2.0');
    await expectHeldBack(copy, '1.2.0', 'the program is pinned to 1.1.0 here, this is 1.2.0');
    await expectHolds(path, '1.1.0');
    expect(await scene.peerpatch('status', path)).toMatchObject({ release: { version: '1.1.0' }, pin: '1.1.0' });

    expect(await scene.peerpatch('pin', path, '--off')).toEqual({ path, wasPin: '1.1.0' });
    await copy.hears('start', { version: '1.2.0' });
    await expectHolds(path, '1.2.0');
    expect(await scene.peerpatch('status', path)).not.toHaveProperty('pin');
    expect(installedBy(copy)).toEqual(['1.1.0', '1.2.0']);
  });

  it('that is to skip a version holds that back and takes the next one', async () => {
    const copy = await startCopy('home');
    const { path } = copy;
    expect(await scene.peerpatch('skip', path, '1.1.0')).toEqual({ path, skip: ['1.1.0'] });
    await seed('1.1.0');
    await expectHeldBack(copy, '1.1.0', '1.1.0 is skipped here');
    await expectHolds(path, '1.0.0');
    expect(await scene.peerpatch('status', path)).toMatchObject({ skip: ['1.1.0'], quarantined: [] });

    await seed('1.2.0');
    await copy.hears('start', { version: '1.2.0' });
    await expectHolds(path, '1.2.0');
    expect(installedBy(copy)).toEqual(['1.2.0']);
  });

  it('whose host rules versions out by its options holds those back and takes the others', async () => {
    // Two machines: what one remembers does not count for the other.
    const state = (name: string): Env => ({ XDG_STATE_HOME: join(scene.folder, `${name}-state`) });
    const bounded = await startCopy('bounded', { ...state('bounded'), APP_MAX_VERSION: '1.1.7' });
    const choosy = await startCopy('choosy', { ...state('choosy'), APP_SKIP_VERSIONS: '1.0.9,1.1.0' });
    await seed('1.1.0');
    await expectHeldBack(choosy, '1.1.0', "1.1.0 is among the skipVersions of the program's options");
    await bounded.hears('start', { version: '1.1.0' });

    await seed('1.2.0');
    await expectHeldBack(bounded, '1.2.0', "1.2.0 is above 1.1.7, the maxVersion of the program's options");
    await choosy.hears('start', { version: '1.2.0' });
    await expectHolds(bounded.path, '1.1.0');
    await expectHolds(choosy.path, '1.2.0');
    expect([bounded, choosy].map(installedBy)).toEqual([['1.1.0'], ['1.2.0']]);
  });
});

describe('a program of 1.0.0 that somebody puts back by hand where 1.2.0 was', () => {
  it('does not become 1.1.0, which others do who never were above it, but 1.2.0 again', async () => {
    const path = await becameNewest();
    // The backup is of the whole folder: what an install keeps beside the program is gone with it.
    await rm(dirname(path), { recursive: true });
    const seen = join(scene.folder, 'state/peerpatch/seen', PUBLIC_KEY);
    const names = readdirSync(seen).sort();
    expect(names.map((name) => name.replace(/^[0-9a-f]{64}/, ''))).toEqual(['-1002000', '-s1002000', '-v1.2.0']);
    const [, statement = ''] = names;

    await seed('1.1.0');
    const other = await startCopy('other', { XDG_STATE_HOME: join(scene.folder, 'other-state') });
    await other.hears('start', { version: '1.1.0' });
    await end(other);

    // It never saw the statement, or can no longer read it: the numbers are enough.
    await rename(join(seen, statement), join(scene.folder, statement));
    const knowingLess = await startCopy('home');
    expect(await knowingLess.hears('error', { code: 'STATEMENT_ROLLED_BACK' })).toMatchObject({
      during: 'check',
      message: 'not taken: its sequence number is 1001000, 1002000 was seen',
    });
    await expectNotTaken(knowingLess, '1.1.0');
    await expectHolds(path, '1.0.0');
    await end(knowingLess);
    await rename(join(scene.folder, statement), join(seen, statement));

    const copy = await startCopy('home');
    await copy.hears('error', { during: 'fetch', code: 'CONTENT_NOT_FOUND' }, 2);
    expect([count(copy, 'found', { version: '1.1.0' }), count(copy, 'checked', { newest: '1.1.0' })]).toEqual([0, 0]);
    await expectHolds(path, '1.0.0');
    await seed('1.2.0');
    await copy.hears('start', { version: '1.2.0' });
    await expectHolds(path, '1.2.0');
    expect([knowingLess, copy].map(installedBy)).toEqual([[], ['1.2.0']]);
  });

  /** Path of a program that has become 1.2.0 in a network that is gone, and with it whoever knew of 1.2.0. */
  async function becameNewest(): Promise<string> {
    const past = await openScene();
    try {
      const copy = await startCopy('home', { APP_DHT: past.dht.bootstrap.join(',') });
      await past.seedFile(await signedHost('1.2.0', NODE));
      await copy.hears('start', { version: '1.2.0' });
      await expectHolds(copy.path, '1.2.0');
      await end(copy);
      return copy.path;
    } finally {
      await past.end();
    }
  }
});

describe('a release that one program died of', () => {
  it('is not installed by another program file of the same user, which takes the next one', async () => {
    const dying = await startCopy('dying');
    await scene.seedFile(await badVersion(scene, { node: NODE, behaviour: 'exits 1 after preflight' }));
    await dying.hears('rolled-back', { version: '1.1.0', to: '1.0.0' });
    await expectHolds(dying.path, '1.0.0');

    const other = await startCopy('elsewhere');
    await expectHeldBack(other, '1.1.0', '1.1.0 is in quarantine here (');
    await expectHolds(other.path, '1.0.0');
    const quarantined = [{ version: '1.1.0', isOwn: false }];
    expect(await scene.peerpatch('status', other.path)).toMatchObject({ quarantined, previous: [] });

    await seed('1.2.0');
    for (const copy of [dying, other]) await copy.hears('start', { version: '1.2.0' });
    await expectHolds(other.path, '1.2.0');
    expect([dying, other].map(installedBy)).toEqual([['1.1.0', '1.2.0'], ['1.2.0']]);
    expect(other.stderr).toBe('');
  });
});

/** A running copy of 1.0.0, which is put into a folder of its own. */
async function startCopy(folder: string, env: Env = {}): Promise<RunningHost> {
  const path = await scene.place(await signedHost('1.0.0', NODE), `${folder}/app`);
  const copy = scene.start({ path, env });
  expect(await copy.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
  return copy;
}

/** Offers a release until the test ends. */
async function seed(version: string): Promise<void> {
  await scene.seedFile(await signedHost(version, NODE));
}

async function end(copy: RunningHost): Promise<void> {
  copy.kill('SIGTERM');
  await copy.ended;
}

/** It says why, and goes on seeing the release without taking it. @param found so many looks took it, before it was ruled out */
async function expectHeldBack(copy: RunningHost, version: string, reason: string, found = 0): Promise<void> {
  const told = await copy.hears('held-back', { version });
  expect(told['reason']).toContain(reason);
  await expectNotTaken(copy, version, found);
}

/** Two looks more see the release as the newest one, and no look but those took it. */
async function expectNotTaken(copy: RunningHost, version: string, found = 0): Promise<void> {
  const looks = count(copy, 'checked', { newest: version });
  await copy.hears('checked', { newest: version }, looks + 1);
  expect(count(copy, 'found', { version })).toBe(found);
}

/** The program is that release byte for byte, and nothing else is beside it than what an install keeps. */
async function expectHolds(path: string, version: string): Promise<void> {
  expect((await readFile(path)).equals(await readFile(await signedHost(version, NODE)))).toBe(true);
  // Whoever installed has the lock until it has read what it installed.
  await expect.poll(() => programFolder(dirname(path)), { timeout: 30_000 }).toEqual(['app']);
}

function installedBy({ said }: RunningHost): unknown[] {
  return said.flatMap(({ event, version }) => (event === 'installed' ? [version] : []));
}
