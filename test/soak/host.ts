/**
 * The program of the soak test: takes every update, tells what happens and how large it is, one JSON line each.
 *
 * From the environment: APP_PUBLIC_KEY, APP_DHT, APP_BIND. A bad release has another text in the slot of behaviour.ts.
 *
 * @module
 */
import { readdirSync, writeSync } from 'node:fs';
import { spawn } from 'peerpatch';
import { BEHAVIOUR } from '../e2e/support/behaviour.ts';

const { APP_PUBLIC_KEY = '', APP_DHT = '', APP_BIND = '127.0.0.1' } = process.env;
const HEALTH_INTERVAL_MS = 5000;

function say(event: string, facts: object = {}): void {
  writeSync(1, `${JSON.stringify({ event, pid: process.pid, ...facts })}\n`);
}

async function main(): Promise<void> {
  const updater = await spawn({
    publicKey: APP_PUBLIC_KEY,
    dht: { bootstrap: APP_DHT.split(',') },
    relay: 'none',
    bindHost: APP_BIND,
    intervalMs: 2000,
    preflight: { timeoutMs: 30_000 },
    probation: { aliveMs: 6000, hangMs: 4000, maxStarts: 2 },
  });
  setInterval(() => {
    const { version } = updater;
    say('health', { version, rssBytes: process.memoryUsage.rss(), handles: readdirSync('/proc/self/fd').length });
  }, HEALTH_INTERVAL_MS);
  updater.on('installed', ({ version }) => {
    say('installed', { version });
  });
  updater.on('rolled-back', ({ version, to, reason }) => {
    say('rolled-back', { version, to, reason });
  });
  updater.on('error', ({ code, message }) => {
    say('error', { code, message });
  });
  await updater.ready;
  say('start', { version: updater.version, state: updater.state, reason: updater.reason, behaviour: BEHAVIOUR });
}

void main();
