import { mkdirSync, readdirSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkUpdate } from '../../../../src/io/install/preconditions/check-install.ts';
import { OWN_SYSTEM, programPlace } from '../../../../src/io/install/preconditions/place.ts';
import { checkUpdateRoom } from '../../../../src/io/install/preconditions/room.ts';
import { useTempFolder } from '../../../support/temp-folder.ts';

const PLAN = { sizeBytes: 100_000 };
const folder = useTempFolder();
let app = '';

beforeEach(() => {
  mkdirSync(folder.join('home'));
  app = folder.join('home', 'app');
  writeFileSync(app, 'old', { mode: 0o755 });
});

const listHome = (): readonly string[] => readdirSync(folder.join('home'));

describe.skipIf(process.platform === 'win32')('INSTALL_NO_SPACE where a file has one name only', () => {
  const noLinks = (): Promise<void> => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  const room = async (makeLink?: typeof noLinks): Promise<void> => {
    await checkUpdateRoom(await programPlace(app, PLAN, OWN_SYSTEM), makeLink);
    expect(listHome()).toEqual(['app']);
  };

  it('a copy of the old program does not fit beside the new one', async () => {
    // Of nothing: only its length counts.
    const { bavail, bsize } = statfsSync(folder.path);
    truncateSync(app, bavail * bsize + 2 ** 30);
    await room();
    await checkUpdate(app, PLAN);
    await expect(room(noLinks)).rejects.toMatchObject({
      code: 'INSTALL_NO_SPACE',
      message: expect.stringContaining('a copy of the old program is kept') as string,
    });
    expect(listHome()).toEqual(['app']);
  });

  it('is not told where both fit', async () => {
    await room(noLinks);
  });
});
