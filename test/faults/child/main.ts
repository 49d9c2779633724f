/**
 * The process that faults happen to: carries out one act of the product and says how it ended, or one after the other.
 *
 * `act <act> <root> <programs>` does one and prints its outcome. `serve <programs>` reads a request per line and answers each.
 * Bundled with the product's code by bundle.ts; everything that goes wrong is done to it from outside, by the shim.
 *
 * @module
 */
import { openSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PeerpatchError } from '../../../src/core/base/errors.ts';
import { ACTS, ACTS_OF_A_SHELL, type ActName } from './acts.ts';
import type { ActOutcome, ActRequest } from './messages.ts';

const systemNow = Date.now.bind(Date);
/** Bugs of the act that goes on. */
const uncaught: string[] = [];
process.on('uncaughtException', (error) => uncaught.push(`uncaught: ${error.stack ?? error.message}`));
process.on('unhandledRejection', (reason) => uncaught.push(`unhandled rejection: ${String(reason)}`));

const [mode, ...rest] = process.argv.slice(2);
if (mode === 'act') {
  const [act, root = '', programs = ''] = rest;
  const arm = process.env['FAULTS_SHELL_ARM'];
  say(await carryOut({ act: act as ActName, root, arm, laterMs: 0, mayWait: false }, programs));
} else {
  const [programs = ''] = rest;
  for await (const line of createInterface({ input: process.stdin })) {
    say(await carryOut(JSON.parse(line) as ActRequest, programs));
  }
}

async function carryOut({ act, root, arm, laterMs, mayWait }: ActRequest, programs: string): Promise<ActOutcome> {
  uncaught.length = 0;
  Date.now = () => systemNow() + laterMs;
  useUserOf(root);
  const armsItself = ACTS_OF_A_SHELL.includes(act);
  if (arm !== undefined && !armsItself) armShim(arm);
  let outcome: ActOutcome;
  try {
    const scene = { root, programPath: join(root, 'home/app'), programs, mayWait, arm };
    outcome = { ok: true, result: await ACTS[act](scene) };
  } catch (error) {
    outcome = { ok: false, code: error instanceof PeerpatchError ? error.code : undefined, text: describe(error) };
  }
  if (arm !== undefined && !armsItself) armShim('none!!');
  // A rejection that nobody awaits is told one turn later.
  await new Promise((resolve) => setImmediate(resolve));
  const left = openBelow(root);
  const bug = uncaught[0] ?? (left.length > 0 ? `left open: ${left.join(', ')}` : undefined);
  return bug === undefined ? outcome : { ok: false, code: undefined, text: bug };
}

/** Each case has a user of its own. */
function useUserOf(root: string): void {
  process.env['XDG_STATE_HOME'] = join(root, 'state');
  process.env['XDG_CACHE_HOME'] = join(root, 'cache');
  process.env['TMPDIR'] = join(root, 'tmp');
}

/** The shim listens to a path that cannot be. */
function armShim(text: string): void {
  try {
    openSync(`/faults!${text}`, 'r');
  } catch {
    // ENOENT: heard
  }
}

/** Files of the case that this process has open. */
function openBelow(root: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(`${root}/`) ? [path] : [];
    } catch {
      return []; // the one that lists
    }
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof PeerpatchError ? `${error.code}: ${error.message}` : (error.stack ?? error.message);
}

function say(outcome: ActOutcome): void {
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
}
