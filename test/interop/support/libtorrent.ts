/**
 * A network of libtorrent nodes as a child process (test/libtorrent/network.py).
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PYTHON = process.env['PEERPATCH_PYTHON'] ?? '/usr/bin/python3';
const SCRIPT = new URL('../../libtorrent/network.py', import.meta.url).pathname;

export interface LibtorrentOptions {
  /** `ip:port` of each node; port 0 for any. */
  readonly listen: readonly string[];
  /** `ip:port` of nodes they know from the start. */
  readonly join: readonly string[];
}

export interface LibtorrentNodes {
  /** UDP port of each node, in order. */
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** Debian: python3-libtorrent. */
export function isLibtorrentInstalled(): boolean {
  return spawnSync(PYTHON, ['-c', 'import libtorrent']).status === 0;
}

/** Resolves when the nodes know some of each other. */
export async function startLibtorrent({ listen, join }: LibtorrentOptions): Promise<LibtorrentNodes> {
  const args = ['-W', 'ignore', SCRIPT, String(listen.length), '--listen', ...listen, '--join', ...join];
  const child = spawn(PYTHON, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const first = await lines.next();
  if (first.done === true) throw new Error('the libtorrent process ended');
  const { ports } = JSON.parse(first.value) as { ports: readonly number[] };
  return {
    ports,
    stop: async () => {
      child.stdin.end(`${JSON.stringify({ do: 'quit' })}\n`);
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(late);
    },
  };
}
