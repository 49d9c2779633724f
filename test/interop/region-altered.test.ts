/**
 * The region of real Rust programs, altered: both sides refuse; and what ours refuses that Rust accepts.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect } from 'vitest';
import { fromHex } from '../../src/core/base/hex.ts';
import { checkReleaseBytes } from '../../src/core/release/accept.ts';
import { verifyRelease } from '../../src/core/release/release.ts';
import { parseVersion } from '../../src/core/release/version.ts';
import { BOUND_BYTES } from '../../src/core/stamp/marker.ts';
import { createMeasure } from '../../src/core/stamp/measure.ts';
import { signProgram } from '../../src/tools/sign/sign-program.ts';
import { alterationsOf, moveRegion, writeVersion } from './support/altered-programs.ts';
import { checkSelf } from './support/commands.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { APP_KEY, APP_OWNER, placesIn, useRustApp } from './support/rust-app.ts';
import { bytesOf } from './support/samples.ts';
import { program, RUSTPATCHERS } from './support/workspaces.ts';

describe.each(RUSTPATCHERS)('rustpatcher %s', (version) => {
  const app = useRustApp(version);
  const place = placesIn(version);
  const row = (name: string, direction: CaseRow['direction']): CaseRow => ({
    case: `region: ${name}`,
    direction,
    versions: `rustpatcher ${version}`,
  });
  /** The program as ours signed it, version 1.0.0. */
  let signed: Uint8Array;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'peerpatch-test-'));
    try {
      const path = join(folder, 'app');
      copyFileSync(program(`rustpatcher-${version}`, 'app-old'), path);
      await signProgram({ program: path, key: APP_KEY, appVersion: '1.0.0' });
      signed = new Uint8Array(readFileSync(path)); // slices of a Buffer would share its bytes
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  for (const { name, alter, code, starts } of alterationsOf(place)) {
    const started = starts ? 'and the program itself' : '(it no longer starts)';
    interopCase(
      row('altered', 'both refuse'),
      `${name}: ${code} for ours, refused by Patch::verify ${started}`,
      async (count) => {
        writeFileSync(app.path, alter(signed));
        expect(app.verifyByUs()).toBe(code);
        await expect(app.verifyByRust()).rejects.toThrow();
        if (starts) expect(checkSelf(app.path, APP_OWNER)).toMatch(/^refused/);
        count(starts ? 3 : 2);
      },
    );
  }

  const difference = row('ours refuses what Rust accepts', 'differ');
  for (const [name, target] of [
    ['at the start', 0],
    ['behind the ELF header', 64],
    ['one byte further', place.region + 1],
    ['at the end', place.fileBytes - 176],
  ] as const) {
    interopCase(difference, `the region moved: ${name}`, async (count) => {
      writeFileSync(app.path, moveRegion(signed, place.region, target));
      expect(await app.verifyByRust()).toMatchObject({ version: '1.0.0' });
      expect(app.verifyByUs()).toBe('STAMP_MALFORMED');
      count(2);
    });
  }

  interopCase(difference, 'a download whose region says something else than its release', async (count) => {
    writeFileSync(app.path, signed);
    const { version: text, size, hash, signature } = await app.verifyByRust();
    const release = verifyRelease(APP_KEY.publicKey, {
      version: parseVersion(text),
      sizeBytes: Number(size),
      hash: fromHex(hash),
      signature: fromHex(signature),
    });
    for (const payload of [new Uint8Array(120), new Uint8Array(120).fill(0xab), bytesOf('payload', 120)]) {
      const altered = signed.slice();
      altered.set(payload, place.region + BOUND_BYTES);
      writeFileSync(app.path, altered);
      const announced = { path: app.path, version: text, size, hash, signature };
      expect(await app.oracle.ask('verify-download', announced)).toMatchObject({ version: text });
      const measure = createMeasure();
      measure.update(altered);
      const measured = measure.finish();
      expect(() => {
        checkReleaseBytes(release, measured);
      }).toThrow(expect.objectContaining({ code: 'RELEASE_MISMATCH' }) as Error);
    }
    count(6);
  });

  for (const [text, code] of [
    ['1.0.0 ', 'VERSION_MALFORMED'],
    [' 1.0.0', 'VERSION_MALFORMED'],
    ['1.0.0\n', 'STAMP_MALFORMED'],
    ['+1.0.0', 'VERSION_MALFORMED'],
    ['01.0.0', 'VERSION_MALFORMED'],
    ['1.-0.0', 'VERSION_MALFORMED'],
  ] as const) {
    interopCase(difference, `another text for 1.0.0 in the region: ${JSON.stringify(text)}`, async (count) => {
      writeFileSync(app.path, writeVersion(signed, place.region, text));
      expect(await app.verifyByRust()).toMatchObject({ version: '1.0.0' });
      expect(checkSelf(app.path, APP_OWNER)).toBe('accepted Version(1, 0, 0)');
      expect(app.verifyByUs()).toBe(code);
      count(3);
    });
  }
});
