/**
 * An updater with a scripted thread and a restart that fails.
 *
 * @module
 */
import { PeerpatchError } from '../../src/core/base/errors.ts';
import type { AgentThreadListeners } from '../../src/start/thread/agent-thread.ts';
import type { AgentSettings, MessageToAgent } from '../../src/start/messages.ts';
import { Updater, type UpdaterEvent, type UpdaterParts } from '../../src/start/updater.ts';

/** A thread that says what the test says, and records what it is told. */
export class ScriptedThread {
  readonly received: MessageToAgent[] = [];
  stops = 0;
  readonly listeners: AgentThreadListeners;
  constructor(listeners: AgentThreadListeners) {
    this.listeners = listeners;
  }
  send(message: MessageToAgent): void {
    this.received.push(message);
  }
  stop(): Promise<void> {
    this.stops++;
    return Promise.resolve();
  }
}

export interface Rig {
  readonly updater: Updater;
  readonly threads: ScriptedThread[];
  readonly events: UpdaterEvent[];
  readonly order: string[];
}

export function rig(options: Partial<UpdaterParts> = {}): Rig {
  const threads: ScriptedThread[] = [];
  const events: UpdaterEvent[] = [];
  const order: string[] = [];
  const updater = Updater.start({
    options: {},
    settings: { programPath: '/opt/app' } as AgentSettings,
    startThread: (_settings, listeners) => {
      const thread = new ScriptedThread(listeners);
      threads.push(thread);
      return thread;
    },
    restartProcess: (path) => {
      order.push(`restart ${path}, stopped ${threads.map(({ stops }) => stops).join()}`);
      return Promise.reject(new PeerpatchError('RESTART_FAILED', 'no such program'));
    },
    ...options,
  });
  updater.on('*', (event) => events.push(event));
  return { updater, threads, events, order };
}

export function thread(threads: ScriptedThread[], index = 0): ScriptedThread {
  const found = threads[index];
  if (found === undefined) throw new Error(`no thread ${index}`);
  return found;
}
