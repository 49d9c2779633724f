/**
 * A host with an updater, for tests: says how it was started and everything its updater tells, one JSON line each.
 *
 * From the environment: APP_PUBLIC_KEY, APP_DHT, APP_MIRROR (URLs, a comma between two), APP_MODE (as text), APP_ENDS=1 (ends by itself
 * as soon as the updater is ready), APP_PREFLIGHT (off, or milliseconds), APP_PROBATION (JSON), APP_CONFIRMS=1 (says that it works as
 * soon as the updater is ready), APP_FORCES=1 (looks again at once when a trial has failed), APP_MAX_VERSION, APP_SKIP_VERSIONS (with
 * commas), CUSTOM. Looks every second; nothing leaves the machine.
 *
 * SIGUSR2 makes it look with force, and say what that came to.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { parseUpdateMode, spawn, type ProbationOptions } from 'peerpatch';

const { APP_PUBLIC_KEY = '', APP_DHT = '', APP_MIRROR, APP_MODE = 'now', APP_ENDS, CUSTOM } = process.env;
const { APP_PREFLIGHT, APP_PROBATION = '{}', APP_CONFIRMS, APP_FORCES } = process.env;
const { APP_MAX_VERSION, APP_SKIP_VERSIONS } = process.env;

/** At once and whole, however the process ends. */
export function say(event: string, facts: object = {}): void {
  writeSync(1, `${JSON.stringify({ event, generation: 0, ...facts })}\n`);
}

async function main(): Promise<void> {
  const living = setInterval(() => {
    say('alive');
  }, 1000);
  const updater = await spawn({
    publicKey: APP_PUBLIC_KEY,
    mode: parseUpdateMode(APP_MODE),
    dht: { bootstrap: APP_DHT.split(',') },
    mirrors: APP_MIRROR?.split(',') ?? [],
    relay: 'none',
    bindHost: '127.0.0.1',
    intervalMs: 1000,
    preflight: APP_PREFLIGHT === 'off' ? false : { timeoutMs: Number(APP_PREFLIGHT ?? 30_000) },
    probation: JSON.parse(APP_PROBATION) as ProbationOptions,
    ...(APP_MAX_VERSION !== undefined && { maxVersion: APP_MAX_VERSION }),
    ...(APP_SKIP_VERSIONS !== undefined && { skipVersions: APP_SKIP_VERSIONS.split(',') }),
  });
  updater.on('*', (event) => {
    say(event.type, event);
    if (APP_FORCES === '1' && event.type === 'error' && event.code === 'PREFLIGHT_FAILED')
      void updater.checkNow({ force: true });
  });
  process.on('SIGUSR2', () => {
    void updater.checkNow({ force: true }).then((result) => {
      say('forced', result);
    });
  });
  await updater.ready;
  say('start', {
    version: updater.version,
    state: updater.state,
    reason: updater.reason,
    pid: process.pid,
    ppid: process.ppid,
    args: process.argv.slice(2),
    cwd: process.cwd(),
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- single-threaded here
    umask: process.umask(),
    custom: CUSTOM,
    variables: Object.keys(process.env).filter((name) => name.startsWith('PEERPATCH_')),
  });
  if (APP_CONFIRMS === '1') updater.confirm();
  if (APP_ENDS === '1') clearInterval(living);
}

void main();
