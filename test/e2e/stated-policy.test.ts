/**
 * What a statement tells nodes to do, beside where the bytes are: who takes a release now, who later, who never, and for whom it is
 * at all. Real executables look, judge and update by themselves. Spec: docs/spec/11-statement.md.
 *
 * @module
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, SECOND_MS } from '../../src/core/base/units.ts';
import { rolloutDraw } from '../../src/core/statement/eligible.ts';
import type { Rollout } from '../../src/core/statement/statement.ts';
import type { SampleStatement } from '../../src/testing/sample-program.ts';
import type { RunningHost, Said } from '../fixtures/running-host.ts';
import { programFolder } from './support/program-folder.ts';
import { signedHost, signStated, tinyRelease, unsignedChangedHost, unsignedHost } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';
import { count } from './support/trouble.ts';

const NODE = process.execPath;
const HALF: Rollout = { percent: 50, startsAt: 0, rampSeconds: 0 };
const NOBODY: Rollout = { percent: 0, startsAt: 0, rampSeconds: 0 };
/** Tiny releases say nothing when they are tried out. */
const TINY = { APP_PREFLIGHT: 'off' };
let scene: Scene;

beforeEach(async () => {
  scene = await openScene();
});
afterEach(async () => {
  await scene.end();
});

describe('a release that is rolled out to half of all copies', () => {
  it('is taken by a copy that draws 49, by one that draws 50 only when it is forced, and not by one that draws 99', async () => {
    const old = await signedHost('1.0.0', NODE);
    const release = await scene.place(await unsignedChangedHost('1.1.0', NODE), 'owner/app');
    await signStated(release, '1.1.0', { rollout: HALF });
    const copies = await Promise.all([startDrawing(49, old), startDrawing(50, old), startDrawing(99, old)]);
    const [taking, forced, held] = copies;
    await scene.seedFile(release);

    const file = await readFile(release);
    await expectUpdated(taking, '1.1.0', file);
    expect(count(taking, 'held-back')).toBe(0);
    const reason = 'version 1.1.0 is rolled out to 50 % of all programs, and this one is not among the first';
    for (const copy of [forced, held]) {
      expect(await copy.hears('held-back')).toMatchObject({ version: '1.1.0', reason });
      await expectUntouched(copy, old);
    }

    forced.kill('SIGUSR2');
    await expectUpdated(forced, '1.1.0', file);
    await expectUntouched(held, old);
    expect([forced, held].map((copy) => count(copy, 'held-back'))).toEqual([1, 1]);
  });

  /** A copy that draws this number and a fraction for 1.1.0. */
  async function startDrawing(draw: number, program: string): Promise<RunningHost> {
    const name = `draws-${String(draw)}`;
    const state = join(stateHome(name), 'peerpatch');
    await mkdir(state, { recursive: true, mode: 0o700 });
    await writeFile(join(state, 'node-secret'), secretFor('1.1.0', draw), { mode: 0o600 });
    return startCopy(name, { program });
  }
});

describe('a critical release', () => {
  it('is taken by a copy that the same rollout held back from the release before', async () => {
    const old = await signedHost('1.0.0', NODE);
    const copy = await startCopy('home', { program: old, env: TINY });
    await scene.seed(tinyRelease('1.1.0', { stated: { rollout: NOBODY } }));
    await copy.hears('held-back', { version: '1.1.0' });
    await expectUntouched(copy, old);

    const critical = tinyRelease('1.2.0', { stated: { rollout: NOBODY, isCritical: true } });
    await scene.seed(critical);
    await expectUpdated(copy, '1.2.0', critical.file);
    expect(count(copy, 'held-back')).toBe(1);
  });
});

describe('a copy says once that it must not take a release, is not forced, runs on, and takes the next one,', () => {
  const now = Math.floor(Date.now() / SECOND_MS);
  interface Case {
    readonly name: string;
    readonly refused: SampleStatement;
    readonly next: SampleStatement;
    readonly event: string;
    readonly facts: Partial<Said>;
    readonly why: RegExp;
  }
  const cases: Case[] = [
    {
      name: 'when the release expired a second ago',
      refused: { expiresAt: now - 1 },
      next: { expiresAt: now + HOUR_MS / SECOND_MS },
      event: 'error',
      facts: { during: 'check', code: 'STATEMENT_EXPIRED' },
      why: /^not taken: the statement of version 1\.1\.0 expired at 20/,
    },
    {
      name: 'when it runs a version below the lowest one',
      refused: { lowestVersion: '1.0.1' },
      next: { lowestVersion: '1.0.0' },
      event: 'held-back',
      facts: { version: '1.1.0' },
      why: /^STATEMENT_TOO_FAR: .* from 1\.0\.1 on, 1\.0\.0 is running: .*"peerpatch fetch --app e2e --out <file>"$/,
    },
  ];
  for (const { name, refused, next, event, facts, why } of cases) {
    it(name, async () => {
      const old = await signedHost('1.0.0', NODE);
      const copy = await startCopy('home', { program: old, env: TINY });
      await scene.seed(tinyRelease('1.1.0', { stated: refused }));
      const { reason, message } = await copy.hears(event, facts);
      expect(reason ?? message).toMatch(why);
      copy.kill('SIGUSR2');
      expect(await copy.hears('forced')).toMatchObject({ newest: '1.1.0', installed: '1.0.0' });
      await expectUntouched(copy, old);
      expect(count(copy, event, facts)).toBe(1);

      const good = tinyRelease('1.2.0', { stated: next });
      await scene.seed(good);
      await expectUpdated(copy, '1.2.0', good.file);
    });
  }
});

describe('copies of one owner, of two apps and two channels', () => {
  it('do not meet: each takes what is signed for its own name, whatever else is newer', async () => {
    const old = await signedHost('1.0.0', NODE);
    const [stable, beta, other] = await Promise.all([
      startCopy('stable', { program: old, env: TINY }),
      startSigned('beta', { channel: 'beta' }),
      startSigned('other', { app: 'other' }),
    ]);
    // All in the same DHT, and all of one version: each would count the others.
    for (const copy of [stable, beta, other]) await copy.hears('announced');
    for (const copy of [stable, beta, other]) await expectAlone(copy);

    const ofBeta = tinyRelease('2.0.0', { stated: { channel: 'beta' } });
    const ofOther = tinyRelease('3.0.0', { stated: { app: 'other' } });
    for (const release of [ofBeta, ofOther]) await scene.seed(release);
    await expectUpdated(beta, '2.0.0', ofBeta.file);
    await expectUpdated(other, '3.0.0', ofOther.file);
    await expectAlone(stable);
    await expectUntouched(stable, old);

    const ofStable = tinyRelease('1.1.0');
    await scene.seed(ofStable);
    await expectUpdated(stable, '1.1.0', ofStable.file);
    for (const [copy, version] of [
      [stable, '1.1.0'],
      [beta, '2.0.0'],
      [other, '3.0.0'],
    ] as const) {
      // prettier-ignore
      expect(copy.said.filter((said) => said.event === 'found').map((found) => found['version'])).toEqual([version]);
      expect(copy.said.filter(({ code }) => String(code).startsWith('STATEMENT_'))).toEqual([]);
    }
  });

  async function startSigned(name: string, stated: { readonly app?: string; readonly channel?: string }) {
    const program = await scene.place(await unsignedHost('1.0.0', NODE), `owner-${name}/app`);
    await signStated(program, '1.0.0', stated);
    return startCopy(name, { program, env: TINY });
  }

  /** Who looks finds nobody else, and nothing newer. */
  async function expectAlone(copy: RunningHost): Promise<void> {
    // A look that is under way may have begun before the others were there.
    const looked = await copy.hears('checked', {}, count(copy, 'checked') + 1);
    expect(looked).toMatchObject({ newest: '1.0.0', peers: 0 });
  }
});

interface CopyOptions {
  readonly program: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A copy of 1.0.0 on a machine of its own. */
async function startCopy(name: string, { program, env = {} }: CopyOptions): Promise<RunningHost> {
  const path = await scene.place(program, `${name}/app`);
  const copy = scene.start({ path, env: { XDG_STATE_HOME: stateHome(name), ...env } });
  expect(await copy.hears('start')).toMatchObject({ version: '1.0.0', state: 'running' });
  return copy;
}

function stateHome(name: string): string {
  return join(scene.folder, `${name}-state`);
}

/** 32 bytes with which a node draws `whole` and a fraction for this version. */
function secretFor(version: string, whole: number): Uint8Array {
  const secret = Buffer.alloc(32);
  for (let seed = 0; Math.floor(rolloutDraw(secret, version)) !== whole;) secret.writeUInt32BE(++seed);
  return secret;
}

async function expectUpdated(copy: RunningHost, version: string, file: Uint8Array): Promise<void> {
  await copy.hears('start', { version });
  expect((await readFile(copy.path)).equals(file)).toBe(true);
  expect(copy.stderr).toBe('');
}

/** It runs on as what it was, looks, and announces itself. */
async function expectUntouched(copy: RunningHost, program: string): Promise<void> {
  const [checks, announced] = [count(copy, 'checked'), count(copy, 'announced')];
  await copy.hears('checked', {}, checks + 1);
  expect(await copy.hears('announced', {}, announced + 1)).toMatchObject({ version: '1.0.0' });
  expect(copy.said.filter(({ event }) => ['found', 'planned', 'installed', 'restarting'].includes(event))).toEqual([]);
  expect((await readFile(copy.path)).equals(await readFile(program))).toBe(true);
  expect(await programFolder(dirname(copy.path))).toEqual(['app']);
  expect(copy.stderr).toBe('');
}
