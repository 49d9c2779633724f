/**
 * `spawn`: gives a host its updater. Checks the options, finds out what is running, starts the agent's thread.
 *
 * From source there is no program file to replace: the updater is disabled and the host runs on.
 *
 * @module
 */
import { errorEvent, type AgentEvent } from '../agent/events.ts';
import { PeerpatchError } from '../core/base/errors.ts';
import { executable } from '../io/executable/executable.ts';
import { checkRestart, restartProcess } from '../io/process/restart.ts';
import { restartWatch } from '../io/process/restart-watch.ts';
import { adoptThinParent, type ThinParentLink } from '../io/process/thin-parent-link.ts';
import { agentThreadStarter } from './thread/agent-thread.ts';
import { agentSettings, type SpawnOptions } from './options/options.ts';
import { spawnIsReached } from './probation/early-start.ts';
import { beginOwnStart, putBack, type OwnStart } from './probation/own-start.ts';
import { answerPreflight, preflightNonce } from './probation/preflight-answer.ts';
import { probationSettings } from './options/probation-options.ts';
import { Updater } from './updater.ts';

/** One process has one program file: two updaters would replace it under each other. */
let running: Updater | undefined;
let parent: ThinParentLink | undefined;
/** A process starts once, however often it spawns. */
let start: OwnStart | undefined;

const FROM_SOURCE = 'running from source: only an executable made by "peerpatch build" can replace itself';
const OTHER_BUILD = 'this executable carries no agent: make it with "peerpatch build"';

/**
 * Starts self-update for the running program. Call it first, and await it: a new version is tried out up to here before it
 * is installed, its start is counted here, and where it has to make place for the one before it, it does so here.
 *
 * Resolves at once: verifying the program takes part of a second and happens in the agent's thread. `updater.ready`
 * tells when it is known whether the updater runs or is disabled.
 *
 * @throws PeerpatchError KEY_MALFORMED, OPTION_INVALID
 * @example
 * const updater = await spawn({ publicKey: 'axegnqus3miex47g1kxf1j7j8spczbc57go7jgpeixq8nxjfz7gy' });
 * updater.on('installed', ({ version }) => console.log(`${version} is installed`));
 */
export async function spawn(options: SpawnOptions): Promise<Updater> {
  const program = executable();
  const settings = agentSettings(options, program);
  const probation = probationSettings(options.probation);
  if (program.kind === 'source') return Updater.disabled(FROM_SOURCE);
  const nonce = preflightNonce();
  if (nonce !== undefined) return await answerPreflight(nonce, settings, program);
  const startThread = agentThreadStarter(program);
  if (startThread === undefined) return Updater.disabled(OTHER_BUILD);
  if (running !== undefined && running.state !== 'stopped') {
    throw new PeerpatchError(
      'OPTION_INVALID',
      'an updater runs in this process already: stop it before you spawn another',
    );
  }
  parent ??= adoptThinParent();
  spawnIsReached();
  start ??= beginOwnStart({ settings, probation });
  const { isGuarded } = start;
  const { guard, confirm, confirmMs, aliveMs } = probation;
  const { programPath } = settings;
  const watch = restartWatch({ programPath, guard, probationMs: confirm === 'host' ? confirmMs : aliveMs, isGuarded });
  const restart = (path: string): Promise<never> => restartProcess({ path, parent, watch });
  const failures: AgentEvent[] = [];
  if (start.due !== undefined) {
    try {
      if (await putBack(programPath, start.due)) return await restart(programPath);
      start = beginOwnStart({ settings, probation });
    } catch (error) {
      // A host that runs a bad version is better off than one that does not run.
      failures.push(errorEvent('start', error));
    }
  }
  const { probation: current, events } = start;
  running = Updater.start({
    options,
    settings: {
      ...settings,
      hangWatch: current && { heartbeat: current.heartbeat, hangMs: probation.hangMs, running: current.release },
    },
    startThread,
    checkRestart: (path) => checkRestart({ path }),
    restartProcess: restart,
    probation: current,
    events: [...events, ...failures],
    putBack: (reason) => putBack(programPath, { reason, isBack: false, bad: current?.release }),
  });
  start = { ...start, events: [] };
  return running;
}
