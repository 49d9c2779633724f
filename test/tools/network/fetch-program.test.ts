import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerpatchError } from '../../../src/core/base/errors.ts';
import { fetchProgram } from '../../../src/tools/network/fetch-program.ts';
import { frameOf, sends, startLiar, type Liar } from '../../support/liars.ts';
import { NOBODY, openNetworkScene, writeSample, type NetworkScene } from '../../support/network-scene.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const folder = useTempFolder();
const liars: Liar[] = [];
let scene: NetworkScene;

beforeEach(async () => {
  scene = await openNetworkScene();
});
afterEach(async () => {
  await Promise.all(liars.splice(0).map((liar) => liar.close()));
  await scene.end();
});

/** A peer that announces `version` and serves other bytes. */
async function startTamperer(version: string): Promise<void> {
  const { release, file } = scene.sample(version);
  const answer = sends(frameOf(release, file.with(5000, (file[5000] ?? 0) ^ 1)));
  liars.push(await startLiar({ dht: scene.dht, owner: scene.owner.publicKey, release, answer }));
}

describe('fetchProgram', () => {
  it('makes an executable file with the bytes of the newest release', async () => {
    const sample = scene.sample('1.1.0');
    await scene.seed(writeSample(folder.join('seed'), sample));
    const progress: number[] = [];
    const fetched = await fetchProgram({
      ...scene.peer,
      out: folder.join('app'),
      onProgress: (received, total) => {
        progress.push(received / total);
      },
    });
    expect(fetched).toMatchObject({ path: folder.join('app'), version: '1.1.0' });
    expect(fetched.peer).toMatch(/^[0-9a-f]{64}$/);
    expect(progress.at(-1)).toBe(1);
    expect(readFileSync(folder.join('app')).equals(sample.file)).toBe(true);
    if (HAS_MODES) expect(statSync(folder.join('app')).mode & 0o100).not.toBe(0);
    expect(folder.list()).toEqual(['app', 'seed']);
  });

  it('goes on from a peer that lies to one that does not, and tells of the failure', async () => {
    await scene.seed(writeSample(folder.join('seed'), scene.sample('1.0.0')));
    await startTamperer('1.1.0'); // newer, so it is tried first
    const failures: PeerpatchError[] = [];
    const onFailure = (error: PeerpatchError): void => void failures.push(error);
    const fetched = await fetchProgram({ ...scene.peer, out: folder.join('app'), onFailure });
    expect(fetched.version).toBe('1.0.0');
    expect(failures.map(({ code }) => code)).toEqual(['RELEASE_MISMATCH']);
  });

  it('fails with what the last peer failed with, told once, and leaves nothing', async () => {
    await startTamperer('1.1.0');
    const failures: PeerpatchError[] = [];
    const onFailure = (error: PeerpatchError): void => void failures.push(error);
    const fetching = fetchProgram({ ...scene.peer, out: folder.join('app'), onFailure });
    await expect(fetching).rejects.toMatchObject({ code: 'RELEASE_MISMATCH' });
    expect(failures).toEqual([]);
    expect(folder.list()).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('asks no peer when the file could not be put there', async () => {
    const { release } = scene.sample('1.1.0');
    let asked = 0;
    const answer = (): Promise<void> => {
      asked++;
      return Promise.resolve();
    };
    liars.push(await startLiar({ dht: scene.dht, owner: scene.owner.publicKey, release, answer }));
    mkdirSync(folder.join('out'));
    // Mode bits do not stop root.
    const isRoot = process.getuid?.() === 0;
    const lock = isRoot ? ['chattr', '+i'] : ['chmod', '555'];
    const unlock = isRoot ? ['chattr', '-i'] : ['chmod', '755'];
    const run = ([command = '', flag = '']: readonly string[]): void =>
      void execFileSync(command, [flag, folder.join('out')]);
    run(lock);
    try {
      const fetching = fetchProgram({ ...scene.peer, out: folder.join('out/app') });
      await expect(fetching).rejects.toMatchObject({ code: 'INSTALL_NOT_WRITABLE' });
    } finally {
      run(unlock);
    }
    expect(asked).toBe(0);
    expect(readdirSync(folder.join('out'))).toEqual([]);
  });

  it('says that nobody is there, and that there is no DHT', async () => {
    const out = folder.join('app');
    await expect(fetchProgram({ ...scene.peer, out })).rejects.toMatchObject({ code: 'RELEASE_NOT_FOUND' });
    const nowhere = { ...scene.peer, bootstrap: [NOBODY] };
    await expect(fetchProgram({ ...nowhere, out })).rejects.toMatchObject({ code: 'DHT_UNREACHABLE' });
    expect(folder.list()).toEqual([]);
  });

  it('refuses a file that exists and a folder that does not, before it asks anybody', async () => {
    writeFileSync(folder.join('app'), 'kept');
    const nowhere = { ...scene.peer, bootstrap: [NOBODY] };
    await expect(fetchProgram({ ...nowhere, out: folder.join('app') })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    await expect(fetchProgram({ ...nowhere, out: folder.join('none/app') })).rejects.toMatchObject({
      code: 'INSTALL_FAILED',
    });
    expect(readFileSync(folder.join('app'), 'utf8')).toBe('kept');
  });

  it('leaves nothing when it is cancelled, while it looks or in the middle of the download', async () => {
    const out = folder.join('app');
    const before = fetchProgram({ ...scene.peer, out, signal: AbortSignal.abort() });
    await expect(before).rejects.toMatchObject({ code: 'CANCELLED' });
    await scene.seed(writeSample(folder.join('seed'), scene.sample('1.1.0', 4_000_000)));
    const stop = new AbortController();
    let seenBytes = 0;
    const onProgress = (receivedBytes: number): void => {
      seenBytes = receivedBytes;
      stop.abort();
    };
    const fetching = fetchProgram({ ...scene.peer, out, signal: stop.signal, onProgress });
    await expect(fetching).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(seenBytes).toBeLessThan(4_000_000);
    expect(folder.list()).toEqual(['seed']);
  });
});
