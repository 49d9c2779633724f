import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkNetwork } from '../../../src/tools/network/check-network.ts';
import { NOBODY, openNetworkScene, writeSample, type NetworkScene } from '../../support/network-scene.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();
let scene: NetworkScene;

beforeEach(async () => {
  scene = await openNetworkScene();
});
afterEach(async () => {
  await scene.end();
});

describe('checkNetwork', () => {
  it('gives the newest release and only the peers that offer it', async () => {
    await scene.seed(writeSample(folder.join('old'), scene.sample('1.9.0')));
    const newest = scene.sample('1.10.0');
    await scene.seed(writeSample(folder.join('new'), newest));
    const { version, release, peers } = await checkNetwork(scene.peer);
    expect(version).toBe('1.10.0');
    expect(release.hash).toEqual(newest.release.hash);
    expect(peers).toHaveLength(1);
    expect(peers[0]?.addresses).toContainEqual(expect.stringMatching(/^127\.0\.0\.1:\d+$/));
  });

  it('says that nobody is there, and that there is no DHT', async () => {
    await expect(checkNetwork(scene.peer)).rejects.toMatchObject({ code: 'RELEASE_NOT_FOUND' });
    await expect(checkNetwork({ ...scene.peer, bootstrap: [NOBODY] })).rejects.toMatchObject({
      code: 'DHT_UNREACHABLE',
    });
  });

  it('refuses options that make no sense', async () => {
    await expect(checkNetwork({ ...scene.peer, publicKey: 'key' })).rejects.toMatchObject({ code: 'KEY_MALFORMED' });
    await expect(checkNetwork({ ...scene.peer, bootstrap: ['x'] })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('is cancelled by its signal, before and while it looks', async () => {
    await expect(checkNetwork({ ...scene.peer, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    const stop = new AbortController();
    const looking = checkNetwork({ ...scene.peer, bootstrap: [NOBODY], signal: stop.signal });
    setImmediate(() => {
      stop.abort();
    });
    await expect(looking).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
