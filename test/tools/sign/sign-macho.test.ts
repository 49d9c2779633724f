import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { applyDelta } from '../../../src/agent/delta/apply-delta.ts';
import { acceptCollected, createProgramWriter, type ProgramParts } from '../../../src/agent/fetch/program-writer.ts';
import { readRelease } from '../../../src/agent/read-release.ts';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { toHex } from '../../../src/core/base/hex.ts';
import { createCanonicalizer } from '../../../src/core/codesign/image.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import type { SignedStatement } from '../../../src/core/statement/statement.ts';
import { brotli } from '../../../src/io/system/brotli.ts';
import { MemoryPartialStore } from '../../../src/testing/memory-partial.ts';
import { sampleProgram } from '../../../src/testing/sample-program.ts';
import { fetchStatedProgram } from '../../../src/tools/network/fetch-stated-program.ts';
import { inspectProgram } from '../../../src/tools/inspect-program.ts';
import type { SignProgramOptions } from '../../../src/tools/sign/sign-options.ts';
import { signProgram, type SignedProgram } from '../../../src/tools/sign/sign-program.ts';
import { verifyProgram } from '../../../src/tools/verify-program.ts';
import { edited, machOProgram, signedAdHoc, STAMP_AT, watched } from '../../support/macho-samples.ts';
import { openNetworkScene } from '../../support/network-scene.ts';
import { openBytes } from '../../support/staging.ts';
import { failure, OWNER } from '../../support/stamp-samples.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const PUBLIC_KEY = formatPublicKey(OWNER.publicKey);
const STAMP_OFFSET = STAMP_AT + 20;
const SIGNATURE_AT = 21_392;
const FLAGS_AT = SIGNATURE_AT + 32;
const HASHES_AT = SIGNATURE_AT + 20 + 88 + 7;
const BUILT = signedAdHoc(machOProgram({ version: '1.0.0' }));
const CERTIFIED = edited(BUILT, [[FLAGS_AT, 0x10000]]);

describe('signing a Mach-O program', () => {
  const folder = useTempFolder();
  const put = (bytes: Uint8Array, name = 'app'): string => {
    writeFileSync(folder.join(name), bytes, { mode: 0o755 });
    return folder.join(name);
  };
  const read = (name = 'app'): Uint8Array => new Uint8Array(readFileSync(folder.join(name)));
  const sign = (bytes: Uint8Array, options: Partial<SignProgramOptions> = {}): Promise<SignedProgram> =>
    signProgram({ program: put(bytes), key: OWNER, app: 'sample', issuedAt: 1000, ...options });
  const verify = (bytes: Uint8Array) => verifyProgram({ program: put(bytes, 'other'), publicKey: PUBLIC_KEY });

  it('gives it a statement, and makes the page hashes of its code signature anew', async () => {
    const { statement, warnings } = await sign(BUILT);
    expect(statement).toMatchObject({ target: 'darwin-arm64', sizeBytes: BUILT.length, stampOffset: STAMP_OFFSET });
    expect(warnings).toEqual([]);
    const signed = read();
    expect(watched(BUILT)?.wrongPages).toEqual([]);
    expect(watched(signed)?.wrongPages).toEqual([]);
    expect(await verify(signed)).toMatchObject({ statement, codeSignature: { isAdHoc: true, pageCount: 6 } });
    // The stamp lies across two pages, and only their hashes are other ones.
    const changed = [...signed.keys()].filter((at) => signed[at] !== BUILT[at]);
    expect(changed.every((at) => (at >= STAMP_OFFSET && at < STAMP_OFFSET + 1280) || (at >= HASHES_AT && at < HASHES_AT + 64))).toBe(true); // prettier-ignore
  });

  it('signs it again with another statement and the same root', async () => {
    const first = await sign(BUILT);
    const again = await sign(read(), { channel: 'beta', issuedAt: 2000 });
    expect(toHex(again.statement?.root ?? new Uint8Array())).toBe(toHex(first.statement?.root ?? new Uint8Array(1)));
    expect((await verify(read())).statement?.channel).toBe('beta');
  });

  it('makes the page hashes right where they were not', async () => {
    await sign(BUILT.with(9000, 1));
    expect((await verify(read())).codeSignature?.wrongPages).toEqual([]);
  });

  it('renews them with --v0-only, too', async () => {
    const { statement, warnings } = await sign(BUILT, { app: undefined, v0Only: true });
    expect({ statement, warnings }).toEqual({ statement: undefined, warnings: [] });
    expect((await verify(read())).codeSignature?.wrongPages).toEqual([]);
  });

  it('gives no statement where only a certificate can renew the signature, and says what to do', async () => {
    const { statement, warnings } = await sign(CERTIFIED, { app: undefined });
    expect(statement).toBeUndefined();
    expect(warnings).toEqual([expect.stringMatching(/codesign --force/)]);
    await expect(verify(read())).rejects.toEqual(failure('CODE_SIGNATURE_INVALID'));
    // As the owner of the certificate does it.
    expect(watched(read())?.wrongPages.length).toBeGreaterThan(0);
    const renewed = read();
    renewed.set(watched(renewed)?.pageHashes ?? [], HASHES_AT);
    expect(await verify(renewed)).toMatchObject({ statement: undefined, codeSignature: { isAdHoc: false } });
  });

  it('refuses options that need a statement there', async () => {
    await expect(sign(CERTIFIED)).rejects.toThrow(/a code signature that is not ad hoc/);
    expect(read()).toEqual(CERTIFIED);
  });

  it('refuses a program for Apple silicon without a code signature, and leaves it as it was', async () => {
    const bare = machOProgram({ version: '1.0.0' });
    await expect(sign(bare)).rejects.toEqual(failure('CODE_SIGNATURE_INVALID'));
    await expect(sign(bare)).rejects.toThrow(/--ad-hoc/);
    expect(read()).toEqual(bare);
    expect(folder.list()).toEqual(['app']);
  });

  it.each([
    ['has a certificate', CERTIFIED],
    ['has none', machOProgram({ version: '1.0.0' })],
    ['is longer than one piece', machOProgram({ version: '1.0.0', linkEditBytes: 3_000_001 })],
    ['has one that cannot be read', BUILT.with(SIGNATURE_AT, 0)],
    ['has one that is longer', signedAdHoc(machOProgram({ version: '1.0.0' }), 'a-name-that-is-longer')],
  ])('gives an ad hoc one with --ad-hoc where the program %s', async (_name, bytes) => {
    const { statement, warnings } = await sign(bytes, { adHoc: true });
    expect(statement?.sizeBytes).toBe(read().length);
    expect(warnings).toEqual([]);
    expect(await verify(read())).toMatchObject({ codeSignature: { isAdHoc: true, identifier: 'sample' } });
    const again = await sign(read(), { adHoc: true });
    expect(again.statement?.root).toEqual(statement?.root);
  });

  it('leaves programs of other systems as they are with --ad-hoc', async () => {
    await sign(sampleProgram({ version: '1.0.0' }), { adHoc: true, target: 'linux-x64' });
    expect(read()).toHaveLength(10_000);
  });

  it('signs a program for Intel without one', async () => {
    const { statement } = await sign(machOProgram({ version: '1.0.0', arch: 'x64' }));
    expect(statement?.target).toBe('darwin-x64');
    expect((await verify(read())).codeSignature).toBeUndefined();
  });

  it('is noticed by verify when a page or a hash is changed afterwards', async () => {
    await sign(BUILT);
    await expect(verify(read().with(HASHES_AT + 40, 0))).rejects.toEqual(failure('CODE_SIGNATURE_INVALID'));
    await expect(verify(read().with(9000, 1))).rejects.toEqual(failure('RELEASE_MISMATCH'));
    await expect(verify(read().with(SIGNATURE_AT + 110, 1))).rejects.toEqual(failure('RELEASE_MISMATCH'));
  });

  it('is shown by inspect, right or wrong', async () => {
    await sign(BUILT);
    const inspect = (bytes: Uint8Array) => inspectProgram(put(bytes, 'other'));
    expect((await inspect(read())).codeSignature).toMatchObject({ found: { wrongPages: [] }, problem: undefined });
    expect((await inspect(read().with(9000, 1))).codeSignature).toMatchObject({ found: { wrongPages: [2] } });
    expect((await inspect(read().with(SIGNATURE_AT, 1))).codeSignature).toMatchObject({
      found: undefined,
      problem: expect.stringMatching(/^CODE_SIGNATURE_INVALID/) as unknown,
    });
    expect((await inspect(machOProgram({ version: '1.0.0', arch: 'x64' }))).codeSignature).toBeUndefined();
  });

  describe('and receiving it', () => {
    const partials = new MemoryPartialStore();
    const partsOf = async (statement: SignedStatement, file: Uint8Array): Promise<ProgramParts> => ({
      statement,
      stamp: file.slice(STAMP_OFFSET, STAMP_OFFSET + 1280),
      above: undefined,
      format: 'macho-arm64',
      partial: await partials.open(toHex(statement.root), file.length),
      signal: new AbortController().signal,
    });
    const imageOf = (file: Uint8Array): Uint8Array => createCanonicalizer(STAMP_OFFSET).update(file.slice());
    const signed = async (bytes: Uint8Array, options?: Partial<SignProgramOptions>) => {
      const { statement } = await sign(bytes, options);
      if (statement === undefined) throw new Error('signed without a statement');
      return { statement, file: read() };
    };

    it('makes the file of the owner from its image, in any pieces', async () => {
      const { statement, file } = await signed(BUILT);
      for (const pieceBytes of [997, file.length]) {
        const parts = await partsOf(statement, file);
        const writer = createProgramWriter(parts);
        const image = imageOf(file);
        expect(image).not.toEqual(file);
        for (let at = 0; at < image.length; at += pieceBytes) await writer.write(image.subarray(at, at + pieceBytes));
        await writer.accept();
        expect(await parts.partial.read(0, file.length)).toEqual(file);
        await parts.partial.discard();
      }
    });

    it('makes the file of the owner from verified chunks', async () => {
      const { statement, file } = await signed(BUILT);
      const parts = await partsOf(statement, file);
      await parts.partial.write(0, imageOf(file));
      await acceptCollected(parts);
      expect(await parts.partial.read(0, file.length)).toEqual(file);
      await parts.partial.discard();
    });

    it('makes it from the one before and a delta, which has no page hashes in it', async () => {
      const old = await signed(BUILT);
      put(old.file, 'old');
      const next = signedAdHoc(machOProgram({ version: '1.1.0' }).with(9000, 1));
      const { statement, file } = await signed(next, { previous: [folder.join('old')], issuedAt: 2000 });
      const [delta] = statement.deltas;
      if (delta === undefined) throw new Error('no delta');
      expect(delta.sizeBytes).toBeLessThan(200);
      const parts = await partsOf(statement, file);
      const writer = createProgramWriter(parts);
      const base = imageOf(old.file);
      await applyDelta({
        base: { sizeBytes: base.length, read: (at, length) => Promise.resolve(base.slice(at, at + length)) },
        delta: openBytes(read(`app.deltas/${toHex(delta.root)}`)).read(),
        compression: brotli,
        baseSizeBytes: base.length,
        resultSizeBytes: statement.sizeBytes,
        write: (bytes) => writer.write(bytes),
      });
      await writer.accept();
      expect(await parts.partial.read(0, file.length)).toEqual(file);
      await parts.partial.discard();
      await readRelease(openBytes(file), OWNER.publicKey);
    });

    it('CODE_SIGNATURE_INVALID: an image whose signature nobody here can make', async () => {
      const statedFor = await signed(BUILT);
      const parts = await partsOf(statedFor.statement, statedFor.file);
      // What only an owner's other tool could have signed: the check does not rest on the statement.
      const watching = edited(imageOf(statedFor.file), [[FLAGS_AT, 0]]);
      await parts.partial.write(0, watching);
      await expect(acceptCollected(parts)).rejects.toEqual(failure('CODE_SIGNATURE_INVALID'));
      await parts.partial.discard();
    });
  });
});

describe('a Mach-O program on the network', () => {
  const folder = useTempFolder();
  beforeEach(() => {
    vi.stubEnv('XDG_STATE_HOME', folder.join('state'));
    vi.stubEnv('XDG_CACHE_HOME', folder.join('cache'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('arrives chunk by chunk as its owner has it, code signature and all', async () => {
    const scene = await openNetworkScene();
    try {
      const program = folder.join('seeded');
      writeFileSync(program, signedAdHoc(machOProgram({ version: '1.0.0', linkEditBytes: 900_000 })));
      await signProgram({ program, key: scene.owner, app: 'sample' });
      await scene.seed(program);
      const name = { app: 'sample', target: 'darwin-arm64', channel: 'stable' };
      await fetchStatedProgram({ ...scene.peer, name, out: folder.join('app') });
      const file = new Uint8Array(readFileSync(folder.join('app')));
      expect(Buffer.compare(file, readFileSync(program))).toBe(0);
      expect(watched(concatBytes(file))?.wrongPages).toEqual([]);
    } finally {
      await scene.end();
    }
  });
});
