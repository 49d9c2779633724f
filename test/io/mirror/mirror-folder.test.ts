import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import type * as Files from 'node:fs/promises';
import { describe, expect, it, vi } from 'vitest';
import { openMirrorFolder, type MirrorFolder } from '../../../src/io/mirror/mirror-folder.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

/** Called once, at the next look at a file of such a name: before it, or after it and before the answer is used. */
const interlude: { name?: RegExp; act?: () => void | Promise<void>; isBefore?: boolean } = {};

vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof Files>();
  const stat = async (...args: Parameters<typeof real.stat>): Promise<unknown> => {
    const { name, act, isBefore } = interlude;
    if (name?.test(String(args[0])) !== true) return real.stat(...args);
    delete interlude.name;
    if (isBefore) await act?.();
    const found = await real.stat(...args);
    if (!isBefore) await act?.();
    return found;
  };
  return { ...real, stat };
});

const folder = useTempFolder();
const LOCK = '.staging-statement';
const open = (): Promise<MirrorFolder> => openMirrorFolder(folder.path, 'owner');
const inOwner = (name: string): string => folder.join('owner', name);
const staged = (): string[] => readdirSync(folder.join('owner')).sort();

function makeLock(ageMs: number): void {
  mkdirSync(folder.join('owner'), { recursive: true });
  writeFileSync(inOwner(LOCK), '');
  const then = new Date(Date.now() - ageMs);
  utimesSync(inOwner(LOCK), then, then);
}

function during(name: RegExp, act: () => void | Promise<void>, isBefore = false): void {
  Object.assign(interlude, { name, act, isBefore });
}

/** Work that ends when it is let go. */
function held(): { readonly work: () => Promise<void>; readonly letGo: () => void; readonly hasBegun: Promise<void> } {
  let [letGo, begin] = [(): void => undefined, (): void => undefined];
  const end = new Promise<void>((resolve) => (letGo = resolve));
  const hasBegun = new Promise<void>((resolve) => (begin = resolve));
  return { work: () => (begin(), end), letGo, hasBegun };
}

describe('two exports that find the same stale lock', () => {
  it('do not both hold it: the slower one leaves what the faster one made, and waits', async () => {
    const [slow, fast] = [await open(), await open()];
    makeLock(31_000);
    const first = held();
    let fastWork = Promise.resolve();
    during(/-statement$/, async () => {
      fastWork = fast.alone('owner/statement', first.work);
      await first.hasBegun;
    });
    const order: string[] = [];
    const slowWork = slow.alone('owner/statement', () => Promise.resolve(void order.push('slow')));
    await first.hasBegun;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(order).toEqual([]);
    expect(existsSync(inOwner(LOCK))).toBe(true);
    order.push('fast ends');
    first.letGo();
    await Promise.all([fastWork, slowWork]);
    expect(order).toEqual(['fast ends', 'slow']);
    await Promise.all([slow.close(), fast.close()]);
    expect(staged()).toEqual([]);
  });

  it('do not both hold it when the slower one is only being opened', async () => {
    const fast = await open();
    makeLock(3_700_000);
    const first = held();
    let fastWork = Promise.resolve();
    during(/-statement$/, async () => {
      fastWork = fast.alone('owner/statement', first.work);
      await first.hasBegun;
    });
    const slow = await open();
    expect(existsSync(inOwner(LOCK))).toBe(true);
    first.letGo();
    await fastWork;
    await Promise.all([slow.close(), fast.close()]);
    expect(staged()).toEqual([]);
  });
});

describe('openMirrorFolder', () => {
  it('removes what killed exports left, and nothing that is younger than an hour', async () => {
    makeLock(3_700_000);
    const then = new Date(Date.now() - 3_700_000);
    for (const name of ['.staging-old', '.staging-new']) {
      mkdirSync(inOwner(name));
      writeFileSync(inOwner(`${name}/0`), '');
    }
    utimesSync(inOwner('.staging-old'), then, then);
    const opened = await open();
    await opened.close();
    expect(staged()).toEqual(['.staging-new']);
  });

  it('does not mind an export that ends meanwhile', async () => {
    mkdirSync(folder.join('owner'));
    symlinkSync('nowhere', inOwner('.staging-gone')); // is listed, and cannot be looked at
    const opened = await open();
    await opened.close();
    expect(staged()).toEqual(['.staging-gone']);
  });

  it('does not mind another export that removes the same', async () => {
    makeLock(3_700_000);
    const other: MirrorFolder[] = [];
    during(/-statement$/, async () => void other.push(await open()));
    for (const opened of [await open(), ...other]) await opened.close();
    expect(staged()).toEqual([]);
  });

  it('does not mind another export that removes what was put aside', async () => {
    makeLock(3_700_000);
    const other: MirrorFolder[] = [];
    const aside = /\.staging-[0-9a-f-]{36}$/;
    during(aside, async () => void other.push(await open()), true);
    for (const opened of [await open(), ...other]) await opened.close();
    expect(other).toHaveLength(1);
    expect(staged()).toEqual([]);
  });
});
