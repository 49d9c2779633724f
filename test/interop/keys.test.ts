/**
 * Keys: both sides read each other's files, write the same text, and derive the same public key.
 */
import { appendFileSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fromHex, toHex } from '../../src/core/base/hex.ts';
import { decodeZbase32, encodeZbase32 } from '../../src/core/base/zbase32.ts';
import { formatOwnerSeed, parseOwnerKey } from '../../src/core/keys/owner-key.ts';
import { formatPublicKey, parsePublicKey } from '../../src/core/keys/public-key.ts';
import { readKeyFile } from '../../src/io/files/key-file.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { checkSelf, peerpatch, rustpatcher } from './support/commands.ts';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import { OraclePanic, OracleRefusal, startOracle, type Oracle } from './support/oracle.ts';
import { bytesOf, SAMPLE_OWNERS } from './support/samples.ts';
import { program, RUSTPATCHERS, type Workspace } from './support/workspaces.ts';

const KEY = 'axegnqus3miex47g1kxf1j7j8spczbc57go7jgpeixq8nxjfz7gy';
/** Text, what z32 1.3.0 makes of it, and whether it is the text of a key for us. */
const ODD_TEXTS: readonly (readonly [name: string, text: string, rust: 'key' | 'no key' | 'error', ours: boolean])[] = [
  ['as both write it', KEY, 'key', true],
  ['lowest unused bit set', `${KEY.slice(0, -1)}b`, 'key', false],
  ['all unused bits set', `${KEY.slice(0, -1)}x`, 'key', false],
  ['without its last character, which is y', KEY.slice(0, -1), 'key', false],
  ['one character short of that', KEY.slice(0, -2), 'no key', false],
  ['one character more', `${KEY}y`, 'no key', false],
  ['two keys', KEY + KEY, 'no key', false],
  ['empty', '', 'no key', false],
  ['upper case', KEY.toUpperCase(), 'error', false],
  ['a character outside the alphabet', `l${KEY.slice(1)}`, 'error', false],
  ['a line end behind it', `${KEY}\n`, 'error', true],
  ['a line end of Windows behind it', `${KEY}\r\n`, 'error', true],
  ['a space in front of it', ` ${KEY}`, 'error', true],
  ['a space inside', `${KEY.slice(0, 20)} ${KEY.slice(21)}`, 'error', false],
  ['a letter of two bytes', `é${KEY.slice(1)}`, 'error', false],
];
/** Public keys in hexadecimal that only a stranger would write, and what the Rust side does with them. */
const ODD_POINTS: readonly (readonly [name: string, hex: string, rust: 'taken' | 'refused'])[] = [
  ['the neutral point', `01${'00'.repeat(31)}`, 'taken'],
  ['a point of order 2', `ec${'ff'.repeat(30)}7f`, 'taken'],
  ['a point of order 4', '00'.repeat(32), 'taken'],
  ['a point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a', 'taken'],
  ['the neutral point, y not reduced', `ee${'ff'.repeat(30)}7f`, 'taken'],
  ['y = 2, no point', `02${'00'.repeat(31)}`, 'refused'],
];

describe.each(RUSTPATCHERS)('rustpatcher %s', (version) => {
  const workspace: Workspace['name'] = `rustpatcher-${version}`;
  const folder = useTempFolder();
  const versions = `rustpatcher ${version}, z32 1.3.0`;
  const file: CaseRow = { case: 'key file', direction: 'both ways', versions };
  const text: CaseRow = { case: 'public key text', direction: 'both ways', versions };
  let oracle: Oracle;
  beforeAll(() => {
    oracle = startOracle(workspace);
  });
  afterAll(() => oracle.close());

  interopCase(file, 'a file of "rustpatcher gen" is read as the key it printed', async (count) => {
    const { code, out } = rustpatcher(version, 'gen', folder.join('key'));
    expect(code).toBe(0);
    const printed = /Public key \(z-base-32\): (\S+)/.exec(out)?.[1];
    const found = await readKeyFile(folder.join('key'));
    expect(readFileSync(folder.join('key'), 'latin1')).toBe(found.text); // 52 characters and nothing else
    expect(formatPublicKey(parseOwnerKey(found.text).publicKey)).toBe(printed);
    // It is written with the permissions that any file gets: ours says so when it reads it.
    expect(found.openToOthers).toBe((statSync(folder.join('key')).mode & 0o077) !== 0);
    count(3);
  });

  interopCase(file, 'a file of "peerpatch gen" is the key it printed', async (count) => {
    const { code, out } = peerpatch('gen', folder.join('key'), '--json');
    expect(code).toBe(0);
    const { publicKey } = JSON.parse(out) as { publicKey: string };
    const secret = readFileSync(folder.join('key'), 'latin1');
    expect(secret).toHaveLength(52);
    expect(await oracle.ask('public-key', { secret })).toEqual({
      text: publicKey,
      bytes: toHex(parsePublicKey(publicKey)),
    });
    count(2);
  });

  for (const [name, generate] of [
    ['rustpatcher gen', (path: string) => rustpatcher(version, 'gen', path)],
    ['peerpatch gen', (path: string) => peerpatch('gen', path)],
  ] as const) {
    interopCase(file, `with a file of "${name}" both commands sign for the same owner`, async (count) => {
      const [key, app] = [folder.join('key'), folder.join('app')];
      expect(generate(key).code).toBe(0);
      const owner = formatPublicKey(parseOwnerKey((await readKeyFile(key)).text).publicKey);
      const signers = [
        () => rustpatcher(version, 'sign', app, '--key-file', key),
        () => peerpatch('sign', app, '--key-file', key),
      ];
      for (const sign of signers) {
        copyFileSync(program(workspace, 'app-old'), app);
        expect(sign().code).toBe(0);
        expect(checkSelf(app, owner)).toMatch(/^accepted/);
        expect(peerpatch('verify', app, '--public-key', owner).code).toBe(0);
      }
      count(4);
    });
  }

  const difference: CaseRow = { ...file, direction: 'differ' };
  interopCase(difference, 'a key file that is not there: rustpatcher makes one and signs, ours refuses', (count) => {
    const [key, app] = [folder.join('key'), folder.join('app')];
    copyFileSync(program(workspace, 'app-old'), app);
    expect(peerpatch('sign', app, '--key-file', key)).toMatchObject({
      code: 1,
      err: expect.stringContaining('KEY_FILE_UNREADABLE') as string,
    });
    expect(folder.list()).toEqual(['app']);
    expect(rustpatcher(version, 'sign', app, '--key-file', key).code).toBe(0);
    expect(folder.list()).toEqual(['app', 'key']);
    count(2);
  });

  interopCase(difference, 'a line end behind the key: an error for rustpatcher, the key for ours', (count) => {
    const [key, app] = [folder.join('key'), folder.join('app')];
    copyFileSync(program(workspace, 'app-old'), app);
    const { code } = peerpatch('gen', key);
    expect(code).toBe(0);
    appendFileSync(key, '\n');
    expect(rustpatcher(version, 'sign', app, '--key-file', key)).toMatchObject({
      code: 1,
      err: expect.stringContaining('failed to decode signing key') as string,
    });
    expect(peerpatch('sign', app, '--key-file', key)).toMatchObject({ code: 0, err: '' });
    count(2);
  });

  interopCase(file, 'neither side overwrites a file: rustpatcher calls it done, ours an error', (count) => {
    writeFileSync(folder.join('key'), 'something else');
    expect(rustpatcher(version, 'gen', folder.join('key')).code).toBe(0);
    expect(peerpatch('gen', folder.join('key'))).toMatchObject({ code: 1 });
    expect(readFileSync(folder.join('key'), 'latin1')).toBe('something else');
    count(3);
  });

  interopCase(text, 'secret and public key have the same text, and the same public key follows', async (count) => {
    for (const { seed, key } of SAMPLE_OWNERS) {
      const secret = await oracle.ask<string>('z32-encode', { bytes: toHex(seed) });
      expect(secret).toBe(formatOwnerSeed(seed));
      expect(await oracle.ask('public-key', { secret })).toEqual({
        bytes: toHex(key.publicKey),
        text: formatPublicKey(key.publicKey),
      });
      expect(await oracle.ask('z32-decode', { text: formatPublicKey(key.publicKey) })).toBe(toHex(key.publicKey));
    }
    expect(SAMPLE_OWNERS.length).toBeGreaterThanOrEqual(20);
    count(SAMPLE_OWNERS.length * 3);
  });

  interopCase(text, 'texts of every length are the same', async (count) => {
    for (let length = 0; length <= 40; length++) {
      const bytes = bytesOf('text', length);
      const written = await oracle.ask<string>('z32-encode', { bytes: toHex(bytes) });
      expect(encodeZbase32(bytes)).toBe(written);
      expect(decodeZbase32(written)).toEqual(bytes);
    }
    count(41);
  });

  for (const [name, odd, rust, ours] of ODD_TEXTS) {
    const verdict = `rustpatcher says ${rust}, ours says ${ours ? 'key' : 'no key'}`;
    const agree = ours ? 'both ways' : 'both refuse';
    const row: CaseRow = { ...text, direction: (rust === 'key') === ours ? agree : 'differ' };
    interopCase(row, `${name}: ${verdict}`, async () => {
      const process = startOracle(workspace); // a process has one owner for ever
      try {
        const decoded = oracle.ask<string>('z32-decode', { text: odd });
        if (rust === 'error') await expect(decoded).rejects.toThrow(OracleRefusal);
        else expect((await decoded).length === 64).toBe(rust === 'key');
        const owner = process.ask('own-key', { text: odd });
        if (rust === 'key') expect(await owner).toBe(KEY);
        else await expect(owner).rejects.toThrow(OraclePanic);
      } finally {
        await process.close();
      }
      if (ours) expect(formatPublicKey(parsePublicKey(odd))).toBe(KEY);
      else expect(() => parsePublicKey(odd)).toThrow(expect.objectContaining({ code: 'KEY_MALFORMED' }) as Error);
    });
  }

  for (const [name, hex, rust] of ODD_POINTS) {
    const row: CaseRow = { ...text, direction: rust === 'taken' ? 'differ' : 'both refuse' };
    interopCase(row, `${name} as a public key: rustpatcher has it ${rust}, ours refuses it`, async () => {
      const odd = encodeZbase32(fromHex(hex));
      const process = startOracle(workspace);
      try {
        const owner = process.ask('own-key', { text: odd });
        if (rust === 'refused') await expect(owner).rejects.toThrow(OraclePanic);
        else expect(await owner).toBe(odd);
      } finally {
        await process.close();
      }
      expect(() => parsePublicKey(odd)).toThrow(expect.objectContaining({ code: 'KEY_MALFORMED' }) as Error);
    });
  }
});
