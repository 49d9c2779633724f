/**
 * `peerpatch check`: one look at the network. Which release is newest, and who offers it.
 *
 * @module
 */
import { checkNetwork, findStatement, PeerpatchError, toHex, type AnnouncedPeer } from '../../index.ts';
import type { CliContext, CommandResult } from '../context.ts';
import { addNameFlags, namedBy, type Named, type NameFlags } from '../name-flags.ts';
import { addPeerFlags, peerOptions, type PeerFlags } from '../peer-flags.ts';
import type { RegisterCommand } from '../run.ts';
import { statementJson, statementLines } from '../statement-lines.ts';

export const checkCommand: RegisterCommand = (program, context, finish) => {
  const command = program.command('check').description("look for the owner's newest release on the network");
  addNameFlags(addPeerFlags(command)).action(
    finish(async (flags: PeerFlags & NameFlags) => {
      const named = namedBy(flags);
      return named === undefined ? await checkPlain(flags, context) : await checkNamed(flags, named, context);
    }),
  );
};

async function checkPlain(flags: PeerFlags, { signal }: CliContext): Promise<CommandResult> {
  const { version, release, peers } = await checkNetwork(peerOptions(flags, signal));
  return {
    text: [offered(version, peers), ...peers.map(peerLine)].join('\n'),
    json: { version, sizeBytes: release.sizeBytes, hash: toHex(release.hash), peers: peers.map(peerJson) },
  };
}

async function checkNamed(flags: PeerFlags, named: Named, { signal, err }: CliContext): Promise<CommandResult> {
  const { statement, peers } = await findStatement({
    ...peerOptions(flags, signal),
    ...named,
    onFailure: ({ code, message }) => {
      err(`${code}: ${message}\n`);
    },
  });
  if (statement === undefined) {
    const { app, target, channel } = named.name;
    throw new PeerpatchError(
      'RELEASE_NOT_FOUND',
      `nobody has a statement of this owner for ${app}, ${target}, ${channel}: is a copy running, seeded or exported`,
    );
  }
  const isExpired = statement.expiresAt !== undefined && statement.expiresAt * 1000 <= Date.now();
  return {
    text: [
      offered(statement.version, peers),
      ...(isExpired ? ['expired: nobody takes it any more'] : []),
      `sequence   ${statement.seq.toString()}`,
      `size       ${statement.sizeBytes}`,
      ...statementLines(statement),
      ...peers.map(peerLine),
    ].join('\n'),
    json: { ...statementJson(statement), isExpired, peers: peers.map(peerJson) },
  };
}

function offered(version: string, { length }: readonly AnnouncedPeer[]): string {
  return `${version}, offered by ${length} ${length === 1 ? 'peer' : 'peers'}`;
}

function peerLine({ nodeId, addresses }: AnnouncedPeer): string {
  return `  ${toHex(nodeId)}  ${addresses.join(' ')}`.trimEnd();
}

function peerJson({ nodeId, addresses, relayUrl }: AnnouncedPeer): Readonly<Record<string, unknown>> {
  return { nodeId: toHex(nodeId), addresses, ...(relayUrl !== undefined && { relayUrl }) };
}
