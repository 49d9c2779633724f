/**
 * A program on disk as an update leaves it: the release in place, programs that are kept, a journal.
 *
 * @module
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { statedReleaseId } from '../../src/core/install/release-id.ts';
import type { CliContext } from '../../src/cli/context.ts';
import type { RegisterCommand } from '../../src/cli/run.ts';
import { previousName, type Journal } from '../../src/core/install/journal.ts';
import { releaseIdOf, type ReleaseName } from '../../src/core/install/release-id.ts';
import { PLACEHOLDER_BYTES } from '../../src/core/stamp/block.ts';
import { ANCHOR_BYTES } from '../../src/core/stamp/marker.ts';
import { createMeasure } from '../../src/core/stamp/measure.ts';
import { installFolderPaths, openInstallFolderSync } from '../../src/io/install/install-folder.ts';
import { writeJournalSync } from '../../src/io/install/journal-file.ts';
import { quarantineSync } from '../../src/io/install/quarantine.ts';
import { sampleProgram, signSample, signSampleStatement } from '../../src/testing/sample-program.ts';
import { cli, type CliRun } from './cli.ts';
import { OWNER } from './stamp-samples.ts';
import { useTempFolder } from './temp-folder.ts';

export interface SampleVersion {
  readonly file: Uint8Array;
  readonly name: ReleaseName;
}

/** Programs of one app; `isStated: false` makes them of the v0 profile. */
export function sampleVersion(version: string, isStated = true): SampleVersion {
  const program = sampleProgram({ version: version.split('-')[0] ?? version });
  if (!isStated) {
    const { file, release } = signSample(program, OWNER);
    return { file, name: { version, id: releaseIdOf({ release, statement: undefined }) } };
  }
  const { file, statement } = signSampleStatement(program, OWNER, { version });
  return { file, name: { version, id: statedReleaseId(statement) } };
}

/** What a build keeps beside its code: the stamp, as it is in the program. */
export function stampOf({ file }: SampleVersion): Uint8Array {
  const measure = createMeasure();
  measure.update(file);
  const { stampOffset } = measure.finish();
  if (stampOffset === undefined) throw new Error('the program has no stamp');
  const anchorAt = stampOffset - ANCHOR_BYTES;
  return file.slice(anchorAt, anchorAt + PLACEHOLDER_BYTES);
}

export const releases: Readonly<Record<'one' | 'two' | 'three', SampleVersion>> = {
  one: sampleVersion('1.0.0'),
  two: sampleVersion('1.1.0'),
  three: sampleVersion('1.2.0'),
};

export interface RunOptions {
  /** Default: the scene's. */
  readonly program?: string;
  readonly signal?: AbortSignal;
}

export interface UndoScene {
  readonly program: string;
  /** Where the user keeps state: nothing of it is the machine's own. */
  readonly env: Readonly<Record<string, string>>;
  readonly join: (...names: readonly string[]) => string;
  /** Runs a command on the program, as a user whose state lies in the scene. */
  readonly run: (command: RegisterCommand, args: readonly string[], options?: RunOptions) => Promise<CliRun>;
  install(version: SampleVersion): void;
  keep(version: SampleVersion): void;
  journal(journal: Journal): void;
  quarantine(name: ReleaseName, reason?: string): void;
  /** Whether the program file is this release. */
  holds(version: SampleVersion): boolean;
  /** Beside the program, hidden files too. */
  readonly leftovers: () => string[];
}

/** Call it in a `describe`; the folder changes with each test. */
export function useUndoScene(): UndoScene {
  const folder = useTempFolder();
  const scene: UndoScene = {
    get program() {
      return folder.join('app');
    },
    get env() {
      return { XDG_STATE_HOME: folder.join('state') };
    },
    join: folder.join,
    run: (command, args, { program = scene.program, ...options } = {}) => {
      return cli(command, [nameOf(command), program, ...args], { env: scene.env, ...options });
    },
    install: ({ file }) => {
      mkdirSync(folder.join('state'), { recursive: true, mode: 0o700 });
      writeFileSync(scene.program, file, { mode: 0o755 });
    },
    keep: ({ file, name }) => {
      const { previous } = openInstallFolderSync(scene.program);
      mkdirSync(previous, { recursive: true });
      writeFileSync(join(previous, previousName(name)), file, { mode: 0o755 });
    },
    journal: (journal) => {
      writeJournalSync(openInstallFolderSync(scene.program), journal);
    },
    quarantine: ({ id, version }, reason = 'it crashed') => {
      quarantineSync({ program: scene.program, id, version, reason, nowMs: 0, env: scene.env });
    },
    holds: ({ file }) => Buffer.compare(readFileSync(scene.program), file) === 0,
    leftovers: () => {
      const known = ['app', 'state', installFolderPaths(scene.program).path.slice(folder.path.length + 1)];
      return readdirSync(folder.path).filter((name) => !known.includes(name));
    },
  };
  return scene;
}

/** What a command is called. */
function nameOf(register: RegisterCommand): string {
  const program = new Command();
  register(program, {} as CliContext, () => () => Promise.resolve());
  return program.commands[0]?.name() ?? '';
}
