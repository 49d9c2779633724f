/**
 * The systems that are compared: what each needs to know when it starts.
 *
 * @module
 */
import { formatPublicKey, type PublicKey } from '../../src/core/keys/public-key.ts';
import type { ProgramPair } from './programs.ts';
import { ROUTER, SEEDER, UPDATER } from './two-ends.ts';

export type End = 'seeder' | 'updater';

export interface System {
  /** `rustpatcher 0.2.2` */
  readonly name: string;
  /** Unsigned, of one size with those of the other systems. */
  readonly programs: ProgramPair;
  readonly environment: (end: End, owner: PublicKey) => Readonly<Record<string, string>>;
  /** Whether its records lack addresses, so that the name server must know the seeder's. */
  readonly needsNameServer: boolean;
}

export function peerpatch(programs: ProgramPair): System {
  return {
    name: 'Peerpatch',
    programs,
    environment: (end, owner) => ({
      OWNER_PUBLIC_KEY: formatPublicKey(owner),
      APP_DHT: `${ROUTER}:6881`,
      APP_BIND_HOST: end === 'seeder' ? SEEDER : UPDATER,
    }),
    needsNameServer: false,
  };
}

export function rustpatcher(version: string, programs: ProgramPair): System {
  return {
    name: `rustpatcher ${version}`,
    programs,
    environment: (_, owner) => ({
      OWNER_PUBLIC_KEY: formatPublicKey(owner),
      RUST_LOG: 'rustpatcher=info',
      APP_MODE: 'now',
      APP_NO_CHECK: '1',
    }),
    needsNameServer: true,
  };
}
