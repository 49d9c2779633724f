/**
 * The commands that owners run, of both sides, as processes; and a Rust program that looks at itself and ends.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { program, type RustpatcherVersion } from './workspaces.ts';

const PEERPATCH = join(import.meta.dirname, '../../../dist/cli/main.js');

export interface EndedCommand {
  /** Exit code; `null`: ended by a signal. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built command line tool. */
export function peerpatch(...args: readonly string[]): EndedCommand {
  return run(process.execPath, [PEERPATCH, ...args]);
}

export function rustpatcher(version: RustpatcherVersion, ...args: readonly string[]): EndedCommand {
  return run(program(`rustpatcher-${version}`, 'rustpatcher'), args);
}

/** `accepted Version(1, 0, 0)`, `refused <reason>`, or nothing where it did not get that far. */
export function checkSelf(path: string, ownerText: string): string | undefined {
  const { out } = run(path, [], { OWNER_PUBLIC_KEY: ownerText, APP_CHECK_ONLY: '1' });
  return /^self (.*)$/m.exec(out)?.[1];
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}): EndedCommand {
  const ended = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (ended.error !== undefined) throw ended.error;
  return { code: ended.status, out: ended.stdout, err: ended.stderr };
}
