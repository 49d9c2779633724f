/**
 * The region of real Rust programs: each side signs, and the other accepts.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { ownerKeyFromSeed } from '../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../src/core/keys/public-key.ts';
import { verifyRelease } from '../../src/core/release/release.ts';
import { parseVersion } from '../../src/core/release/version.ts';
import { boundBytes } from '../../src/core/stamp/marker.ts';
import { checkSelf, peerpatch, rustpatcher } from './support/commands.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { startOracle } from './support/oracle.ts';
import { APP_KEY, APP_OWNER, useRustApp } from './support/rust-app.ts';
import { seedOf } from './support/samples.ts';
import { program, RUSTPATCHERS, type RustpatcherVersion } from './support/workspaces.ts';

const SECTION_NAMES = { '0.2.0': '.embedded_signature', '0.2.2': '.embsig' };

describe.each(RUSTPATCHERS)('rustpatcher %s', (version) => {
  const other: RustpatcherVersion = version === '0.2.0' ? '0.2.2' : '0.2.0';
  const app = useRustApp(version);
  const row = (name: string, direction: CaseRow['direction']): CaseRow => ({
    case: `region: ${name}`,
    direction,
    versions: `rustpatcher ${version}`,
  });

  interopCase(row('place', 'equal'), 'a built program has one region, in the section that binds it', async (count) => {
    const bytes = readFileSync(app.path);
    const bounds = offsetsOf(bytes, boundBytes());
    const { offset, boundBy, version: text, signed } = app.inspect();
    expect(bounds).toEqual([offset, offset + 148]);
    expect({ boundBy, signed }).toEqual({ boundBy: 'section', signed: false });
    expect(bytes.includes(`\0${SECTION_NAMES[version]}\0`)).toBe(true);
    expect(bytes.includes(`\0${SECTION_NAMES[other]}\0`)).toBe(false);
    const cut = await app.oracle.ask('cut-program', { path: app.path });
    const region = toHex(bytes.subarray(offset, offset + 176));
    expect(cut).toEqual({ start: offset, end: offset + 176, rest: bytes.length - 176, region });
    // The version of the library, not of the program, which is 1.0.0.
    expect(text).toBe(version);
    count(7);
  });

  interopCase(row('a third bound', 'both refuse'), 'the command of rustpatcher cannot be signed', (count) => {
    // A program that writes regions has the bound among its constants as well; one that only updates itself has not.
    copyFileSync(program(`rustpatcher-${version}`, 'rustpatcher'), app.path);
    expect(offsetsOf(readFileSync(app.path), boundBytes())).toHaveLength(3);
    const byRust = rustpatcher(version, 'sign', app.path, '--key-file', app.keyFile);
    expect(byRust).toMatchObject({ code: 1, err: expect.stringContaining('invalid embed section size') as string });
    const byUs = peerpatch('sign', app.path, '--key-file', app.keyFile);
    expect(byUs).toMatchObject({ code: 1, err: expect.stringContaining('STAMP_MALFORMED') as string });
    count(3);
  });

  interopCase(row('Rust signs, ours accepts', 'ours ← Rust'), 'verify accepts and inspect agrees', async (count) => {
    app.signByRust(version);
    expect(app.verifyByUs()).toBeUndefined();
    const ours = app.inspect();
    const theirs = await app.oracle.ask('inspect-program', { path: app.path });
    const { signature, hash, size } = ours;
    expect(theirs).toEqual({ version: ours.version, hash, size: String(size), signature });
    expect(ours).toMatchObject({ version, signed: true, intact: true, boundBy: 'section', size: ours.fileBytes - 176 });
    expect(checkSelf(app.path, APP_OWNER)).toBe(`accepted Version(${version.replaceAll('.', ', ')})`);
    count(4);
  });

  interopCase(row('same bytes', 'equal'), 'both signers write the same file', (count) => {
    app.signByRust(version);
    const byRust = readFileSync(app.path);
    copyFileSync(program(`rustpatcher-${version}`, 'app-old'), app.path);
    app.signByUs();
    expect(readFileSync(app.path).equals(byRust)).toBe(true);
    app.signByUs(); // signing again changes nothing: Ed25519 is deterministic
    expect(readFileSync(app.path).equals(byRust)).toBe(true);
    count(2);
  });

  interopCase(
    row('ours signs, Rust accepts', 'Rust ← ours'),
    'it starts and accepts itself as 1.0.0',
    async (count) => {
      expect(checkSelf(app.path, APP_OWNER)).toMatch(/^refused/);
      app.signByUs('--app-version', '1.0.0');
      expect(checkSelf(app.path, APP_OWNER)).toBe('accepted Version(1, 0, 0)');
      expect(await app.verifyByRust()).toMatchObject({ version: '1.0.0' });
      expect(app.verifyByUs()).toBeUndefined();
      count(4);
    },
  );

  const versions = ['0.0.0', '0.0.1', '10.20.30', '2147483647.0.0', '0.2147483647.0', '1.2.3', '99999.99999.9999'];
  interopCase(row('ours signs, Rust accepts', 'Rust ← ours'), 'whatever version it is given', async (count) => {
    for (const text of versions) {
      app.signByUs('--app-version', text);
      expect(await app.verifyByRust()).toMatchObject({ version: text });
      expect(checkSelf(app.path, APP_OWNER)).toBe(`accepted Version(${text.replaceAll('.', ', ')})`);
    }
    count(versions.length);
  });

  interopCase(row('ours signs, Rust accepts', 'Rust ← ours'), 'another owner is refused by both', async (count) => {
    const stranger = formatPublicKey(ownerKeyFromSeed(seedOf('region', 1)).publicKey);
    app.signByUs('--app-version', '1.0.0');
    expect(checkSelf(app.path, stranger)).toMatch(/^refused/);
    const { code, out } = peerpatch('verify', app.path, '--public-key', stranger, '--json');
    expect({ code, text: out }).toMatchObject({
      code: 1,
      text: expect.stringContaining('RELEASE_BAD_SIGNATURE') as string,
    });
    const process = startOracle(`rustpatcher-${version}`);
    try {
      await process.ask('own-key', { text: stranger });
      await expect(process.ask('verify-program', { path: app.path })).rejects.toThrow('signature error');
    } finally {
      await process.close();
    }
    count(3);
  });

  interopCase(
    row('signer and library of different versions', 'both refuse'),
    `signed by the command of ${other} it is refused: the region says ${other}, the signature ${version}`,
    async (count) => {
      app.signByRust(other);
      expect(app.inspect()).toMatchObject({ version: other, intact: true });
      const { hash, size, signature } = app.inspect();
      const release = { hash: fromHex(hash), sizeBytes: size, signature: fromHex(signature) };
      expect(() => verifyRelease(APP_KEY.publicKey, { ...release, version: parseVersion(version) })).not.toThrow();
      expect(app.verifyByUs()).toBe('RELEASE_BAD_SIGNATURE');
      await expect(app.verifyByRust()).rejects.toThrow('signature error');
      expect(checkSelf(app.path, APP_OWNER)).toMatch(/^refused/);
      count(5);
    },
  );

  interopCase(
    row('signer and library of different versions', 'both refuse'),
    'signed again by Rust after ours as 1.0.0 it is refused; signed again by ours it is accepted',
    async (count) => {
      app.signByUs('--app-version', '1.0.0');
      app.signByRust(version);
      expect(app.inspect()).toMatchObject({ version, intact: true });
      expect(app.verifyByUs()).toBe('RELEASE_BAD_SIGNATURE');
      await expect(app.verifyByRust()).rejects.toThrow('signature error');
      app.signByUs('--app-version', '1.0.0');
      expect(app.verifyByUs()).toBeUndefined();
      expect(await app.verifyByRust()).toMatchObject({ version: '1.0.0' });
      count(5);
    },
  );
});

function offsetsOf(bytes: Buffer, wanted: Uint8Array): number[] {
  const offsets: number[] = [];
  for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + 1)) offsets.push(at);
  return offsets;
}
