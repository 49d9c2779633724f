/**
 * Ends of real processes, each with the watch in it.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundle } from '../../../src/io/build/bundle.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();
const entry = join(import.meta.dirname, '../../../src/io/process/clean-end.ts');

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly isClean: boolean;
}

/** Runs `script`, which has `stop` to end the watch, and sends the signal once it says that it is ready. `first` comes before the watch. */
async function end(script: string, signal?: NodeJS.Signals, first = ''): Promise<Ended> {
  const { code: module } = await bundle({ entry, nodeVersion: process.versions.node });
  writeFileSync(folder.join('clean-end.cjs'), module);
  const watch = `const stop = require(${JSON.stringify(folder.join('clean-end.cjs'))}).watchCleanEnd(() => require('fs').writeSync(1, 'clean'));`;
  const child = spawn(process.execPath, ['-e', `${first}; ${watch} ${script}; require('fs').writeSync(1, 'ready')`]);
  let said = '';
  let isSent = false;
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString();
    if (!said.includes('ready') || signal === undefined || isSent) return;
    isSent = true; // a second one, sent when the child says `clean`, would end it in another way
    child.kill(signal);
  });
  return new Promise((resolve) => {
    child.once('close', (code, killedBy) => {
      resolve({ code, signal: killedBy, isClean: said.includes('clean') });
    });
  });
}

describe.skipIf(process.platform === 'win32')('the watch for a clean end', () => {
  it('notices exit code 0, in whatever way it comes', async () => {
    expect(await end('')).toEqual({ code: 0, signal: null, isClean: true });
    expect(await end('setTimeout(() => process.exit(), 10)')).toEqual({ code: 0, signal: null, isClean: true });
  });

  it('takes another exit code, an exception and a fault for what they are', async () => {
    expect(await end('setTimeout(() => process.exit(3), 10)')).toEqual({ code: 3, signal: null, isClean: false });
    expect(await end('setTimeout(() => { throw new Error() }, 10)')).toMatchObject({ code: 1, isClean: false });
    expect(await end('setTimeout(() => process.kill(process.pid, "SIGSEGV"), 10)')).toMatchObject({
      signal: 'SIGSEGV',
      isClean: false,
    });
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    it(`notices ${signal}, and lets the process die of it`, async () => {
      expect(await end('setInterval(() => 0, 1000)', signal)).toEqual({ code: null, signal, isClean: true });
    });
  }

  it('ends the process where the signal that it heard cannot be sent, as on Windows', async () => {
    const refuses = 'process.kill = () => { throw new Error("ENOSYS") }; setInterval(() => 0, 1000)';
    expect(await end(refuses, 'SIGHUP')).toEqual({ code: 129, signal: null, isClean: true });
  });

  it('leaves a signal to a host that listens to it, and takes the exit code that follows for the answer', async () => {
    const answers = 'setInterval(() => 0, 1000); process.on("SIGTERM", () => setTimeout(() => process.exit(143), 50))';
    expect(await end(answers, 'SIGTERM')).toEqual({ code: 143, signal: null, isClean: true });
  });

  for (const add of ['once', 'on']) {
    for (const isFirst of [true, false]) {
      it(`lets a host end in peace that listens with ${add} ${isFirst ? 'before' : 'after'} the watch began`, async () => {
        const listen = `process.${add}("SIGTERM", () => setTimeout(() => process.exit(42), 100))`;
        const runs = `setInterval(() => 0, 1000); ${isFirst ? '' : listen}`;
        const ended = await end(runs, 'SIGTERM', isFirst ? listen : '');
        expect(ended).toEqual({ code: 42, signal: null, isClean: true });
      });
    }
  }

  it('has no listeners left when it is ended', async () => {
    const count = 'stop(); process.exitCode = process.listenerCount("SIGTERM") + process.listenerCount("exit") + 10';
    expect(await end(count)).toEqual({ code: 10, signal: null, isClean: false });
  });
});
