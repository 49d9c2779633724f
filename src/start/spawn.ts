/**
 * `spawn`: gives a host its updater. Checks the options, finds out what is running, starts the agent's thread.
 *
 * From source there is no program file to replace: the updater is disabled and the host runs on.
 *
 * @module
 */
import { PeerpatchError } from '../core/base/errors.ts';
import { executable } from '../io/executable/executable.ts';
import { restartProcess } from '../io/process/restart.ts';
import { adoptThinParent, type ThinParentLink } from '../io/process/thin-parent-link.ts';
import { agentThreadStarter } from './thread/agent-thread.ts';
import { agentSettings, type SpawnOptions } from './options/options.ts';
import { Updater } from './updater.ts';

/** One process has one program file: two updaters would replace it under each other. */
let running: Updater | undefined;
let parent: ThinParentLink | undefined;

const FROM_SOURCE = 'running from source: only an executable made by "peerpatch build" can replace itself';
const OTHER_BUILD = 'this executable carries no agent: make it with "peerpatch build"';

/**
 * Starts self-update for the running program.
 *
 * Resolves at once: verifying the program takes part of a second and happens in the agent's thread. `updater.ready`
 * tells when it is known whether the updater runs or is disabled.
 *
 * @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID
 * @example
 * const updater = await spawn({ publicKey: 'axegnqus3miex47g1kxf1j7j8spczbc57go7jgpeixq8nxjfz7gy' });
 * updater.on('installed', ({ version }) => console.log(`${version} is installed`));
 */
// eslint-disable-next-line @typescript-eslint/require-await -- a promise, so that option errors reject instead of throwing
export async function spawn(options: SpawnOptions): Promise<Updater> {
  const program = executable();
  const settings = agentSettings(options, program);
  if (program.kind === 'source') return Updater.disabled(FROM_SOURCE);
  const startThread = agentThreadStarter(program);
  if (startThread === undefined) return Updater.disabled(OTHER_BUILD);
  if (running !== undefined && running.state !== 'stopped') {
    throw new PeerpatchError(
      'OPTION_INVALID',
      'an updater runs in this process already: stop it before you spawn another',
    );
  }
  parent ??= adoptThinParent();
  running = Updater.start({
    options,
    settings,
    startThread,
    restartProcess: (path) => restartProcess({ path, parent }),
  });
  return running;
}
