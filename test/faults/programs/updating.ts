/**
 * A program that takes the update it is offered, starts again as that, and says that it works.
 *
 * What happens is one JSON line each on stdout. From the environment: APP_PUBLIC_KEY, APP_MIRROR, APP_DHT.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { spawn } from '../../../src/index.ts';

const { APP_PUBLIC_KEY = '', APP_MIRROR = '', APP_DHT = '' } = process.env;

function say(event: string, facts: object): void {
  writeSync(1, `${JSON.stringify({ event, generation: 0, ...facts })}\n`);
}

async function main(): Promise<void> {
  const updater = await spawn({
    publicKey: APP_PUBLIC_KEY,
    dht: { bootstrap: [APP_DHT] },
    mirrors: [APP_MIRROR],
    relay: 'none',
    bindHost: '127.0.0.1',
    intervalMs: 1000,
    preflight: { timeoutMs: 30_000 },
  });
  updater.on('*', (event) => {
    if (event.type !== 'progress') say(event.type, event);
  });
  await updater.ready;
  say('start', { version: updater.version, state: updater.state, reason: updater.reason });
  // The updater alone keeps nobody alive.
  setInterval(() => undefined, 60_000);
  // Does nothing in an old version. A new one has worked when it gets here.
  updater.confirm();
}

void main();
