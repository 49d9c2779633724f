/**
 * How a new version fails, for tests: what stands in the slot. An executable gets another text there before it is signed
 * (releases.ts), so that many bad versions are made of one build.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { fstatSync, writeSync } from 'node:fs';

/** Behind the sign of equality: padded with dots. */
const SLOT = 'the behaviour of this test program=........................';

const NONCE = process.env['PEERPATCH_PREFLIGHT'];
const IN_PREFLIGHT = NONCE !== undefined;

function child(): void {
  spawn('sleep', ['1000'], { detached: true, stdio: 'inherit' }).unref();
}

function hang(): never {
  for (;;);
}

function stall(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function flood(fd: number): void {
  const line = Buffer.alloc(65_536, 'megabytes of words\n');
  for (let written = 0; written < 50_000_000; written += line.length) {
    try {
      writeSync(fd, line);
    } catch {
      // full for a moment
    }
  }
}

/** Before anything else of the program runs. */
const AT_ONCE: Readonly<Record<string, () => void>> = {
  'exits 1': () => process.exit(1),
  'exits 1 after preflight': () => IN_PREFLIGHT || process.exit(1),
  segfaults: () => IN_PREFLIGHT || process.kill(process.pid, 'SIGSEGV'),
  aborts: () => {
    if (!IN_PREFLIGHT) process.abort();
  },
  'throws at once': () => {
    if (!IN_PREFLIGHT) throw new Error('a bug of the new version');
  },
  hangs: () => IN_PREFLIGHT || setTimeout(hang, 300),
  'dies later': () => IN_PREFLIGHT || setTimeout(() => process.exit(1), 2500),
  'is slow and dies': () => {
    if (IN_PREFLIGHT) return;
    stall(700);
    setTimeout(() => process.exit(1), 2500);
  },
  'throws later': () =>
    IN_PREFLIGHT ||
    setTimeout(() => {
      throw new Error('a bug of the new version');
    }, 500),
  'ends well': () => IN_PREFLIGHT || setTimeout(() => process.exit(0), 1500),
  'forks and exits': () => {
    child();
    process.exit(0);
  },
  'says another version': () => {
    if (!IN_PREFLIGHT) return;
    writeSync(3, `${JSON.stringify({ peerpatch: 1, nonce: NONCE, version: '9.9.9', id: 'f'.repeat(64) })}\n`);
    process.exit(0);
  },
  'floods the preflight': () => {
    if (!IN_PREFLIGHT) return;
    flood(1);
    flood(2);
  },
  'ignores the preflight': () => {
    if (!IN_PREFLIGHT) return;
    child();
    if (fstatSync(3).isSocket()) writeSync(3, 'no answer');
    hang();
  },
};

/** What this program does. */
export const BEHAVIOUR: string = SLOT.slice(SLOT.indexOf('=') + 1).replaceAll('.', '');

AT_ONCE[BEHAVIOUR]?.();
