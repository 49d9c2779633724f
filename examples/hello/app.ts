/**
 * A small program that keeps itself up to date. Its real work is to say hello now and then.
 *
 *   npx peerpatch build app.ts --out hello --app-version 1.0.0
 *   npx peerpatch sign hello
 *   HELLO_PUBLIC_KEY=… ./hello --name world
 *
 * HELLO_PUBLIC_KEY is here so that one source serves every owner; a real program has its key in the code.
 * HELLO_EVENTS=1 prints what happens as lines of JSON, for scripts.
 */
import { spawn, UpdaterMode, type UpdaterEvent } from 'peerpatch';

const {
  HELLO_PUBLIC_KEY = '',
  HELLO_DHT,
  HELLO_RELAY,
  HELLO_BIND,
  HELLO_INTERVAL_MS,
  HELLO_EVENTS,
  HELLO_TAG,
} = process.env;

function say(line: Record<string, unknown> & { type: string }, text: string): void {
  console.log(HELLO_EVENTS === '1' ? JSON.stringify(line) : text);
}

async function main(): Promise<void> {
  const greeting = setInterval(() => {
    say({ type: 'hello' }, 'hello');
  }, 60_000);

  const updater = await spawn({
    publicKey: HELLO_PUBLIC_KEY,
    mode: UpdaterMode.Now,
    beforeRestart: () => {
      clearInterval(greeting);
    },
    ...(HELLO_DHT && { dht: { bootstrap: HELLO_DHT.split(',') } }),
    ...(HELLO_RELAY === 'none' && { relay: 'none' }),
    ...(HELLO_BIND && { bindHost: HELLO_BIND }),
    ...(HELLO_INTERVAL_MS && { intervalMs: Number(HELLO_INTERVAL_MS) }),
  });
  updater.on('*', (event: UpdaterEvent) => {
    if (HELLO_EVENTS === '1' || event.type !== 'progress') say(event, describe(event));
  });

  await updater.ready;
  const { version, state, reason } = updater;
  say(
    {
      type: 'started',
      version,
      state,
      reason,
      pid: process.pid,
      args: process.argv.slice(2),
      tag: HELLO_TAG,
      cwd: process.cwd(),
    },
    `hello ${version ?? '(no version)'}, process ${String(process.pid)}, updater ${state}${reason ? `: ${reason}` : ''}`,
  );
}

function describe(event: UpdaterEvent): string {
  const { type, ...facts } = event;
  return `  ${type} ${JSON.stringify(facts)}`;
}

void main();
