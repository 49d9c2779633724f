/**
 * The folder that an export writes, served by nginx as Debian configures it. Skipped, with a line that says so, where it is
 * missing (Debian: nginx-light).
 */
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectContent } from '../../src/agent/collect/collect.ts';
import { decodeSignedItem, statementId } from '../../src/core/statement/signed-bytes.ts';
import { statementNameHash, verifyStatement, type SignedStatement } from '../../src/core/statement/statement.ts';
import { systemClock } from '../../src/io/system/clock.ts';
import { brotli } from '../../src/io/system/brotli.ts';
import type { Source } from '../../src/ports/source.ts';
import { MemoryPartialStore } from '../../src/testing/memory-partial.ts';
import { sampleProgram, signSampleStatement, type StatedSample } from '../../src/testing/sample-program.ts';
import { exportMirror } from '../../src/tools/mirror/export-mirror.ts';
import { CERTIFICATE } from '../fixtures/localhost-certificate.ts';
import { PUBLIC_KEY } from '../support/export-scene.ts';
import { getObject, never, useMirrors } from '../support/mirrors.ts';
import { OWNER } from '../support/stamp-samples.ts';
import { useTempFolder } from '../support/temp-folder.ts';
import { hasNginx, startNginx, type Nginx } from './nginx.ts';

const SIZE_BYTES = 2_000_000;
const NAME = { app: 'sample', target: 'linux-x64', channel: 'stable' };
const installed = hasNginx();
const folder = useTempFolder();
const mirrorAt = useMirrors();

describe.skipIf(!installed)('an export behind nginx', () => {
  let nginx: Nginx;
  beforeAll(async () => {
    nginx = await startNginx();
  });
  afterAll(async () => {
    await nginx.end();
  });

  const released = new Map<bigint, StatedSample>();

  /** Signs release number `seq`, of which a part differs from the others, and exports it to `below`. */
  async function release(seq: number, below: string): Promise<StatedSample> {
    const program = sampleProgram({ version: `1.0.${seq}`, sizeBytes: SIZE_BYTES });
    program.fill(seq, 100_000, 200_000);
    const sample = signSampleStatement(program, OWNER, { ...NAME, seq: BigInt(seq) });
    released.set(sample.statement.seq, sample);
    writeFileSync(folder.join('app'), sample.file);
    const outFolder = join(nginx.root, below);
    await exportMirror({ programs: [folder.join('app')], publicKey: PUBLIC_KEY, outFolder, quality: 1 });
    return sample;
  }

  async function readStatement(mirror: Source): Promise<SignedStatement> {
    const bytes = await mirror.statement(statementNameHash(NAME), never);
    if (bytes === undefined) throw new Error('the mirror has no statement');
    return verifyStatement(OWNER.publicKey, NAME, decodeSignedItem(bytes));
  }

  /** The program as the owner signed it, and who was dropped on the way. */
  async function readProgram(
    { root, sizeBytes, stampOffset, item }: SignedStatement,
    sources: readonly Source[],
  ): Promise<{ readonly file: Uint8Array; readonly blamed: readonly string[] }> {
    const partial = await new MemoryPartialStore().open('program', sizeBytes);
    const blamed: string[] = [];
    const onBlame = (source: Source): number => blamed.push(source.name);
    const signal = new AbortController().signal;
    await collectContent({
      root,
      sizeBytes,
      sources,
      partial,
      compression: brotli,
      clock: systemClock,
      signal,
      onBlame,
    });
    const file = await partial.read(0, sizeBytes);
    const stamp = await sources.at(-1)?.stamp(statementId(item), never);
    if (stamp === undefined) throw new Error('the mirror has no stamp');
    file.set(stamp, stampOffset);
    return { file, blamed };
  }

  it.each(['url', 'secureUrl'] as const)('is a whole program for whoever reads it: %s', async (way) => {
    const sample = await release(1, way);
    const mirror = mirrorAt(`${nginx[way]}/${way}`, { ca: CERTIFICATE });
    const { file, blamed } = await readProgram(await readStatement(mirror), [mirror]);
    expect(Buffer.compare(file, sample.file)).toBe(0);
    expect(blamed).toEqual([]);
    expect(mirror.receivedBytes).toBeLessThan(SIZE_BYTES * 1.01);
  });

  it('has nothing where nothing is, and where there is a folder', async () => {
    const mirror = mirrorAt(`${nginx.url}/nowhere`);
    expect(await mirror.statement(new Uint8Array(32), never)).toBeUndefined();
    expect(await mirror.stamp(new Uint8Array(32), never)).toBeUndefined();
    expect(await getObject(mirror)).toBeUndefined();
  });

  it('answers thousands of requests over few connections', async () => {
    const { manifest } = await release(1, 'many');
    const mirror = mirrorAt(`${nginx.url}/many`);
    const hash = manifest.hashAt(0);
    const rounds = Array.from({ length: mirror.lanes }, async () => {
      for (let count = 0; count < 600; count++) {
        expect(await mirror.object('chunk', hash, 140_000, never)).toBeDefined();
      }
    });
    await Promise.all(rounds);
  });

  it('is read on when the server was restarted meanwhile', async () => {
    await release(1, 'restart');
    const mirror = mirrorAt(`${nginx.url}/restart`);
    for (let round = 0; round < 3; round++) {
      await Promise.all(Array.from({ length: mirror.lanes }, () => readStatement(mirror)));
      await nginx.stop();
      await nginx.start();
    }
    expect((await readStatement(mirror)).seq).toBe(1n);
  });

  it('is complete at every moment while later releases are exported to it', { timeout: 60_000 }, async () => {
    await release(1, 'live');
    let exported = false;
    const exporting = (async () => {
      for (let seq = 2; seq <= 8; seq++) await release(seq, 'live');
      exported = true;
    })();
    const isDone = (): boolean => exported;
    const seen: bigint[] = [];
    while (!isDone() || seen.at(-1) !== 8n) {
      const mirror = mirrorAt(`${nginx.url}/live`);
      const statement = await readStatement(mirror);
      const { file, blamed } = await readProgram(statement, [mirror]);
      expect(blamed).toEqual([]);
      expect(Buffer.compare(file, released.get(statement.seq)?.file ?? new Uint8Array())).toBe(0);
      seen.push(statement.seq);
    }
    await exporting;
    expect(seen).toEqual([...seen].sort((a, b) => Number(a - b)));
    expect(new Set(seen).size).toBeGreaterThan(1);
  });

  it('damaged beside a good one: the program is whole, and the damaged one is named', async () => {
    const sample = await release(1, 'good');
    await release(1, 'damaged');
    const objects = join(nginx.root, 'damaged', PUBLIC_KEY, 'objects');
    const files = readdirSync(objects, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('/'));
    for (const name of files) truncateSync(join(objects, name), 20);
    const [damaged, good] = [mirrorAt(`${nginx.url}/damaged`), mirrorAt(`${nginx.url}/good`)];
    const { file, blamed } = await readProgram(await readStatement(good), [damaged, good]);
    expect(Buffer.compare(file, sample.file)).toBe(0);
    expect(blamed).toEqual([damaged.name]);
  });

  it('half synced beside a good one: what is missing comes from the other', async () => {
    const sample = await release(1, 'good');
    await release(1, 'half');
    const objects = join(nginx.root, 'half', PUBLIC_KEY, 'objects');
    for (const [index, name] of readdirSync(objects).entries())
      if (index % 2 === 0) rmSync(join(objects, name), { recursive: true });
    const [half, good] = [mirrorAt(`${nginx.url}/half`), mirrorAt(`${nginx.url}/good`)];
    const { file, blamed } = await readProgram(await readStatement(good), [half, good]);
    expect(Buffer.compare(file, sample.file)).toBe(0);
    expect(blamed).toEqual([]);
  });

  it('puts no encoding on objects, whatever a client would take', async () => {
    const { manifest } = await release(1, 'plain');
    const page = manifest.pages[0]?.hash ?? new Uint8Array();
    const name = Buffer.from(page).toString('hex');
    const path = `${PUBLIC_KEY}/objects/${name.slice(0, 2)}/${name}`;
    const answer = await fetch(`${nginx.url}/plain/${path}`, { headers: { 'accept-encoding': 'gzip, br' } });
    expect(answer.headers.get('content-encoding')).toBeNull();
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await answer.arrayBuffer()).equals(readFileSync(join(nginx.root, 'plain', path)))).toBe(true);
  });
});
