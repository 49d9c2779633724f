import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { Updater, type UpdaterParts } from '../../src/start/updater.ts';
import { rig, thread, type Rig } from '../support/updater-rig.ts';

describe('the updater', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  describe('on probation', () => {
    function onProbation(
      parts: Partial<UpdaterParts> = {},
    ): Rig & { readonly calls: string[]; readonly giveUp: (reason: string) => void } {
      const calls: string[] = [];
      let giveUp: (reason: string) => void = () => undefined;
      const made = rig({
        probation: {
          begin: (listeners) => {
            giveUp = listeners.giveUp;
            calls.push('begin');
          },
          confirm: () => calls.push('confirm'),
          takeBack: () => calls.push('take back'),
          end: () => calls.push('end'),
          agentRuns: () => calls.push('agent runs'),
          agentFailed: ({ code }) => calls.push(code),
        },
        putBack: (reason) => Promise.resolve(calls.push(`put back: ${reason}`)),
        restartProcess: () => {
          calls.push('restart');
          return new Promise(() => undefined);
        },
        ...parts,
      });
      return { ...made, calls, giveUp: (reason) => { giveUp(reason); } }; // prettier-ignore
    }

    it('passes the confirmation of the host on', () => {
      const { updater, calls } = onProbation();
      updater.confirm();
      expect(calls).toEqual(['begin', 'confirm']);
      expect(() => { rig().updater.confirm(); }).not.toThrow(); // prettier-ignore
      expect(() => { Updater.disabled('from source').confirm(); }).not.toThrow(); // prettier-ignore
    });

    it('tells it whether the agent runs, and why it ended', () => {
      const { calls, threads } = onProbation();
      const { listeners } = thread(threads);
      listeners.onMessage({ type: 'running', version: '1.1.0' });
      listeners.onFailure(new PeerpatchError('AGENT_FAILED', 'the thread ended'));
      expect(calls).toEqual(['begin', 'agent runs', 'AGENT_FAILED']);
    });

    it('takes its start back before the process is replaced on purpose, behind everything that may still fail', async () => {
      const { updater, calls } = onProbation({
        options: { beforeRestart: () => Promise.reject(new Error('not now')) },
      });
      await updater.restart();
      expect(calls).toEqual(['begin']);
      const second = onProbation();
      void second.updater.restart();
      await vi.advanceTimersByTimeAsync(1);
      expect(second.calls).toEqual(['begin', 'take back', 'restart']);
    });

    it('puts the previous program back and runs it when the host did not confirm', async () => {
      const { calls, giveUp } = onProbation();
      giveUp('it was not confirmed within 5 s');
      await vi.advanceTimersByTimeAsync(1);
      expect(calls).toEqual(['begin', 'put back: it was not confirmed within 5 s', 'end', 'take back', 'restart']);
    });

    it('leaves a version that was not confirmed also when the host has stopped the updater', async () => {
      let tries = 0;
      const { updater, threads, calls, giveUp, events } = onProbation({
        restartProcess: () => {
          tries++;
          return Promise.reject(new PeerpatchError('RESTART_FAILED', 'no such program'));
        },
      });
      await updater.stop();
      giveUp('it was not confirmed');
      await vi.advanceTimersByTimeAsync(1);
      expect(calls).toEqual(['begin', 'put back: it was not confirmed', 'end', 'take back']);
      expect(tries).toBe(1);
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'error', during: 'restart', code: 'RESTART_FAILED' }),
      );
      expect([updater.state, threads.length]).toEqual(['stopped', 1]); // no agent comes back
    });

    it('tries again to leave that version, after longer and longer pauses', async () => {
      const tries: number[] = [];
      const { calls, giveUp } = onProbation({
        options: {
          beforeRestart: () => {
            tries.push(Math.round(performance.now()));
            if (tries.length < 3) throw new Error('not now');
          },
        },
      });
      giveUp('it was not confirmed');
      await vi.advanceTimersByTimeAsync(59_999);
      expect(tries).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1);
      expect(tries).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(119_999);
      expect(tries).toHaveLength(2);
      await vi.advanceTimersByTimeAsync(1);
      expect(tries).toHaveLength(3);
      expect(calls.filter((call) => call.startsWith('put back'))).toHaveLength(1);
      expect(calls.at(-1)).toBe('restart');
    });

    it('tries again also when the agent could not be brought back', async () => {
      let started = 0;
      const { calls, giveUp, events } = onProbation({
        startThread: () => {
          if (started++ > 0) throw new Error('no more threads');
          return { send: () => undefined, stop: () => Promise.resolve() };
        },
        restartProcess: () => Promise.reject(new PeerpatchError('RESTART_FAILED', `try ${calls.push('restart')}`)),
      });
      giveUp('it was not confirmed');
      await vi.advanceTimersByTimeAsync(60_000);
      expect(calls.filter((call) => call === 'restart')).toHaveLength(2);
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'error', during: 'restart', code: 'AGENT_FAILED' }),
      );
    });

    it('goes on when there is nothing to put back', async () => {
      const { calls, giveUp, events, updater } = onProbation({
        putBack: () => Promise.reject(new PeerpatchError('INSTALL_FAILED', 'no previous program is kept')),
      });
      giveUp('it was not confirmed');
      await vi.advanceTimersByTimeAsync(1);
      expect(calls).toEqual(['begin']);
      expect(events).toContainEqual(
        expect.objectContaining({ type: 'error', during: 'restart', code: 'INSTALL_FAILED' }),
      );
      expect(updater.state).toBe('starting');
    });
  });

  it('asks the host to close nothing for a restart that cannot work', async () => {
    const beforeRestart = vi.fn();
    const { updater, threads, events, order } = rig({
      options: { beforeRestart },
      checkRestart: (path) => Promise.reject(new PeerpatchError('RESTART_FAILED', `${path} cannot be run`)),
    });
    await updater.restart();
    expect(beforeRestart).not.toHaveBeenCalled();
    expect(order).toEqual([]);
    expect(threads.map(({ stops }) => stops)).toEqual([0]);
    expect(events).toContainEqual({ type: 'error', during: 'restart', code: 'RESTART_FAILED', message: '/opt/app cannot be run' }); // prettier-ignore
    expect(threads[0]?.received).toContainEqual({ type: 'restart-failed' });
  });

  it('tells what happened at the start one turn later, when the host can listen', async () => {
    const event = { type: 'rolled-back', version: '1.1.0', to: '1.0.0', reason: 'it hung' } as const;
    const { events } = rig({ events: [event] });
    expect(events).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(events).toContainEqual(event);
  });
});
