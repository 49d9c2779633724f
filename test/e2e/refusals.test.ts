/**
 * What a real running copy of the v0 profile must not do, whatever strangers write into the DHT or send over QUIC.
 *
 * The releases on offer are small: it is the refusal that is tested, not the transfer.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../src/core/base/bytes.ts';
import type { Release, SignedRelease } from '../../src/core/release/release.ts';
import { checkNetwork } from '../../src/tools/network/check-network.ts';
import type { RunningHost } from '../fixtures/running-host.ts';
import { forceRecord, frameOf, sends, startLiar, type Answer, type Liar } from '../support/liars.ts';
import { programFolder } from './support/program-folder.ts';
import { OWNER, PUBLIC_KEY, tinyV0Release, signedV0Host, STRANGER } from './support/releases.ts';
import { openScene, type Scene } from './support/scene.ts';

const NODE = process.execPath;
const NEW = tinyV0Release('1.1.0', { sizeBytes: 300_000 });
const FRAME = frameOf(NEW.release, NEW.file);
const HEAD = FRAME.length - NEW.file.length;

/** Nobody answers at its address any more. */
const GONE = 'no connection to the peer within 15 s';

const liars: Liar[] = [];
let scene: Scene;
let program = '';
let original = Buffer.alloc(0);
let copy: RunningHost;

async function startCopy(): Promise<void> {
  scene = await openScene({ nodes: 20 });
  program = await scene.place(await signedV0Host('1.0.0', NODE), 'home/app');
  original = await readFile(program);
  copy = scene.start({ path: program, env: { APP_MODE: 'on-restart', APP_PREFLIGHT: 'off' } });
  await copy.hears('start', { state: 'running' });
}

async function liar(release: SignedRelease, answer: Answer): Promise<void> {
  liars.push(await startLiar({ dht: scene.dht, owner: OWNER.publicKey, release, answer }));
}

function count(event: string, facts: Record<string, unknown> = {}): number {
  return copy.said.filter(
    (said) => said.event === event && Object.entries(facts).every(([name, value]) => said[name] === value),
  ).length;
}

/** The code of the first refusal behind so many. Where this takes long, earlier liars, which are gone, are asked once more meanwhile. */
async function refusalAfter(before: number): Promise<unknown> {
  for (let index = before; ; index++) {
    const { code, message } = await copy.hears('error', { during: 'fetch' }, index);
    if (message !== GONE) return code;
  }
}

async function expectUnchanged(): Promise<void> {
  expect(count('installed')).toBe(0);
  expect((await readFile(program)).equals(original)).toBe(true);
  expect(await programFolder(dirname(program))).toEqual(['app']);
  expect(copy.stderr).toBe('');
}

afterEach(async () => {
  await Promise.all(liars.splice(0).map((each) => each.close()));
});

describe('records in every slot and at every node', () => {
  beforeAll(startCopy);
  afterAll(async () => {
    await scene.end();
  });

  const signed = tinyV0Release('1.1.0').release;
  const version = { major: 999, minor: 0, patch: 0 };
  const forged: [name: string, release: Release][] = [
    ['of 999.0.0 signed by another key', tinyV0Release('999.0.0', { key: STRANGER }).release],
    ["of 999.0.0 with the owner's signature of another release", { ...signed, version }],
    ['of an older release of the owner', tinyV0Release('0.9.0').release],
  ];
  for (const [name, release] of forged) {
    it(`${name}: never followed, and the copy goes on announcing itself`, async () => {
      await forceRecord(scene.dht, OWNER.publicKey, release);
      const [checks, announced] = [count('checked'), count('announced')];
      for (let turn = 0; turn < 3; turn++) {
        expect(await copy.hears('checked', {}, checks + turn)).toMatchObject({ newest: '1.0.0' });
      }
      expect(await copy.hears('announced', {}, announced + 1)).toMatchObject({ version: '1.0.0' });
      const look = { publicKey: PUBLIC_KEY, bootstrap: scene.dht.bootstrap, bindHost: '127.0.0.1' };
      expect(await checkNetwork(look)).toMatchObject({ version: '1.0.0' });
      expect(count('found')).toBe(0);
      await expectUnchanged();
    });
  }
});

describe('a peer that announces a genuine newer release', () => {
  beforeAll(startCopy);
  afterAll(async () => {
    await scene.end();
  });

  const tampered = (at: number): Uint8Array => FRAME.with(HEAD + at, (NEW.file[at] ?? 0) ^ 1);
  const moved = concatBytes(
    FRAME.subarray(0, HEAD),
    NEW.file.subarray(0, NEW.regionOffset - 20 - 64),
    NEW.file.subarray(NEW.regionOffset - 20, NEW.regionOffset + 176),
    NEW.file.subarray(NEW.regionOffset - 20 - 64, NEW.regionOffset - 20),
    NEW.file.subarray(NEW.regionOffset + 176),
  );
  const other = tinyV0Release('1.3.0', { sizeBytes: NEW.file.length });
  const foreign = tinyV0Release('1.1.0', { sizeBytes: NEW.file.length, key: STRANGER });
  const long = new Uint8Array(9).fill(0xff).with(0, 1).with(1, 0x80);
  const halfway = HEAD + 100_000;
  const lies: [name: string, answer: Answer, codes: string][] = [
    ['and serves nothing: its connections end', (_stream, connection) => ended(connection), 'PEER_UNREACHABLE'],
    ['and says no', sends(Uint8Array.of(0)), 'PEER_REFUSED'],
    ['and declares a length of 2^63 bytes', sends(long), 'PEER_MISBEHAVED'],
    ['and ends the stream half-way', sends(FRAME.subarray(0, halfway)), 'PEER_MISBEHAVED'],
    ['and ends the connection half-way', cutOff(FRAME.subarray(0, halfway)), 'PEER_UNREACHABLE|PEER_MISBEHAVED'],
    ['and serves another release of the owner', sends(frameOf(other.release, other.file)), 'PEER_MISBEHAVED'],
    ['and serves what another owner signed', sends(frameOf(NEW.release, foreign.file)), 'RELEASE_MISMATCH'],
    [
      'and serves an older file under its head',
      sends(frameOf(NEW.release, older(NEW.file))),
      'RELEASE_MISMATCH|STAMP_.*',
    ],
    ['with its first byte altered', sends(tampered(0)), 'RELEASE_MISMATCH'],
    ['with the processor of another target', sends(FRAME.with(HEAD + 18, 183)), 'RELEASE_WRONG_TARGET'],
    ['with a byte in the middle altered', sends(tampered(NEW.regionOffset >> 1)), 'RELEASE_MISMATCH'],
    ['with its last byte altered', sends(tampered(NEW.file.length - 1)), 'RELEASE_MISMATCH'],
    ['with a byte of the region altered', sends(tampered(NEW.regionOffset + 140)), 'RELEASE_MISMATCH|STAMP_MALFORMED'],
    ['with the region moved', sends(moved), 'RELEASE_MISMATCH|STAMP_MALFORMED'],
    ['with its region twice', sends(frameOf(NEW.release, doubled(NEW.file, NEW.regionOffset))), 'STAMP_MALFORMED'],
    ['and says nothing', () => Promise.resolve(), 'PEER_TIMEOUT'],
  ];
  for (const [name, answer, codes] of lies) {
    it(`${name}: is refused, and nothing is left`, async () => {
      const before = count('error', { during: 'fetch' });
      await liar(NEW.release, answer);
      expect(await refusalAfter(before)).toMatch(new RegExp(`^(${codes})$`));
      await expectUnchanged();
    });
  }
});

describe('among lying peers', () => {
  beforeAll(startCopy);
  afterAll(async () => {
    await scene.end();
  });

  it('one honest peer is enough', async () => {
    // Taken for a program of another target: the peer is to blame, not the release.
    await liar(NEW.release, sends(FRAME.with(HEAD + 18, 183)));
    await liar(NEW.release, sends(FRAME.with(HEAD + 5000, 0xff)));
    await liar(NEW.release, sends(FRAME.subarray(0, HEAD + 100)));
    await liar(NEW.release, (_stream, connection) => ended(connection));
    await copy.hears('error', { during: 'fetch' }, 3);
    await scene.seed(NEW);
    expect(await copy.hears('installed')).toMatchObject({ version: '1.1.0', from: '1.0.0' });
    expect((await readFile(program)).equals(NEW.file)).toBe(true);
    // It has the lock until it has read what it installed.
    await expect.poll(() => programFolder(dirname(program)), { timeout: 30_000 }).toEqual(['app']);
  });

  it('bytes behind the end of an honest answer change nothing', async () => {
    const next = tinyV0Release('1.2.0', { sizeBytes: 50_000 });
    await liar(next.release, sends(frameOf(next.release, next.file), new Uint8Array(200_000).fill(0xff)));
    await copy.hears('installed', { version: '1.2.0' });
    expect((await readFile(program)).equals(next.file)).toBe(true);
  });
});

function ended(connection: { close(code: number, reason: string): void }): Promise<void> {
  connection.close(0, 'no');
  return Promise.resolve();
}

function cutOff(bytes: Uint8Array): Answer {
  return async (stream, connection) => {
    await stream.write(bytes);
    connection.close(0, 'enough');
  };
}

/** The same length, signed by the owner, an older version. */
function older(file: Uint8Array): Uint8Array {
  return tinyV0Release('0.9.0', { sizeBytes: file.length }).file;
}

function doubled(file: Uint8Array, regionOffset: number): Uint8Array {
  const stamp = file.subarray(regionOffset - 20, regionOffset + 176);
  const twice = file.slice();
  twice.set(stamp, regionOffset + 1000);
  return twice;
}
