/**
 * The systems that are compared: what each needs to know when it starts.
 *
 * @module
 */
import { formatPublicKey, type PublicKey } from '../../src/core/keys/public-key.ts';
import { statementTopic, v0Topic, type Topic } from '../../src/core/record/topic.ts';
import {
  APP,
  OLD_VERSION,
  signedPlainly,
  signedWhole,
  signedWithDelta,
  type ProgramPair,
  type SignedPrograms,
} from './programs.ts';
import { ROUTER, SEEDER, UPDATER } from './two-ends.ts';

export type End = 'seeder' | 'updater';

export interface System {
  /** `rustpatcher 0.2.2` */
  readonly name: string;
  readonly isOurs: boolean;
  /** Signed copies in the folder for one update, all of one size with those of the other systems. */
  readonly sign: (folder: string) => Promise<SignedPrograms>;
  /** What the updater says when it starts. */
  readonly firstLine: string;
  /** Where it announces itself. */
  readonly topic: (owner: PublicKey) => Topic;
  readonly environment: (end: End, owner: PublicKey) => Readonly<Record<string, string>>;
  /** Whether its records lack addresses, so that the name server must know the seeder's. */
  readonly needsNameServer: boolean;
}

/** A few lines were changed, and the owner made a delta. */
export function updating(programs: ProgramPair): System {
  return {
    ...ours,
    name: 'Peerpatch, small change',
    sign: (folder) => signedWithDelta(programs, folder),
    firstLine: `version ${OLD_VERSION}`,
  };
}

/** A first install: the updater has nothing of the program, so that all of its chunks are fetched. */
export function installing(program: string, installer: string): System {
  return {
    ...ours,
    name: 'Peerpatch, whole program',
    sign: (folder) => signedWhole(program, installer, folder),
    firstLine: 'installing',
  };
}

const ours = {
  isOurs: true,
  topic: (owner) =>
    statementTopic(owner, { app: APP, target: `${process.platform}-${process.arch}`, channel: 'stable' }),
  environment: (end, owner) => ({
    OWNER_PUBLIC_KEY: formatPublicKey(owner),
    APP_NAME: APP,
    APP_DHT: `${ROUTER}:6881`,
    APP_BIND_HOST: end === 'seeder' ? SEEDER : UPDATER,
  }),
  needsNameServer: false,
} as const satisfies Partial<System>;

export function rustpatcher(version: string, programs: ProgramPair): System {
  return {
    name: `rustpatcher ${version}`,
    isOurs: false,
    sign: (folder) => signedPlainly(programs, folder),
    firstLine: `version ${OLD_VERSION}`,
    topic: v0Topic,
    environment: (_, owner) => ({
      OWNER_PUBLIC_KEY: formatPublicKey(owner),
      RUST_LOG: 'rustpatcher=info',
      APP_MODE: 'now',
      APP_NO_CHECK: '1',
    }),
    needsNameServer: true,
  };
}
