/**
 * `peerpatch seed`: announces and serves a signed program without running it, until Ctrl-C.
 *
 * @module
 */
import { seedProgram, type AgentEvent } from '../../index.ts';
import { addPeerFlags, peerOptions, type PeerFlags } from '../peer-flags.ts';
import type { RegisterCommand } from '../run.ts';

export const seedCommand: RegisterCommand = (program, context, finish) => {
  addPeerFlags(program.command('seed').description('announce and serve a signed program without running it'))
    .argument('<program>', 'the signed program')
    .action(
      finish(async (path: string, flags: PeerFlags) => {
        const seeded = await seedProgram({
          ...peerOptions(flags, context.signal),
          program: path,
          onEvent: (event) => {
            const line = describe(event);
            if (line !== undefined) context.err(`${line}\n`);
          },
        });
        return {
          text: `seeded ${seeded.version}: ${seeded.uploads} ${seeded.uploads === 1 ? 'upload' : 'uploads'}`,
          json: { version: seeded.version, uploads: seeded.uploads, sentBytes: seeded.sentBytes },
        };
      }),
    );
};

function describe(event: AgentEvent): string | undefined {
  switch (event.type) {
    case 'announced':
      return `announced ${event.version} at ${event.storedAt} DHT nodes`;
    case 'published':
      return `the statement of ${event.version} is at ${event.storedAt} DHT nodes`;
    case 'served':
      return `served ${event.version} to ${event.peer}`;
    case 'error':
      return `${event.during} failed, ${event.code}: ${event.message}`;
    case 'checking':
    case 'checked':
    case 'found':
    case 'held-back':
    case 'planned':
    case 'progress':
    case 'accepted':
    case 'installed':
    case 'waiting':
    case 'restarting':
    case 'probation':
    case 'confirmed':
    case 'rolled-back':
      return undefined; // not of a program that only seeds
  }
}
