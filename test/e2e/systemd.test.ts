/**
 * The unit of docs/guide/operating.md under a real systemd: updates that it does not notice, versions that are taken back by its
 * restarts, and a stop that ends everything. Skipped, and said so, where no systemd can be started: it needs root.
 *
 * @module
 */
import { chown, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningHost } from '../fixtures/running-host.ts';
import { startSystemd, type Systemd } from '../support/systemd.ts';
import { nodesUnderTest } from './support/node-binaries.ts';
import { copyProgram, PUBLIC_KEY } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { badVersion, count } from './support/trouble.ts';

const GUIDE = join(import.meta.dirname, '../../docs/guide/operating.md');
const UNIT = 'hello.service';
const PROGRAM = '/var/lib/hello/hello';
const OUTPUT = '/run/hello.out';
/** Two seconds more than what a version does to be killed late. */
const PROBATION = { aliveMs: 5000, hangMs: 3000 };
const USER = { name: 'hello', id: 61_234 };

const nodes = (await nodesUnderTest()).filter(({ name }) => !name.includes('26'));
const probe = await startSystemd();
await probe?.end();
if (probe === undefined) console.warn('skipped: no systemd can be started here');

let scene: Scene;
let systemd: Systemd;
let copy: RunningHost;

/** As it stands in the guide. */
async function guideUnit(): Promise<string> {
  const text = await readFile(GUIDE, 'utf8');
  const unit = /^## systemd\n\n```ini\n([^]*?)```/m.exec(text)?.[1];
  if (unit?.includes(PROGRAM) !== true) throw new Error('the guide has no unit');
  return unit;
}

/** Starts the unit with 1.0.0 in it. Returns the path of another copy of that. */
async function startUnit(node: string): Promise<string> {
  scene = await openScene();
  ends.push(() => scene.end());
  const variables = {
    APP_PUBLIC_KEY: PUBLIC_KEY,
    APP_DHT: scene.dht.bootstrap.join(','),
    APP_PROBATION: JSON.stringify(PROBATION).replaceAll('"', '\\"'),
  };
  const more = [
    ...Object.entries(variables).map(([name, value]) => `Environment="${name}=${value}"`),
    `StandardOutput=append:${OUTPUT}`,
    `StandardError=append:${OUTPUT}.err`,
  ];
  const started = await startSystemd({
    units: { [UNIT]: await guideUnit(), [`${UNIT}.d/test.conf`]: `[Service]\n${more.join('\n')}\n` },
    user: USER,
  });
  if (started === undefined) throw new Error('it started a moment ago');
  systemd = started;
  ends.push(() => systemd.end());
  const good = await badVersion(scene, { version: '1.0.0', node });
  const path = join(systemd.root, PROGRAM);
  await mkdir(dirname(path), { recursive: true });
  await copyProgram(good, path);
  for (const owned of [dirname(path), path]) await chown(owned, USER.id, USER.id);
  await writeFile(join(systemd.root, OUTPUT), '');
  copy = new RunningHost({ path: 'tail', args: ['-n', '+1', '-F', join(systemd.root, OUTPUT)] });
  ends.push(() => {
    copy.kill('SIGTERM'); // the numbers that it says are those of other processes here
    return copy.ended;
  });
  await systemd.run('systemctl', 'start', UNIT);
  expect(await copy.hears('start')).toMatchObject({ version: '1.0.0', state: 'running', args: ['--port', '8080'] });
  return good;
}

async function expectProgram(file: string): Promise<void> {
  const path = join(systemd.root, PROGRAM);
  expect((await readFile(path)).equals(await readFile(file))).toBe(true);
  expect(
    (await readdir(dirname(path))).filter((name) => name.startsWith('.hello.') && name !== '.hello.peerpatch'),
  ).toEqual([]);
}

async function stateOfUnit(): Promise<object> {
  const [restarts, state] = [await systemd.show(UNIT, 'NRestarts'), await systemd.show(UNIT, 'ActiveState')];
  return { restarts: Number(restarts), state };
}

/** Of what a test has opened so far, the last first. */
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe.skipIf(probe === undefined)('under systemd', () => {
  for (const { name, path: node, hasExecve } of nodes) {
    it(`a program of ${name} updates without systemd noticing, and is stopped whole`, async () => {
      await startUnit(node);
      const pid = await systemd.show(UNIT, 'MainPID');
      const next = await badVersion(scene, { node });
      await scene.seedFile(next);
      expect(await copy.hears('start', { version: '1.1.0' })).toMatchObject({ args: ['--port', '8080'] });
      // It is on probation now, and no guard waits beside systemd.
      const alone = hasExecve ? [PROGRAM] : [PROGRAM, PROGRAM];
      expect(await systemd.processesOf(UNIT)).toEqual(alone);
      await copy.hears('confirmed', { version: '1.1.0' });
      await expectProgram(next);
      expect(await stateOfUnit()).toEqual({ restarts: 0, state: 'active' });
      expect(await systemd.show(UNIT, 'MainPID')).toBe(pid);
      expect(await systemd.processesOf(UNIT)).toEqual(alone);

      await systemd.run('systemctl', 'stop', UNIT);
      expect(await systemd.show(UNIT, 'Result')).toBe('success');
      expect(await stateOfUnit()).toEqual({ restarts: 0, state: 'inactive' });
      expect(await systemd.processesOf(UNIT)).toEqual([]);
      expect(await systemd.run('ps', '-e', '-o', 'args=')).not.toMatch(/hello/);
    });

    for (const behaviour of hasExecve ? ['dies later', 'segfaults', 'hangs'] : ['dies later']) {
      it(`a version of ${name} that ${behaviour} makes place for the one before it, with nobody but systemd`, async () => {
        const good = await startUnit(node);
        await scene.seedFile(await badVersion(scene, { node, behaviour }));
        await copy.hears('rolled-back', { version: '1.1.0', to: '1.0.0' });
        expect(await copy.hears('start', { version: '1.0.0' }, 1)).toMatchObject({ args: ['--port', '8080'] });
        await expectProgram(good);
        await copy.hears('held-back', { version: '1.1.0' });
        expect(count(copy, 'installed')).toBe(1);
        const { restarts, state } = (await stateOfUnit()) as { readonly restarts: number; readonly state: string };
        expect(state).toBe('active');
        expect(restarts).toBeLessThanOrEqual(3);
      });
    }
  }
});
