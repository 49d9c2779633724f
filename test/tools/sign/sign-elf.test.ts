/**
 * Real executables: they still run after signing, and a region that was moved inside them is refused.
 *
 * @module
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { createPlaceholder } from '../../../src/core/release/placeholder.ts';
import { encodeUnsignedRegion } from '../../../src/core/release/region.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { inspectProgram } from '../../../src/tools/inspect-program.ts';
import { signProgram } from '../../../src/tools/sign/sign-program.ts';
import { verifyProgram } from '../../../src/tools/verify-program.ts';
import { failure, insert, OWNER } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const publicKey = formatPublicKey(OWNER.publicKey);
const VERSION = parseVersion('2.3.4');

/** Takes the 176 bytes at `from` out and puts them in at `to`, counted without them. */
function moveRegion(file: Uint8Array, from: number, to: number): Uint8Array {
  const without = Buffer.concat([file.subarray(0, from), file.subarray(from + 176)]);
  return insert(without, file.subarray(from, from + 176), to);
}

function works(command: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'pipe' });
    return true;
  } catch {
    console.warn(`skipped: tests with a compiled program need ${command}`);
    return false;
  }
}

describe.runIf(process.platform === 'linux' && existsSync('/usr/bin/true'))(
  'a program of the system with a stamp appended',
  () => {
    const folder = useTempFolder();

    const signed = async (): Promise<string> => {
      const path = folder.join('app');
      copyFileSync('/usr/bin/true', path);
      writeFileSync(path, createPlaceholder(VERSION), { flag: 'a' });
      chmodSync(path, 0o755);
      await signProgram({ program: path, key: OWNER });
      return path;
    };

    it('runs after it was signed, and verifies', async () => {
      const path = await signed();
      execFileSync(path);
      expect((await verifyProgram({ program: path, publicKey })).version).toBe('2.3.4');
      expect(await inspectProgram(path)).toMatchObject({ boundBy: 'anchor', isSigned: true });
      expect(folder.list()).toEqual(['app']);
    });

    it('STAMP_MALFORMED: its region was moved in front of the anchor, or between its code', async () => {
      const path = await signed();
      const file = readFileSync(path);
      for (const to of [file.length - 1300, file.length - 300, 4096, 64]) {
        writeFileSync(path, moveRegion(file, file.length - 176, to));
        await expect(verifyProgram({ program: path, publicKey })).rejects.toEqual(failure('STAMP_MALFORMED'));
        await expect(signProgram({ program: path, key: OWNER })).rejects.toEqual(failure('STAMP_MALFORMED'));
      }
    });
  },
);

describe.runIf(works('gcc', '--version'))('a compiled program with a section for the region', () => {
  const folder = useTempFolder();

  /** The region is read through a volatile pointer, so that the compiler leaves it as it is. */
  function compile(section: string): string {
    const bytes = [...encodeUnsignedRegion(VERSION)].join(',');
    const [source, path] = [folder.join('app.c'), folder.join('app')];
    writeFileSync(
      source,
      `#include <stdio.h>
      __attribute__((section("${section}"), used)) static const unsigned char region[176] = {${bytes}};
      int main(void) { const volatile unsigned char *at = region; printf("%.5s", (const char *)at + 132); return 0; }`,
    );
    execFileSync('gcc', ['-o', path, source]);
    return path;
  }

  it.each(['.embsig', '.embedded_signature'])('%s: runs after signing, and reads its version', async (section) => {
    const path = compile(section);
    const unsigned = await inspectProgram(path);
    expect(unsigned).toMatchObject({ version: '2.3.4', isSigned: false, boundBy: 'section' });
    await signProgram({ program: path, key: OWNER, appVersion: '2.3.5' });
    expect(execFileSync(path, { encoding: 'latin1' })).toBe('2.3.5');
    expect((await verifyProgram({ program: path, publicKey })).version).toBe('2.3.5');
    expect(await inspectProgram(path)).toMatchObject({ boundBy: 'section', offset: unsigned.offset });
  });

  it('STAMP_MALFORMED: its region was moved, forwards or backwards, even by one byte', async () => {
    const path = compile('.embsig');
    await signProgram({ program: path, key: OWNER });
    const { offset } = await inspectProgram(path);
    const file = readFileSync(path);
    const places = [0, 64, offset - 1, offset + 1, offset + 176, file.length - 400, file.length - 176];
    for (const to of places) {
      writeFileSync(path, moveRegion(file, offset, to));
      await expect(verifyProgram({ program: path, publicKey })).rejects.toEqual(failure('STAMP_MALFORMED'));
    }
    writeFileSync(path, moveRegion(file, offset, offset));
    expect((await verifyProgram({ program: path, publicKey })).version).toBe('2.3.4');
  });

  it('is not bound when its section table was stripped, and says so', async () => {
    const path = compile('.embsig');
    const file = readFileSync(path);
    file.fill(0, 40, 48).fill(0, 58, 64); // where the table begins, how long it is, which section has the names
    writeFileSync(path, file);
    expect(await inspectProgram(path)).toMatchObject({ boundBy: 'none' });
    await signProgram({ program: path, key: OWNER });
    expect(execFileSync(path, { encoding: 'latin1' })).toBe('2.3.4');
  });
});
