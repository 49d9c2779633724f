#!/usr/bin/env node
/**
 * The `peerpatch` command. Binds the command line to this process: streams, environment, Ctrl-C, exit code.
 *
 * @module
 */
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { bootstrapCommand } from './commands/bootstrap.ts';
import { buildCommand } from './commands/build.ts';
import { checkCommand } from './commands/check.ts';
import { diffCommand } from './commands/diff.ts';
import { exportCommand } from './commands/export.ts';
import { fetchCommand } from './commands/fetch.ts';
import { genCommand } from './commands/gen.ts';
import { inspectCommand } from './commands/inspect.ts';
import { pinCommand } from './commands/pin.ts';
import { rollbackCommand } from './commands/rollback.ts';
import { seedCommand } from './commands/seed.ts';
import { signCommand } from './commands/sign.ts';
import { skipCommand } from './commands/skip.ts';
import { statusCommand } from './commands/status.ts';
import { verifyCommand } from './commands/verify.ts';
import { runCli } from './run.ts';

const commands = [
  genCommand,
  buildCommand,
  signCommand,
  verifyCommand,
  inspectCommand,
  diffCommand,
  exportCommand,
  seedCommand,
  checkCommand,
  fetchCommand,
  statusCommand,
  rollbackCommand,
  pinCommand,
  skipCommand,
  bootstrapCommand,
];

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one ends a command that does not listen.
    if (stop.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
    stop.abort();
  });
}

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };
process.exitCode = await runCli(
  process.argv.slice(2),
  {
    out: (line) => void process.stdout.write(line),
    err: (line) => void process.stderr.write(line),
    readStdin: () => text(process.stdin),
    env: process.env,
    interactive: process.stderr.isTTY,
    signal: stop.signal,
  },
  commands,
  version,
);
