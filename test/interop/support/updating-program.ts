/**
 * A program of ours that updates itself through n0's relays and discovery: what its updater tells, one line each.
 *
 * From the environment: OWNER_PUBLIC_KEY, PROGRAM_DHT (`host:port` to start from), PROGRAM_PREFLIGHT=off (takes programs that cannot
 * answer).
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { spawn, UpdaterMode } from 'peerpatch';

const { OWNER_PUBLIC_KEY = '', PROGRAM_DHT = '', PROGRAM_PREFLIGHT } = process.env;

async function main(): Promise<void> {
  // An updater keeps no program alive.
  setInterval(() => undefined, 60_000);
  const updater = await spawn({
    publicKey: OWNER_PUBLIC_KEY,
    mode: UpdaterMode.Now,
    dht: { bootstrap: [PROGRAM_DHT] },
    relay: 'n0',
    intervalMs: 1000,
    ...(PROGRAM_PREFLIGHT === 'off' && { preflight: false, probation: { guard: 'never' } }),
  });
  // At once and whole: the program is replaced in the middle of anything.
  updater.on('*', (event) => writeSync(1, `${JSON.stringify(event)}\n`));
  await updater.ready;
  writeSync(1, `version ${updater.version ?? 'unknown'} ${updater.state}\n`);
}

void main();
