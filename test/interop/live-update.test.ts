/**
 * Live: an unmodified rustpatcher program, signed by `peerpatch sign`, updates itself from `peerpatch seed`.
 *
 * Both sides are real processes with real sockets: a private DHT of our nodes behind the router names, iroh's discovery
 * answered by the tests' name server, the program fetched over QUIC.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { interopCase, type CaseRow } from './support/interop-case.ts';
import type { LiveProcess } from './support/live-process.ts';
import { openLiveScene, type LiveScene } from './support/live-scene.ts';
import { RUSTPATCHERS } from './support/workspaces.ts';

const IROH = { '0.2.0': 'iroh 0.92', '0.2.2': 'iroh 0.94' } as const;
const LIMIT_MS = 300_000;

/** What the program says of itself at each start. */
const startLines = (version: string, pid: number): unknown[] => [
  `version ${version}`,
  `pid ${pid}`,
  // rustpatcher's own restart gives none, and Linux then makes one of it.
  expect.stringMatching(/^arguments [01]$/),
  `self accepted Version(${version.replaceAll('.', ', ')})`,
  'spawned',
];

/** One whole look of the program at the network, in which it found a record. */
async function looked(app: LiveProcess): Promise<void> {
  await app.says(/Checked for records, found [1-9]\d* records/);
  // A newer version ends its announcing.
  await app.says(/Published self|found [1-9]\d* newer versions/);
}

describe.each(RUSTPATCHERS)('live: rustpatcher %s', (version) => {
  const rowOf = (name: string, direction: CaseRow['direction']): CaseRow => ({
    case: `live: ${name}`,
    direction,
    versions: `rustpatcher ${version}, ${IROH[version]}`,
  });
  const updates = rowOf('Rust program updates itself from peerpatch seed', 'Rust ← ours');
  let scene: LiveScene;
  beforeEach(async () => {
    scene = await openLiveScene();
  });
  afterEach(() => scene.end());

  interopCase(
    updates,
    'finds the record, asks the name server, fetches over iroh, replaces its file and is the new version in the same process',
    async (count) => {
      const newer = await scene.signed(version, 'app-new', '1.1.0');
      const path = await scene.signed(version, 'app-old', '1.0.0');
      const seed = await scene.seed(newer);
      const app = scene.start(path);
      await app.says(/^spawned$/, 1);
      expect(app.out).toEqual([...startLines('1.0.0', app.pid), ...startLines('1.1.0', app.pid)]);
      expect(readFileSync(path).equals(readFileSync(newer))).toBe(true);
      expect(statSync(path).mode).toBe(statSync(newer).mode);
      expect(readdirSync(dirname(path))).toEqual(['app']);
      expect(scene.names.asked(seed.nodeIdZ32)).toBeGreaterThan(0);
      await seed.process.says(/^served 1\.1\.0 to [0-9a-f]{64}$/);
      count(6);
    },
    LIMIT_MS,
  );

  interopCase(
    updates,
    'in the mode "on restart" it replaces its file, runs on as the old version, and is the new one at the next start',
    async (count) => {
      const newer = await scene.signed(version, 'app-new', '1.1.0');
      const path = await scene.signed(version, 'app-old', '1.0.0');
      await scene.seed(newer);
      const old = scene.start(path, { APP_MODE: 'on-restart' });
      await old.says(/Updated successfully to version Version\(1, 1, 0\)/);
      expect(readFileSync(path).equals(readFileSync(newer))).toBe(true);
      expect(old.running).toBe(true);
      await old.stop();
      expect(old.out).toEqual(startLines('1.0.0', old.pid));
      const restarted = scene.start(path);
      await restarted.says(/^spawned$/);
      expect(restarted.out).toEqual(startLines('1.1.0', restarted.pid));
      count(4);
    },
    LIMIT_MS,
  );

  interopCase(
    updates,
    'three copies update at the same time from one seed, which counts them',
    async (count) => {
      const newer = await scene.signed(version, 'app-new', '1.1.0');
      const older = await scene.signed(version, 'app-old', '1.0.0');
      const seed = await scene.seed(newer);
      const paths = [older, await scene.copy(older), await scene.copy(older)];
      const apps = paths.map((path) => scene.start(path));
      await Promise.all(apps.map((app) => app.says(/^version 1\.1\.0$/)));
      for (const path of paths) expect(readFileSync(path).equals(readFileSync(newer))).toBe(true);
      await Promise.all([0, 1, 2].map((from) => seed.process.says(/^served /, from)));
      seed.process.kill('SIGINT');
      await seed.process.ended;
      const sentBytes = 3 * statSync(newer).size;
      expect(JSON.parse(seed.process.out.join(''))).toEqual({ version: '1.1.0', uploads: 3, sentBytes });
      count(4);
    },
    LIMIT_MS,
  );

  interopCase(
    updates,
    'a program that is the newest stays as it is',
    async (count) => {
      const path = await scene.signed(version, 'app-new', '1.1.0');
      const seed = await scene.seed(await scene.copy(path));
      await staysAsItIs(scene.start(path), path);
      expect(seed.process.err.filter((line) => line.startsWith('served'))).toEqual([]);
      count(4);
    },
    LIMIT_MS,
  );

  interopCase(
    updates,
    'a seed of an older version is not taken',
    async (count) => {
      const path = await scene.signed(version, 'app-new', '1.1.0');
      const seed = await scene.seed(await scene.signed(version, 'app-old', '1.0.0'));
      await staysAsItIs(scene.start(path), path);
      expect(seed.process.err.filter((line) => line.startsWith('served'))).toEqual([]);
      count(4);
    },
    LIMIT_MS,
  );

  interopCase(
    rowOf('Rust program announces itself', 'ours ← Rust'),
    'the record of the new program is accepted by peerpatch check: its version, its size, no hints',
    async (count) => {
      const path = await scene.signed(version, 'app-new', '1.1.0');
      const app = scene.start(path);
      await app.says(/Published self: Ok/);
      const seen = await scene.check();
      const sizeBytes = statSync(path).size - 176;
      expect(seen).toMatchObject({ version: '1.1.0', sizeBytes, peers: [{ addresses: [] }] });
      expect(seen.peers).toHaveLength(1);
      count(2);
    },
    LIMIT_MS,
  );
});

/** After a whole look at a network where there is something to find. */
async function staysAsItIs(app: LiveProcess, path: string): Promise<void> {
  const before = readFileSync(path);
  await looked(app);
  expect(app.err.filter((line) => /found [1-9]\d* newer versions|Downloading/.test(line))).toEqual([]);
  expect(readFileSync(path).equals(before)).toBe(true);
  expect(app.out).toEqual(startLines('1.1.0', app.pid));
}
