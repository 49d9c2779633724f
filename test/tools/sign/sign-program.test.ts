import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { createPlaceholder } from '../../../src/core/release/placeholder.ts';
import { encodeUnsignedRegion } from '../../../src/core/release/region.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { boundBytes } from '../../../src/core/stamp/marker.ts';
import { sampleProgram, signSample } from '../../../src/testing/sample-program.ts';
import type { SignStep } from '../../../src/tools/sign/sign-options.ts';
import { signProgram } from '../../../src/tools/sign/sign-program.ts';
import { verifyProgram } from '../../../src/tools/verify-program.ts';
import { machOProgram, signedAdHoc, watched } from '../../support/macho-samples.ts';
import { failure, filler, insert, OWNER, V0, V0_FILE } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import { HAS_MODES } from '../../support/this-system.ts';

const PUBLIC_KEY = formatPublicKey(OWNER.publicKey);
const V0_ONLY = { v0Only: true } as const;
/** What a sample's header does not tell. */
const NAME = { app: 'sample', target: 'linux-x64' } as const;
/** Where a sample of 10000 bytes has its region. */
const REGION_AT = 4350 + 1124;

describe('signProgram', () => {
  const folder = useTempFolder();

  /** A program file with these bytes. */
  function program(bytes: Uint8Array, mode = 0o755): string {
    writeFileSync(folder.join('app'), bytes, { mode });
    return folder.join('app');
  }

  it('makes the signed file of the worked example, byte for byte', async () => {
    const unsigned = V0_FILE.slice();
    unsigned.fill(0, 20 + 28, 20 + 132);
    const path = program(unsigned);
    const { version, publicKey, release } = await signProgram({ program: path, key: OWNER });
    expect(toHex(readFileSync(path))).toBe(toHex(V0_FILE));
    expect({ version, publicKey }).toEqual({ version: '1.2.3', publicKey: V0.owner.publicKeyText });
    expect(toHex(release.signature)).toBe(V0.stamp.signature);
  });

  it('signs a program of several pieces as it signs one in memory', async () => {
    const unsigned = sampleProgram({ version: '2.0.1', sizeBytes: 3_500_001 });
    const path = program(unsigned);
    await signProgram({ ...V0_ONLY, program: path, key: OWNER });
    expect(Buffer.compare(readFileSync(path), signSample(unsigned, OWNER).file)).toBe(0);
  });

  it('signs again, as another version where asked to', async () => {
    const path = program(sampleProgram({ version: '1.0.0' }));
    await signProgram({ ...V0_ONLY, program: path, key: OWNER });
    const first = readFileSync(path);
    await signProgram({ ...V0_ONLY, program: path, key: OWNER });
    expect(readFileSync(path)).toEqual(first);
    await signProgram({ ...V0_ONLY, program: path, key: OWNER, appVersion: '1.0.1' });
    expect((await verifyProgram({ program: path, publicKey: PUBLIC_KEY })).version).toBe('1.0.1');
  });

  it.runIf(HAS_MODES).each([0o755, 0o700, 0o640])('keeps mode %o', async (mode) => {
    const path = program(sampleProgram({ version: '1.0.0' }), mode);
    await signProgram({ ...NAME, program: path, key: OWNER });
    expect(statSync(path).mode & 0o7777).toBe(mode);
  });

  it('signs the file behind a link', async () => {
    const path = program(sampleProgram({ version: '1.0.0' }));
    symlinkSync('app', folder.join('link'));
    expect((await signProgram({ ...NAME, program: folder.join('link'), key: OWNER })).path).toBe(path);
    await verifyProgram({ program: path, publicKey: PUBLIC_KEY });
    expect(folder.list()).toEqual(['app', 'link']);
  });

  it('signs a Mach-O program without its code signature, and makes the page hashes in that anew', async () => {
    const built = machOProgram();
    built.set(encodeUnsignedRegion(parseVersion('1.0.0')), 4000);
    const path = program(signedAdHoc(built));
    expect((await signProgram({ program: path, key: OWNER })).release.sizeBytes).toBe(21_392 - 176);
    expect(watched(readFileSync(path))?.wrongPages).toEqual([]);
    await verifyProgram({ program: path, publicKey: PUBLIC_KEY });
  });

  it.runIf(process.platform === 'linux' && existsSync('/bin/echo'))('leaves a real program that runs', async () => {
    const path = program(concatBytes(readFileSync('/bin/echo'), createPlaceholder(parseVersion('1.0.0'))));
    await signProgram({ program: path, key: OWNER });
    expect(execFileSync(path, ['it', 'runs'], { encoding: 'utf8' })).toBe('it runs\n');
    await verifyProgram({ program: path, publicKey: PUBLIC_KEY });
  });

  it('tells its progress up to the end', async () => {
    const path = program(sampleProgram({ version: '1.0.0', sizeBytes: 3_000_000 }));
    const told = new Map<SignStep, number[]>();
    const onProgress = (done: number, total: number, step: SignStep): void => {
      expect(total).toBe(3_000_000);
      told.set(step, [...(told.get(step) ?? []), done]);
    };
    await signProgram({ ...NAME, program: path, key: OWNER, onProgress });
    expect([...told.keys()]).toEqual(['copy', 'image', 'sign']);
    for (const steps of told.values()) {
      expect(steps.length).toBeGreaterThan(1);
      expect(steps.at(-1)).toBe(3_000_000);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
    }
  });

  const sample = sampleProgram({ version: '1.0.0' });
  const moved = insert(
    concatBytes(sample.slice(0, REGION_AT), sample.slice(REGION_AT + 176)),
    sample.slice(REGION_AT, REGION_AT + 176),
    100,
  );
  it.each([
    ['STAMP_MISSING', filler(1000), {}],
    ['STAMP_MALFORMED', concatBytes(sample, boundBytes()), {}],
    ['STAMP_MALFORMED', moved, {}],
    ['VERSION_MALFORMED', sample, { appVersion: '1.0' }],
    ['VERSION_MALFORMED', sample, { appVersion: '12345.67890.12345' }],
    ['VERSION_MALFORMED', sample, { appVersion: '1.0.0-beta.1', ...V0_ONLY }],
    ['VERSION_MALFORMED', sample, { appVersion: '1.0.0+build' }],
  ] as const)('%s: leaves the file and the folder as they were', async (code, bytes, more) => {
    const path = program(bytes);
    await expect(signProgram({ program: path, key: OWNER, ...more })).rejects.toEqual(failure(code));
    expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
    expect(folder.list()).toEqual(['app']);
  });

  it('VERSION_MALFORMED: refuses a version that no program has room for before it opens one', async () => {
    const signing = signProgram({ program: folder.join('app'), key: OWNER, appVersion: '12345.67890.12345' });
    await expect(signing).rejects.toEqual(failure('VERSION_MALFORMED'));
  });

  it('PROGRAM_UNREADABLE: no such file', async () => {
    const signing = signProgram({ program: folder.join('app'), key: OWNER });
    await expect(signing).rejects.toEqual(failure('PROGRAM_UNREADABLE'));
  });

  it.each(['copy', 'image', 'sign'] as const)(
    'CANCELLED in step %s: leaves file and folder as they were',
    async (last) => {
      const bytes = sampleProgram({ version: '1.0.0', sizeBytes: 5_000_000 });
      const path = program(bytes);
      const stop = new AbortController();
      const signing = signProgram({
        program: path,
        key: OWNER,
        ...NAME,
        signal: stop.signal,
        onProgress: (_done, _total, step) => {
          if (step === last) stop.abort();
        },
      });
      await expect(signing).rejects.toEqual(failure('CANCELLED'));
      expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
      expect(folder.list()).toEqual(['app']);
    },
  );
});
