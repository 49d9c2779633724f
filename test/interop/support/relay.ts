/**
 * A relay of the tests' own: the server of the crate iroh-relay (rust/current/relay) as a child process, over plain HTTP.
 *
 * It tells which nodes came to it and how many bytes it passed on, so that a test can tell that they went this way.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { program } from './workspaces.ts';

/** Since the relay started. */
export interface RelayCounters {
  readonly bytesFromClients: number;
  readonly bytesToClients: number;
  /** For nodes that are not connected. */
  readonly droppedDatagrams: number;
}

export interface Relay {
  /** `http://10.77.0.2:3340` */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The nodes that came, in hex, each once for every time it came, with the relay protocol they chose. It grows. */
  readonly clients: readonly { readonly nodeId: string; readonly protocol: string }[];
  counters(): Promise<RelayCounters>;
  close(): Promise<void>;
}

/** Starts it; it listens when this resolves. */
export async function startRelay(address: { readonly host: string; readonly port: number }): Promise<Relay> {
  const child = spawn(program('current', 'relay'), [`${address.host}:${address.port}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const lines = createInterface(child.stdout);
  const clients: { nodeId: string; protocol: string }[] = [];
  lines.on('line', (line) => {
    const [, protocol, nodeId] = /^connected (\S+) ([0-9a-f]{64})$/.exec(line) ?? [];
    if (protocol !== undefined && nodeId !== undefined) clients.push({ nodeId, protocol });
  });
  const [, listening] = await nextLine(lines, /^listening (\S+)$/, ended);
  const url = new URL(`http://${listening ?? ''}`);
  return {
    url: url.origin,
    host: url.hostname,
    port: Number(url.port),
    clients,
    counters: async () => {
      child.stdin.write('\n');
      const [, from, to, dropped] = await nextLine(lines, /^counters (\d+) (\d+) (\d+)$/, ended);
      return { bytesFromClients: Number(from), bytesToClients: Number(to), droppedDatagrams: Number(dropped) };
    },
    close: () => close(child, ended),
  };
}

function nextLine(lines: Interface, pattern: RegExp, ended: Promise<unknown>): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const read = (line: string): void => {
      const found = pattern.exec(line);
      if (found === null) return;
      lines.off('line', read);
      resolve(found);
    };
    lines.on('line', read);
    void ended.then(() => {
      reject(new Error('the relay ended'));
    });
  });
}

async function close(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.stdin?.end();
  const late = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(late);
}
