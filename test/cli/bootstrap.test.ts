import { describe, expect, it } from 'vitest';
import { bootstrapCommand } from '../../src/cli/commands/bootstrap.ts';
import { runCli } from '../../src/cli/run.ts';
import { openClient, openRawSocket, testItemKey } from '../support/dht-clients.ts';

/** Runs the command; `onStarted` gets the printed address, and the command is interrupted when it is done. */
async function cli(args: readonly string[], onStarted: (address: string) => Promise<void> = () => Promise.resolve()) {
  const interrupt = new AbortController();
  let out = '';
  let err = '';
  let started = Promise.resolve();
  const context = {
    out: (text: string) => void (out += text),
    err: (text: string) => {
      err += text;
      const address = /DHT node on (\S+);/.exec(text)?.[1];
      if (address === undefined) return;
      started = onStarted(address).finally(() => {
        interrupt.abort();
      });
    },
    readStdin: () => Promise.resolve(''),
    env: {},
    interactive: false,
    signal: interrupt.signal,
  };
  const code = await runCli(['bootstrap', ...args], context, [bootstrapCommand], '0.0.0');
  await started;
  return { code, out, err };
}

describe('peerpatch bootstrap', () => {
  it('serves a network until it is interrupted, then says what it held and exits 0', async () => {
    const { code, out } = await cli(['--host', '127.0.0.1', '--port', '0', '--json'], async (address) => {
      const client = await openClient([address]);
      try {
        const [node] = await client.get(testItemKey(1));
        await node?.put(1n, new Uint8Array(3));
      } finally {
        await client.close();
      }
    });
    expect(code).toBe(0);
    const address = expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown;
    expect(JSON.parse(out)).toEqual({ address, contacts: 0, items: 1 });
  });

  it('joins the network it is given', async () => {
    const { code } = await cli(['--host', '127.0.0.1', '--port', '0'], async (first) => {
      const { code: secondCode, out } = await cli(
        ['--host', '127.0.0.1', '--port', '0', '--dht', first],
        async (second) => {
          const client = await openClient([second]);
          try {
            await expect.poll(() => client.get(testItemKey(1)).then(({ length }) => length)).toBe(2);
          } finally {
            await client.close();
          }
        },
      );
      expect(secondCode).toBe(0);
      expect(out).toMatch(/stopped: 1 nodes known, 0 items held/);
    });
    expect(code).toBe(0);
  });

  it.each([
    ['--port', '65536'],
    ['--port', 'many'],
    ['--port', '-1'],
    ['--host', 'localhost'],
    ['--dht', 'nowhere'],
  ])('exits 2 for %s %s', async (option, value) => {
    const { code, err } = await cli(['--host', '127.0.0.1', '--port', '0', option, value]);
    expect(code).toBe(2);
    expect(err).toContain('OPTION_INVALID');
  });

  it('exits 1 when the port is taken', async () => {
    const taken = await openRawSocket();
    try {
      const { code, err } = await cli(['--host', '127.0.0.1', '--port', String(taken.port)]);
      expect(code).toBe(1);
      expect(err).toContain('DHT_BIND_FAILED');
    } finally {
      await taken.close();
    }
  });
});
