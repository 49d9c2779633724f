/**
 * A real program of rustpatcher, a fresh copy for each test, and what both sides do with it.
 *
 * @module
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { formatOwnerSeed, ownerKeyFromSeed, type OwnerKey } from '../../../src/core/keys/owner-key.ts';
import { formatPublicKey } from '../../../src/core/keys/public-key.ts';
import { boundBytes } from '../../../src/core/stamp/marker.ts';
import { useTempFolder } from '../../support/temp-folder.ts';
import type { RegionPlace } from './altered-programs.ts';
import { peerpatch, rustpatcher } from './commands.ts';
import { startOracle, type Oracle } from './oracle.ts';
import type { ReleaseFields } from './release-fields.ts';
import { seedOf } from './samples.ts';
import { program, type RustpatcherVersion } from './workspaces.ts';

/** What `peerpatch inspect --json` prints. */
export interface Inspected {
  readonly version: string;
  readonly signed: boolean;
  readonly size: number;
  readonly hash: string;
  readonly signature: string;
  readonly offset: number;
  readonly fileBytes: number;
  readonly intact: boolean;
  readonly boundBy: string;
}

const SEED = seedOf('region', 0);
export const APP_KEY: OwnerKey = ownerKeyFromSeed(SEED);
export const APP_OWNER: string = formatPublicKey(APP_KEY.publicKey);

export interface RustApp {
  /** The copy: version 1.0.0, not signed, changed by each test as it likes. */
  readonly path: string;
  /** A file with the secret of {@link APP_KEY}. */
  readonly keyFile: string;
  /** Verifies for {@link APP_OWNER}. */
  readonly oracle: Oracle;
  readonly signByRust: (by: RustpatcherVersion) => void;
  readonly signByUs: (...args: readonly string[]) => void;
  readonly inspect: () => Inspected;
  /** The error code that `peerpatch verify` ends with; nothing where it accepts. */
  readonly verifyByUs: () => string | undefined;
  /** Rejects where `Patch::verify` refuses. */
  readonly verifyByRust: () => Promise<ReleaseFields>;
}

/** Call it in a `describe`. */
export function useRustApp(version: RustpatcherVersion): RustApp {
  const folder = useTempFolder();
  let oracle: Oracle | undefined;
  beforeAll(async () => {
    oracle = startOracle(`rustpatcher-${version}`);
    await oracle.ask('own-key', { text: APP_OWNER });
  });
  afterAll(() => oracle?.close());
  beforeEach(() => {
    copyFileSync(program(`rustpatcher-${version}`, 'app-old'), app.path);
    writeFileSync(app.keyFile, formatOwnerSeed(SEED), { mode: 0o600 });
  });
  const app: RustApp = {
    get path() {
      return folder.join('app');
    },
    get keyFile() {
      return folder.join('key');
    },
    get oracle() {
      if (oracle === undefined) throw new Error('no test is running');
      return oracle;
    },
    signByRust(by) {
      expect(rustpatcher(by, 'sign', app.path, '--key-file', app.keyFile)).toMatchObject({ code: 0 });
    },
    signByUs(...args) {
      expect(peerpatch('sign', app.path, '--key-file', app.keyFile, ...args)).toMatchObject({ code: 0, err: '' });
    },
    inspect() {
      const { code, out } = peerpatch('inspect', app.path, '--json');
      expect(code).toBe(0);
      return JSON.parse(out) as Inspected;
    },
    verifyByUs() {
      const { code, out } = peerpatch('verify', app.path, '--public-key', APP_OWNER, '--json');
      if (code === 0) return undefined;
      expect(code).toBe(1);
      return (JSON.parse(out) as { error: { code: string } }).error.code;
    },
    verifyByRust: () => app.oracle.ask('verify-program', { path: app.path }),
  };
  return app;
}

/** Where the parts of a program are that tests alter. */
export function placesIn(version: RustpatcherVersion): RegionPlace & { readonly fileBytes: number } {
  const bytes = readFileSync(program(`rustpatcher-${version}`, 'app-old'));
  return {
    region: bytes.indexOf(boundBytes()),
    comment: bytes.lastIndexOf('rustc version'),
    fileBytes: bytes.length,
  };
}
