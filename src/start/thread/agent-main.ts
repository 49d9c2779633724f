/**
 * The agent's thread: verifies the program, builds the real adapters, runs the agent, talks to the host.
 *
 * The entry of a bundle of its own. Writes nothing to stdout or stderr; a bug ends this thread and never the host.
 *
 * @module
 */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { startAgent, type Agent } from '../../agent/agent.ts';
import { errorEvent } from '../../agent/events.ts';
import { versionOf } from '../../agent/known-release.ts';
import { readRelease } from '../../agent/read-release.ts';
import { isPeerpatchError, PeerpatchError } from '../../core/base/errors.ts';
import { parsePublicKey } from '../../core/keys/public-key.ts';
import { programStore } from '../../io/install/program-file.ts';
import { tidyInstall } from '../../io/install/tidy.ts';
import { isOwnImage } from '../../io/executable/own-image.ts';
import { openMirror } from '../../io/mirror/mirror.ts';
import { brotli } from '../../io/system/brotli.ts';
import { systemClock } from '../../io/system/clock.ts';
import { systemLocalTime } from '../../io/system/local-time.ts';
import { systemRandom } from '../../io/system/random.ts';
import type { OpenProgram, ProgramStore } from '../../ports/program.ts';
import { startHangWatch } from './hang-watch.ts';
import type { AgentSettings, MessageToAgent, MessageToHost } from '../messages.ts';
import { openNode } from './node.ts';
import { ownRelease } from '../own-release.ts';
import { openState } from './state.ts';
import { createTrial } from './trial.ts';

/** A program that failed this way will not become another one: retrying is of no use. */
const NOT_UPDATABLE = [
  'STAMP_MISSING',
  'STAMP_MALFORMED',
  'RELEASE_UNSIGNED',
  'RELEASE_BAD_SIGNATURE',
  'RELEASE_MISMATCH',
  'STATEMENT_MALFORMED',
  'STATEMENT_BAD_SIGNATURE',
  'STATEMENT_UNSUPPORTED',
  'VERSION_MALFORMED',
] as const;

if (parentPort !== null) void runAgent(parentPort, workerData as AgentSettings);

async function runAgent(port: MessagePort, settings: AgentSettings): Promise<void> {
  const tell = (message: MessageToHost): void => {
    port.postMessage(message);
  };
  const stopping = new AbortController();
  watchHost(settings, tell);
  const starting = start(settings, tell, stopping.signal);
  port.on('message', (message: MessageToAgent) => {
    // A host that ends while its program is still being verified does not wait for the rest of it.
    if (message.type === 'stop') stopping.abort();
    void obey(message, starting, {
      tell,
      end: () => {
        port.close();
      },
    });
  });
  // A bug must not end the thread in the middle of an addon's call, which would end the host: it is told, and everything
  // closed in order.
  process.on('uncaughtException', (bug) => {
    tell({ type: 'failed', code: 'AGENT_FAILED', message: `a bug in the agent: ${bug.stack ?? bug.message}` });
  });
  await starting;
}

/** From the first moment on: a host that hangs does so at its start more often than not. */
function watchHost({ hangWatch, programPath }: AgentSettings, tell: (message: MessageToHost) => void): void {
  if (hangWatch === undefined) return;
  startHangWatch({
    ...hangWatch,
    programPath,
    isBadInPlace: isOwnImage,
    onError: (error) => {
      tell({ type: 'event', event: errorEvent('restart', error) });
    },
  });
}

/** Undefined when there is nothing to run; the host has been told why. */
async function start(
  settings: AgentSettings,
  tell: (message: MessageToHost) => void,
  signal: AbortSignal,
): Promise<Agent | undefined> {
  const owner = parsePublicKey(settings.publicKey);
  const store = openStore(settings, tell);
  let program: OpenProgram | undefined;
  try {
    program = await store.open();
    const { release, statement, measured } = await readRelease(program, owner, { signal });
    const { runningStamp } = settings;
    const running = versionOf(runningStamp === undefined ? { release, statement } : ownRelease(owner, runningStamp));
    const onError = reportTo(tell);
    // What a kill left beside the program takes room, no more: it does not hold up anything.
    void tidyInstall(program.path, systemClock.now()).catch((error: unknown) => {
      tell({ type: 'event', event: errorEvent('start', error) });
    });
    const node = await openNode({ ...settings, bootstrap: settings.dhtBootstrap, onError });
    const agent = startAgent({
      ...node,
      ...(await openState({ ...settings, owner, programPath: program.path, onError })),
      owner,
      mirrors: settings.mirrors,
      openMirror: (url) => openMirror({ url, owner, clock: systemClock }),
      compression: brotli,
      mode: settings.mode,
      intervalMs: settings.intervalMs,
      clock: systemClock,
      random: systemRandom,
      zone: systemLocalTime,
      store,
      format: measured.format,
      running,
      installed: { release, statement, program },
      emit: (event) => {
        tell({ type: 'event', event });
      },
      requestRestart: (version) => {
        tell({ type: 'restart', version });
      },
    });
    tell({ type: 'running', version: running });
    return agent;
  } catch (error) {
    await program?.close();
    if (!(error instanceof PeerpatchError)) throw error;
    const { code, message } = error;
    if (isPeerpatchError(error, ...NOT_UPDATABLE)) tell({ type: 'disabled', reason: `${code}: ${message}` });
    else tell({ type: 'failed', code, message });
    return undefined;
  }
}

/** The program file, and what a new one has to pass before it gets its place. */
function openStore(settings: AgentSettings, tell: (message: MessageToHost) => void): ProgramStore {
  const { programPath, preflightMs, keepPrevious } = settings;
  return programStore(programPath, {
    preflight: createTrial({ programPath, timeoutMs: preflightMs }),
    keepPrevious,
    onWarning: (error) => {
      tell({ type: 'event', event: errorEvent('install', error) });
    },
  });
}

interface Host {
  readonly tell: (message: MessageToHost) => void;
  /** Lets the thread end. */
  readonly end: () => void;
}

async function obey(message: MessageToAgent, starting: Promise<Agent | undefined>, { tell, end }: Host): Promise<void> {
  const agent = await starting.catch(() => undefined); // a bug, and told as one
  switch (message.type) {
    case 'check':
      if (agent !== undefined)
        tell({ type: 'checked', id: message.id, result: await agent.check({ force: message.force }) });
      return;
    case 'restart-failed':
      agent?.restartFailed();
      return;
    case 'stop':
      await agent?.stop();
      if (message.closed !== undefined) {
        Atomics.store(message.closed, 0, 1);
        Atomics.notify(message.closed, 0);
      }
      tell({ type: 'stopped' });
      end();
      return;
  }
}

/** Failures outside any loop, a lost socket for example: told, not thrown. */
function reportTo(tell: (message: MessageToHost) => void): (error: PeerpatchError) => void {
  return (error) => {
    tell({ type: 'event', event: errorEvent('check', error) });
  };
}
