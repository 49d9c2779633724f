/**
 * `peerpatch bootstrap`: a private DHT node in the foreground, until Ctrl-C.
 *
 * @module
 */
import { once } from 'node:events';
import { PeerpatchError, startBootstrapNode } from '../../index.ts';
import type { CliContext, CommandResult } from '../context.ts';
import type { RegisterCommand } from '../run.ts';

interface BootstrapFlags {
  readonly host: string;
  readonly port: string;
  readonly dht?: string;
}

export const bootstrapCommand: RegisterCommand = (program, context, finish) => {
  program
    .command('bootstrap')
    .description('run a node of a private DHT until Ctrl-C')
    .option('--host <ip>', 'the IP address to listen on', '0.0.0.0')
    .option('--port <number>', 'the UDP port to listen on; 0 takes any free one', '6881')
    .option('--dht <host:port,…>', 'nodes of a network to join instead of starting one')
    .action(finish((flags: BootstrapFlags) => runBootstrap(flags, context)));
};

async function runBootstrap({ host, port, dht }: BootstrapFlags, context: CliContext): Promise<CommandResult> {
  if (!/^\d{1,5}$/.test(port)) {
    throw new PeerpatchError(
      'OPTION_INVALID',
      `${JSON.stringify(port)} is not a UDP port: expected a number from 0 to 65535`,
    );
  }
  const node = await startBootstrapNode({
    host,
    port: Number(port),
    bootstrap: dht === undefined ? [] : dht.split(','),
    onError: (error) => {
      context.err(`${error instanceof Error ? error.message : String(error)}\n`);
    },
  });
  try {
    // On stderr: stdout holds the result, and there is one only at the end.
    context.err(`DHT node on ${node.address}; stop it with Ctrl-C\n`);
    if (!context.signal.aborted) await once(context.signal, 'abort');
    const contacts = node.contacts();
    const items = node.storedItems();
    return {
      text: `DHT node on ${node.address} stopped: ${contacts} nodes known, ${items} items held`,
      json: { address: node.address, contacts, items },
    };
  } finally {
    await node.close();
  }
}
