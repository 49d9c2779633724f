import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchProgram } from '../../../src/tools/network/fetch-program.ts';
import { seedProgram } from '../../../src/tools/network/seed-program.ts';
import { openNetworkScene, writeSample, type NetworkScene } from '../../support/network-scene.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();
let scene: NetworkScene;

beforeEach(async () => {
  scene = await openNetworkScene();
});
afterEach(async () => {
  await scene.end();
});

describe('seedProgram', () => {
  it('announces, serves, and counts what it gave to peers', async () => {
    const sample = scene.sample('1.2.3');
    const seed = await scene.seed(writeSample(folder.join('app'), sample));
    expect(seed.events).toContainEqual({ type: 'announced', version: '1.2.3', storedAt: 4 });
    await fetchProgram({ ...scene.peer, out: folder.join('copy') });
    await expect.poll(() => seed.events.some(({ type }) => type === 'served')).toBe(true);
    expect(await seed.stop()).toEqual({ version: '1.2.3', uploads: 1, sentBytes: sample.file.length });
  });

  it('is done at once when it was stopped before', async () => {
    const program = writeSample(folder.join('app'), scene.sample('1.2.3'));
    const seeded = await seedProgram({ ...scene.peer, program, signal: AbortSignal.abort() });
    expect(seeded).toEqual({ version: '1.2.3', uploads: 0, sentBytes: 0 });
  });

  it('refuses what nobody would accept', async () => {
    const program = writeSample(folder.join('app'), scene.sample('1.2.3'));
    const publicKey = 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy';
    await expect(seedProgram({ ...scene.peer, program, publicKey })).rejects.toMatchObject({ code: 'KEY_MALFORMED' });
    await expect(seedProgram({ ...scene.peer, program: folder.join('none') })).rejects.toMatchObject({
      code: 'PROGRAM_UNREADABLE',
    });
    const altered = scene.sample('1.2.3');
    altered.file[altered.file.length - 1] = 0;
    await expect(
      seedProgram({ ...scene.peer, program: writeSample(folder.join('altered'), altered) }),
    ).rejects.toMatchObject({ code: 'RELEASE_MISMATCH' });
  });
});
