import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../src/core/base/errors.ts';
import { ownerKeyFromSeed } from '../../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { createPlaceholder } from '../../../src/core/release/placeholder.ts';
import { decodeRegion } from '../../../src/core/stamp/region.ts';
import { encodeReleaseBlock } from '../../../src/core/stamp/block.ts';
import { signStatement, statementSalt, type SignedStatement } from '../../../src/core/statement/statement.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../../src/testing/sample-program.ts';
import type { SignProgramOptions } from '../../../src/tools/sign/sign-options.ts';
import { signProgram, type SignedProgram } from '../../../src/tools/sign/sign-program.ts';
import { verifyProgram } from '../../../src/tools/verify-program.ts';
import { failure, filler, insert, machOHead, measureFile, OWNER } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const NOW = 1_790_000_000;
const PUBLIC_KEY = formatPublicKey(OWNER.publicKey);
const OLD = signSampleStatement(sampleProgram({ version: '1.0.0' }), OWNER, { seq: BigInt(NOW - 100) });
const NEW = sampleProgram({ version: '1.1.0', seed: 1 });

/** Signed by the owner from end to end, and wrong: a delta from it would fit nobody. */
function withOtherRoot(): Uint8Array {
  const { item } = signStatement(OWNER, { ...OLD.statement, root: new Uint8Array(32) }, 1n);
  const file = OLD.file.slice();
  file.set(encodeReleaseBlock(item), OLD.statement.stampOffset);
  return signSample(file, OWNER).file;
}

describe('signing with a statement', () => {
  const folder = useTempFolder();
  const startedIn = process.cwd();
  afterEach(() => {
    process.chdir(startedIn);
  });

  function put(name: string, bytes: Uint8Array): string {
    writeFileSync(folder.join(name), bytes, { mode: 0o755 });
    return folder.join(name);
  }
  const sign = (bytes: Uint8Array, options: Partial<SignProgramOptions> = {}): Promise<SignedProgram> =>
    signProgram({
      program: put('app', bytes),
      key: OWNER,
      app: 'sample',
      target: 'linux-x64',
      issuedAt: NOW,
      ...options,
    });
  const stated = async (bytes: Uint8Array, options?: Partial<SignProgramOptions>): Promise<SignedStatement> => {
    const { statement } = await sign(bytes, options);
    if (statement === undefined) throw new Error('signed without a statement');
    return statement;
  };

  it('makes the file that is made in memory, byte for byte', async () => {
    const expected = signSampleStatement(NEW, OWNER, { seq: BigInt(NOW), issuedAt: NOW });
    const signed = await sign(NEW);
    expect(readFileSync(folder.join('app')).equals(expected.file)).toBe(true);
    expect(signed).toMatchObject({ version: '1.1.0', statement: expected.statement, deltas: [], warnings: [] });
    expect(await verifyProgram({ program: folder.join('app'), publicKey: PUBLIC_KEY })).toMatchObject({
      version: '1.1.0',
      statement: expected.statement,
    });
  });

  it('carries everything it was given', async () => {
    const rollout = { percent: 25, startsAt: NOW + 60, rampSeconds: 3600 };
    const given = {
      channel: 'beta',
      expiresAt: NOW + 1000,
      lowestVersion: '1.0.0-rc.1',
      isCritical: true,
      rollout,
      mirrors: ['https://example.com/a', 'http://b'],
      notesUrl: 'https://example.com/notes',
      speaksV0: true,
    };
    const statement = await stated(NEW, { ...given, appVersion: '1.1.0-rc.2', seq: 2n ** 40n });
    expect(statement).toMatchObject({ ...given, app: 'sample', version: '1.1.0-rc.2', seq: 2n ** 40n, issuedAt: NOW });
    const { region, stampOffset } = measureFile(readFileSync(folder.join('app')));
    expect(decodeRegion(region).versionText).toBe('1.1.0');
    expect(statement).toMatchObject({ stampOffset, sizeBytes: NEW.length, deltas: [] });
    expect(statementSalt(statement)).toHaveLength(35);
  });

  it('signs the version the build wrote, a pre-release too, also when it signs again', async () => {
    const built = NEW.slice();
    built.set(createPlaceholder('1.2.0-beta.1'), measureFile(NEW).regionOffset - 1124);
    expect((await stated(built)).version).toBe('1.2.0-beta.1');
    expect((await stated(readFileSync(folder.join('app')))).version).toBe('1.2.0-beta.1');
    // In the v0 profile there is no such version.
    await expect(sign(built, { app: undefined, target: undefined, v0Only: true })).rejects.toEqual(
      failure('VERSION_MALFORMED'),
    );
  });

  it('signs again with a higher sequence number and the same root', async () => {
    const first = await stated(NEW);
    const second = await stated(readFileSync(folder.join('app')), { mirrors: ['http://a'] });
    expect(second.seq).toBe(first.seq + 1n);
    expect(second.root).toEqual(first.root);
    expect((await stated(readFileSync(folder.join('app')), { issuedAt: NOW + 50 })).seq).toBe(BigInt(NOW + 50));
    // Another channel has numbers of its own.
    expect((await stated(readFileSync(folder.join('app')), { channel: 'beta' })).seq).toBe(BigInt(NOW));
  });

  it('takes away the statement with v0Only', async () => {
    await sign(OLD.file, { app: undefined, target: undefined, v0Only: true });
    const expected = signSample(sampleProgram({ version: '1.0.0' }), OWNER).file;
    expect(readFileSync(folder.join('app')).equals(expected)).toBe(true);
  });

  it.each([
    [
      'a statement of another owner',
      signSampleStatement(NEW, ownerKeyFromSeed(new Uint8Array(32)), { seq: 2n ** 60n }).file,
    ],
    ['a damaged block', NEW.with(measureFile(NEW).regionOffset - 1, 1)],
  ])('writes over %s', async (_what, bytes) => {
    expect(await stated(bytes)).toMatchObject({ version: '1.1.0', seq: BigInt(NOW) });
    await verifyProgram({ program: folder.join('app'), publicKey: PUBLIC_KEY });
  });

  describe('its name', () => {
    const nameless = { app: undefined };
    const inPackage = (name: string): string => put('package.json', new TextEncoder().encode(JSON.stringify({ name })));

    it('is the app of the nearest package.json', async () => {
      inPackage('@scope/tool');
      expect((await stated(NEW, nameless)).app).toBe('@scope/tool');
    });

    it('is that of the current folder for a program that lies in no package', async () => {
      process.chdir(startedIn);
      expect((await stated(NEW, nameless)).app).toBe('peerpatch');
    });

    it('stays the one it was signed under', async () => {
      inPackage('renamed');
      expect((await stated(OLD.file, nameless)).app).toBe('sample');
    });

    it.each([
      ['elf-x64', 62, 'linux-x64'],
      ['elf-arm64', 183, 'linux-arm64'],
    ])('has the target of its header: %s', async (_format, machine, target) => {
      const elf = NEW.slice();
      elf.fill(0, 0, 64).set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
      elf[18] = machine;
      expect((await stated(elf, { target: undefined })).target).toBe(target);
    });

    it('is not signed for a target that its header contradicts', async () => {
      const elf = NEW.slice();
      elf.fill(0, 0, 64).set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
      elf[18] = 183;
      await expect(sign(elf, { target: 'linux-x64' })).rejects.toEqual(failure('OPTION_INVALID'));
      expect((await stated(elf, { target: 'our-board' })).target).toBe('our-board');
    });

    it.each([
      ['OPTION_INVALID', 'no target in the header', { target: undefined }],
      ['OPTION_INVALID', 'a package whose name is too long', { app: 'a'.repeat(65) }],
      ['OPTION_INVALID', 'a target in capitals', { target: 'Linux' }],
      ['OPTION_INVALID', 'an empty channel', { channel: '' }],
    ] as const)('%s: %s', async (code, _what, options) => {
      await expect(sign(NEW, options)).rejects.toEqual(failure(code));
      expect(readFileSync(folder.join('app')).equals(NEW)).toBe(true);
    });
  });

  const invalid: [what: string, options: Partial<SignProgramOptions>][] = [
    ['an expiry that is over', { expiresAt: NOW }],
    ['five mirrors', { mirrors: ['http://a', 'http://b', 'http://c', 'http://d', 'http://e'] }],
    ['a mirror with credentials', { mirrors: ['http://a:b@c'] }],
    ['notes that are no URL', { notesUrl: 'see the wiki' }],
    ['a rollout to 101 %', { rollout: { percent: 101, startsAt: 0, rampSeconds: 0 } }],
    ['a rollout to half a percent', { rollout: { percent: 0.5, startsAt: 0, rampSeconds: 0 } }],
    ['a sequence number below 0', { seq: -1n }],
    ['a sequence number of 64 bits', { seq: 2n ** 63n }],
    ['a lowest version that is the version', { lowestVersion: '1.1.0' }],
    ['nine previous programs', { previous: Array.from({ length: 9 }, () => '/no/such/file') }],
    ['a statement and none', { v0Only: true }],
  ];
  it.each(invalid)('OPTION_INVALID, and nothing is touched: %s', async (_what, options) => {
    await expect(sign(NEW, options)).rejects.toEqual(failure('OPTION_INVALID'));
    expect(readFileSync(folder.join('app')).equals(NEW)).toBe(true);
    expect(folder.list()).toEqual(['app']);
  });

  it('OPTION_INVALID: fields of a statement for a program without a release block', async () => {
    const region = OLD.file.slice(OLD.regionOffset, OLD.regionOffset + 176);
    const rust = insert(filler(2000), region, 300);
    await expect(sign(rust)).rejects.toEqual(failure('OPTION_INVALID'));
    const signed = await sign(rust, { app: undefined, target: undefined });
    expect(signed).toMatchObject({ version: '1.0.0', statement: undefined, warnings: [] });
  });

  it("signs a program with Apple's code signature without a statement, and says so", async () => {
    const head = machOHead({ codeSignature: { offset: 9000, sizeBytes: 640 } });
    const body = NEW.slice(0, 9000);
    body.set(head);
    const path = put('mac', Buffer.concat([body, filler(640)]));
    const signed = await signProgram({ program: path, key: OWNER });
    expect(signed.statement).toBeUndefined();
    expect(signed.warnings.join('\n')).toMatch(/mac: its code signature .* carries no statement/);
    await expect(signProgram({ program: path, key: OWNER, app: 'sample' })).rejects.toEqual(failure('OPTION_INVALID'));
  });

  it('STATEMENT_MALFORMED: more than a statement has room for, told before any delta is made', async () => {
    const long = `https://example.com/${'a'.repeat(180)}`;
    const signing = sign(NEW, {
      mirrors: [long, long.slice(1).replace('ttps', 'http'), long, long],
      notesUrl: long,
    });
    await expect(signing).rejects.toEqual(failure('STATEMENT_MALFORMED'));
    expect(folder.list()).toEqual(['app']);
  });

  describe('after another release', () => {
    const published = (statement: SignedStatement) => ({ findPublished: () => Promise.resolve(statement) });

    const tooOld: [
      what: string,
      bytes: Uint8Array,
      options: Partial<SignProgramOptions>,
      code: ErrorCode | undefined,
    ][] = [
      ['a newer version', NEW, {}, undefined],
      ['the same version of other bytes', NEW, { appVersion: '1.0.0' }, 'RELEASE_NOT_NEWER'],
      ['an older version', NEW, { appVersion: '0.9.0' }, 'RELEASE_NOT_NEWER'],
      ["the released version's pre-release", NEW, { appVersion: '1.0.0-rc.9' }, 'RELEASE_NOT_NEWER'],
      ['the same sequence number', NEW, { seq: OLD.statement.seq }, 'RELEASE_NOT_NEWER'],
      ['a lower sequence number', NEW, { seq: 1n }, 'RELEASE_NOT_NEWER'],
      ['the next sequence number', NEW, { seq: OLD.statement.seq + 1n }, undefined],
      ['the released program, signed again', OLD.file, {}, undefined],
    ];
    it.each(tooOld)('found on the network: %s', async (_what, bytes, options, code) => {
      const signing = sign(bytes, { ...options, ...published(OLD.statement) });
      if (code !== undefined) {
        await expect(signing).rejects.toEqual(failure(code));
        expect(readFileSync(folder.join('app')).equals(bytes)).toBe(true);
        return;
      }
      const seq = (await signing).statement?.seq ?? 0n;
      expect(seq).toBeGreaterThan(OLD.statement.seq);
    });

    it('looks for the name it signs, also at the mirrors that its last statement and previous programs name', async () => {
      const [a, b, c] = ['https://a.example', 'https://b.example/x', 'http://c.example'];
      const naming = (program: Uint8Array, mirrors: readonly string[]): Uint8Array =>
        signSampleStatement(program, OWNER, { seq: 1n, mirrors }).file;
      const old = sampleProgram({ version: '1.0.0' });
      const asked: unknown[] = [];
      await sign(naming(NEW, [a, b]), {
        channel: 'beta',
        previous: [put('old', naming(old, [b, c])), put('unstated', signSample(old, OWNER).file)],
        findPublished: (...look) => Promise.resolve(void asked.push(...look)),
      });
      expect(asked).toEqual([{ app: 'sample', target: 'linux-x64', channel: 'beta' }, [a, b, c]]);
    });

    it('given as a previous program: its version and number are below, or nothing is signed', async () => {
      const previous = [put('old', OLD.file)];
      for (const options of [{ appVersion: '1.0.0' }, { appVersion: '0.9.0' }, { seq: OLD.statement.seq }]) {
        await expect(sign(NEW, { ...options, previous })).rejects.toEqual(failure('RELEASE_NOT_NEWER'));
      }
      await expect(sign(OLD.file, { previous })).rejects.toEqual(failure('RELEASE_NOT_NEWER'));
      expect(folder.list()).toEqual(['app', 'old']);
    });

    const wrong: [what: string, bytes: Uint8Array, code: ErrorCode][] = [
      ['not signed', sampleProgram({ version: '1.0.0' }), 'RELEASE_UNSIGNED'],
      ['changed after signing', OLD.file.with(5, 0), 'RELEASE_MISMATCH'],
      ['of another root than it says', withOtherRoot(), 'RELEASE_MISMATCH'],
      [
        'of another owner',
        signSampleStatement(NEW, ownerKeyFromSeed(new Uint8Array(32))).file,
        'RELEASE_BAD_SIGNATURE',
      ],
      [
        'without a release block',
        signSample(insert(filler(500), NEW.slice(5474, 5650), 9), OWNER).file,
        'OPTION_INVALID',
      ],
    ];
    it.each(wrong)('refuses a previous program that is %s', async (_what, bytes, code) => {
      const previous = [put('old', bytes)];
      await expect(sign(NEW, { previous })).rejects.toEqual(failure(code));
      expect(readFileSync(folder.join('app')).equals(NEW)).toBe(true);
      expect(existsSync(folder.join('app.deltas'))).toBe(false);
    });
  });
});
