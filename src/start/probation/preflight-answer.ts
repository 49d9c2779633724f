/**
 * The other side of a preflight: a program that was only started to be tried out loads what its updater needs, says which
 * release it is, and ends. Spec: docs/spec/17-probation.md; who asks: io/process/preflight.ts.
 *
 * @module
 */
import { writeSync } from 'node:fs';
import { Script } from 'node:vm';
import { versionOf } from '../../agent/known-release.ts';
import { PeerpatchError } from '../../core/base/errors.ts';
import { releaseIdOf } from '../../core/install/release-id.ts';
import { parsePublicKey } from '../../core/keys/public-key.ts';
import { AGENT_ASSET } from '../../io/executable/assets.ts';
import type { Executable } from '../../io/executable/executable.ts';
import { isOpenPipe } from '../../io/process/open-pipe.ts';
import {
  encodePreflightAnswer,
  isPreflightNonce,
  PREFLIGHT_FD,
  PREFLIGHT_VARIABLE,
} from '../../io/process/preflight-wire.ts';
import { irohAddon, isBuiltForMirrors } from '../addon.ts';
import type { AgentSettings } from '../messages.ts';
import { ownRelease } from '../own-release.ts';

/** The asker's digits, when this process was started for a preflight. */
export function preflightNonce(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const nonce = env[PREFLIGHT_VARIABLE];
  return nonce !== undefined && isPreflightNonce(nonce) ? nonce : undefined;
}

/** Does not return: the app's own code is not to go on. What is wrong goes to stderr, which the asker keeps. */
export async function answerPreflight(nonce: string, settings: AgentSettings, program: Executable): Promise<never> {
  try {
    const answer = await tryOut(nonce, settings, program);
    // Without the pipe this is a child that inherited the variable: it has nobody to answer, and no work to do either.
    if (isOpenPipe(PREFLIGHT_FD)) writeSync(PREFLIGHT_FD, answer);
  } catch (error) {
    endSilently(`${error instanceof PeerpatchError ? `${error.code}: ` : ''}${(error as Error).message}`);
  }
  return endSilently();
}

async function tryOut(nonce: string, settings: AgentSettings, program: Executable): Promise<string> {
  const { publicKey, runningStamp } = settings;
  const agent = program.readAsset(AGENT_ASSET);
  if (agent === undefined || runningStamp === undefined) {
    throw new Error('this executable carries no agent: after the update it could not update itself again');
  }
  const known = ownRelease(parsePublicKey(publicKey), runningStamp);
  new Script(new TextDecoder().decode(agent)); // parsed, not run: a damaged one throws
  if (!isBuiltForMirrors()) await irohAddon();
  return encodePreflightAnswer({ nonce, version: versionOf(known), id: releaseIdOf(known) });
}

/** The app's listeners are for a program that has worked. */
function endSilently(trouble?: string): never {
  process.removeAllListeners('exit');
  if (trouble !== undefined) writeSync(2, `${trouble}\n`);
  process.exit(trouble === undefined ? 0 : 1);
}
