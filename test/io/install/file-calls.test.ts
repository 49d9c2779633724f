import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundle } from '../../../src/io/build/bundle.ts';
import { linkOrCopy, patientCalls, type FileCalls } from '../../../src/io/install/file-calls.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const errno = (code: string) => Object.assign(new Error(code), { code });

/** Fails so often with these codes, then does it. */
function refusing(...codes: readonly string[]): { readonly calls: FileCalls; readonly asked: () => number } {
  let asked = 0;
  const call = (): Promise<void> => {
    const code = codes[asked++];
    return code === undefined ? Promise.resolve() : Promise.reject(errno(code));
  };
  return { calls: { rename: call, link: call, copy: call, remove: call }, asked: () => asked };
}

describe('patient calls', () => {
  it.each(['EBUSY', 'EPERM', 'EACCES'])('repeat a rename and a removal that are refused with %s', async (code) => {
    const waits: number[] = [];
    for (const name of ['rename', 'remove'] as const) {
      const { calls, asked } = refusing(code, code);
      const wait = (ms: number) => Promise.resolve(waits.push(ms));
      await patientCalls(calls, wait)[name]('a', 'b');
      expect(asked()).toBe(3);
    }
    expect(waits).toEqual([50, 100, 50, 100]);
  });

  it('give up after three seconds, with what the system said', async () => {
    let waitedMs = 0;
    const { calls, asked } = refusing(...Array.from({ length: 20 }, () => 'EBUSY'));
    const wait = (ms: number) => Promise.resolve((waitedMs += ms));
    await expect(patientCalls(calls, wait).rename('a', 'b')).rejects.toMatchObject({ code: 'EBUSY' });
    expect(asked()).toBe(7);
    expect(waitedMs).toBe(3150);
  });

  it('do not repeat what fails for another reason', async () => {
    const { calls, asked } = refusing('ENOSPC');
    await expect(patientCalls(calls).rename('a', 'b')).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(asked()).toBe(1);
  });
});

describe('patient calls of a thin parent', () => {
  const temp = useTempFolder();

  it('go on where timers run into nothing', async () => {
    const source = join(import.meta.dirname, '../../../src/io');
    writeFileSync(
      temp.join('parent.ts'),
      `import { BLOCKING_INSTALL_SYSTEM, blockingPause, installSystem } from ${JSON.stringify(join(source, 'install/file-calls.ts'))};
      import { quietHost } from ${JSON.stringify(join(source, 'process/quiet-host.ts'))};
      let asked = 0;
      const call = () => (asked++ < 2 ? Promise.reject(Object.assign(new Error(), { code: 'EBUSY' })) : Promise.resolve());
      const { calls } = installSystem({ rename: call, link: call, copy: call, remove: call }, blockingPause, 'win32');
      void quietHost().then(() => calls.rename('a', 'b')).then(() => console.log(asked, BLOCKING_INSTALL_SYSTEM.isWindows));`,
    );
    const { code } = await bundle({ entry: temp.join('parent.ts'), nodeVersion: process.versions.node });
    writeFileSync(temp.join('parent.cjs'), code);
    const { stdout, stderr } = spawnSync(process.execPath, [temp.join('parent.cjs')], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: `3 ${String(process.platform === 'win32')}\n`, stderr: '' });
  });
});

describe('a second name', () => {
  it.each(['EPERM', 'ENOTSUP', 'EMLINK', 'EXDEV'])('is a copy where a link fails with %s', async (code) => {
    const { calls, asked } = refusing(code);
    await linkOrCopy(calls, 'a', 'b');
    expect(asked()).toBe(2);
  });

  it('leaves no half copy, and tells why it failed', async () => {
    const { calls, asked } = refusing('EPERM', 'ENOSPC');
    await expect(linkOrCopy(calls, 'a', 'b')).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(asked()).toBe(3);
  });

  it('is no copy when the link fails for another reason', async () => {
    const { calls, asked } = refusing('ENOSPC');
    await expect(linkOrCopy(calls, 'a', 'b')).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(asked()).toBe(1);
  });
});
