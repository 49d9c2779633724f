/**
 * The signed programs of the fault tests: small real executables that print their version.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { concatBytes } from '../../../src/core/base/bytes.ts';
import { releaseIdOf } from '../../../src/core/install/release-id.ts';

import { createPlaceholder } from '../../../src/core/release/placeholder.ts';
import { parseVersion } from '../../../src/core/release/version.ts';
import { signSampleStatement } from '../../../src/testing/sample-program.ts';
import { OWNER } from './owner.ts';
import { compile } from './shim.ts';

const SOURCE = join(import.meta.dirname, '../programs/program.c');

/** A release of the tests. */
export interface TestProgram {
  readonly version: string;
  /** Its release id. */
  readonly id: string;
  /** Path of the file, outside of every case. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

export type ProgramName = 'first' | 'old' | 'new';
export type TestPrograms = Readonly<Record<ProgramName, TestProgram>>;

export const VERSIONS: Readonly<Record<ProgramName, string>> = { first: '0.9.0', old: '1.0.0', new: '1.1.0' };

/** Compiles and signs them into `folder`. @throws where there is no compiler */
export function makePrograms(folder: string): TestPrograms {
  const make = (name: ProgramName): TestProgram => {
    const version = VERSIONS[name];
    const path = join(folder, name);
    compile(['-Os', '-s', `-DVERSION="${version}"`, '-o', path, SOURCE]);
    const stamped = concatBytes(readFileSync(path), createPlaceholder(parseVersion(version)), new Uint8Array(700));
    const seq = BigInt(version.replaceAll('.', ''));
    const signed = signSampleStatement(stamped, OWNER, { app: 'faults', seq });
    writeFileSync(path, signed.file);
    chmodSync(path, 0o755);
    return { version, id: releaseIdOf(signed), path, bytes: signed.file, sha256: sha256Hex(signed.file) };
  };
  return { first: make('first'), old: make('old'), new: make('new') };
}

/** What the programs answer a preflight with: FAULTS_IDS. */
export function programIds(programs: TestPrograms): string {
  return Object.values(programs)
    .map(({ version, id }) => `${version}=${id}`)
    .join(',');
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
