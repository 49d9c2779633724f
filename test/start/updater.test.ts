import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PeerpatchError } from '../../src/core/base/errors.ts';
import { Updater, type UpdaterEvent } from '../../src/start/updater.ts';
import { rig, thread } from '../support/updater-rig.ts';

describe('the updater', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('runs when the agent says so, and then knows its version', async () => {
    const { updater, threads } = rig();
    expect(updater.state).toBe('starting');
    thread(threads).listeners.onMessage({ type: 'running', version: '1.0.0' });
    await expect(updater.ready).resolves.toBe('running');
    expect(updater.version).toBe('1.0.0');
  });

  it('is disabled with the reason, ends the thread, and refuses what needs an agent', async () => {
    const { updater, threads } = rig();
    thread(threads).listeners.onMessage({ type: 'disabled', reason: 'not signed' });
    await expect(updater.ready).resolves.toBe('disabled');
    expect(updater.reason).toBe('not signed');
    expect(thread(threads).stops).toBe(1);
    await expect(updater.checkNow()).rejects.toMatchObject({ code: 'AGENT_FAILED' });
    await expect(Updater.disabled('from source').restart()).rejects.toMatchObject({ code: 'AGENT_FAILED' });
  });

  it('tells a host from source once that it is disabled, after the host could start to listen', async () => {
    const updater = Updater.disabled('from source');
    const events: UpdaterEvent[] = [];
    updater.on('*', (event) => events.push(event));
    expect([updater.state, updater.reason]).toEqual(['disabled', 'from source']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(events).toEqual([{ type: 'state', state: 'disabled' }]);
    await expect(updater.ready).resolves.toBe('disabled');
  });

  it('passes events on, to listeners of the type and of all types, until they are removed', () => {
    const { updater, threads, events } = rig();
    const found = vi.fn();
    const remove = updater.on('found', found);
    const event = { type: 'found', version: '1.1.0', peers: 2 } as const;
    thread(threads).listeners.onMessage({ type: 'event', event });
    remove();
    thread(threads).listeners.onMessage({ type: 'event', event });
    expect(found.mock.calls).toEqual([[event]]);
    expect(events.filter(({ type }) => type === 'found')).toHaveLength(2);
  });

  it('waits for nothing any more when what waited was taken back', () => {
    const { updater, threads, events } = rig();
    const { onMessage } = thread(threads).listeners;
    onMessage({ type: 'running', version: '1.0.0' });
    const back = { type: 'rolled-back', version: '1.1.0', to: '1.0.0', reason: 'it hung' } as const;
    onMessage({ type: 'event', event: back });
    expect(updater.state).toBe('running');
    onMessage({ type: 'event', event: { type: 'waiting', version: '1.1.0', restartAt: undefined } });
    expect(updater.state).toBe('waiting');
    onMessage({ type: 'event', event: back });
    expect(updater.state).toBe('running');
    const states = events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
    expect(states.slice(-3)).toEqual(['running', 'waiting', 'running']);
  });

  it('does not throw for an error event that nobody listens to', () => {
    const { threads } = rig();
    const event = { type: 'error', during: 'check', code: 'DHT_UNREACHABLE', message: 'offline' } as const;
    expect(() => {
      thread(threads).listeners.onMessage({ type: 'event', event });
    }).not.toThrow();
  });

  it('answers each check with its own result', async () => {
    const { updater, threads } = rig();
    const [first, second] = [updater.checkNow(), updater.checkNow()];
    const [a, b] = thread(threads).received as { type: 'check'; id: number }[];
    const result = { newest: '1.0.0', peers: 0, installed: '1.0.0' };
    thread(threads).listeners.onMessage({ type: 'checked', id: b?.id ?? -1, result: { ...result, peers: 2 } });
    thread(threads).listeners.onMessage({ type: 'checked', id: a?.id ?? -1, result });
    await expect(first).resolves.toEqual(result);
    await expect(second).resolves.toEqual({ ...result, peers: 2 });
  });

  it('lets no check wait for a thread that ended', async () => {
    const { updater, threads } = rig();
    const check = updater.checkNow();
    thread(threads).listeners.onFailure(new PeerpatchError('AGENT_FAILED', 'gone'));
    await expect(check).rejects.toMatchObject({ code: 'AGENT_FAILED' });
  });

  it('fails no check for the restart into what it found, and passes on what the ending agent still answers', async () => {
    const { updater, threads } = rig({ restartProcess: () => new Promise<never>(() => undefined) });
    const [answered, open] = [updater.checkNow(), updater.checkNow()];
    const settled = vi.fn();
    void open.then(settled, settled);
    const { listeners, received } = thread(threads);
    listeners.onMessage({ type: 'restart', version: '1.1.0' });
    await vi.advanceTimersByTimeAsync(0);
    expect(thread(threads).stops).toBe(1);
    const result = { newest: '1.1.0', peers: 1, installed: '1.1.0' };
    const [first] = received as { type: 'check'; id: number }[];
    listeners.onMessage({ type: 'checked', id: first?.id ?? -1, result });
    await expect(answered).resolves.toEqual(result);
    expect(settled).not.toHaveBeenCalled();
  });

  it('lets no check wait when the process could not be replaced and its agent did not answer', async () => {
    const { updater, threads } = rig();
    const failed = expect(updater.checkNow()).rejects.toMatchObject({ code: 'AGENT_FAILED' });
    thread(threads).listeners.onMessage({ type: 'restart', version: '1.1.0' });
    await vi.advanceTimersByTimeAsync(0);
    await failed;
    expect(threads).toHaveLength(2);
  });

  it('starts a failed agent again, after longer and longer pauses', async () => {
    const { updater, threads } = rig();
    thread(threads, 0).listeners.onFailure(new PeerpatchError('AGENT_FAILED', 'gone'));
    expect(updater.state).toBe('failed');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(threads).toHaveLength(2);
    thread(threads, 1).listeners.onFailure(new PeerpatchError('AGENT_FAILED', 'gone'));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(threads).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(threads).toHaveLength(3);
  });

  it('lets the pauses grow for an agent that dies after it has said `running` and looked once', async () => {
    const { threads } = rig();
    const dieAfter = async (index: number, lifeMs: number): Promise<void> => {
      const { onMessage, onFailure } = thread(threads, index).listeners;
      onMessage({ type: 'running', version: '1.0.0' });
      onMessage({ type: 'event', event: { type: 'checked', newest: '1.1.0', peers: 1 } });
      await vi.advanceTimersByTimeAsync(lifeMs);
      onFailure(new PeerpatchError('AGENT_FAILED', 'gone'));
    };
    const lives = [0, 1000, 60_000, 1000, 3_599_000, 0, 0, 0, 0, 0, 3_600_000, 0];
    const pauses: number[] = [];
    for (const [index, lifeMs] of lives.entries()) {
      await dieAfter(index, lifeMs);
      const diedAt = Date.now();
      while (threads.length === index + 1) await vi.advanceTimersToNextTimerAsync();
      pauses.push((Date.now() - diedAt) / 1000);
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 10, 20]);
  });

  it('does not start again what was stopped', async () => {
    const { updater, threads } = rig();
    thread(threads).listeners.onFailure(new PeerpatchError('AGENT_FAILED', 'gone'));
    await updater.stop();
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(threads).toHaveLength(1);
    expect(updater.state).toBe('stopped');
  });

  it('restarts in order: host cleans up, agent closes, process is replaced', async () => {
    const order: string[] = [];
    const { updater, threads } = rig({
      options: {
        beforeRestart: () => {
          order.push('host');
        },
      },
      restartProcess: (path) => {
        order.push(`agent closed ${thread(threads).stops} times`, `replaced by ${path}`);
        return new Promise<never>(() => undefined);
      },
    });
    void updater.restart();
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toEqual(['host', 'agent closed 1 times', 'replaced by /opt/app']);
    expect(updater.state).toBe('restarting');
  });

  it('does not wait for the host longer than the grace', async () => {
    const { updater, order } = rig({
      options: { beforeRestart: () => new Promise<void>(() => undefined), restartGraceMs: 5000 },
    });
    void updater.restart();
    await vi.advanceTimersByTimeAsync(4999);
    expect(order).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(order).toHaveLength(1);
  });

  it('goes on with the old program when the host refuses, and tells the agent', async () => {
    const { updater, threads, events, order } = rig({
      options: { beforeRestart: () => Promise.reject(new Error('not now')) },
    });
    await updater.restart();
    expect(order).toEqual([]);
    expect(threads).toHaveLength(1);
    expect(thread(threads).received).toContainEqual({ type: 'restart-failed' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'error', during: 'restart', code: 'RESTART_FAILED' }),
    );
  });

  it('brings the agent back when the process could not be replaced, and tells it', async () => {
    const { updater, threads, events } = rig();
    thread(threads).listeners.onMessage({ type: 'restart', version: '1.1.0' });
    await vi.advanceTimersByTimeAsync(0);
    expect(threads).toHaveLength(2);
    expect(thread(threads, 1).received).toContainEqual({ type: 'restart-failed' });
    expect(events.map(({ type }) => type)).toContain('restarting');
    expect(updater.state).toBe('starting');
  });

  it('does not let a new agent repeat a failed restart at once, but a minute later', async () => {
    const { threads, order } = rig();
    thread(threads, 0).listeners.onMessage({ type: 'restart', version: '1.1.0' });
    await vi.advanceTimersByTimeAsync(0);
    thread(threads, 1).listeners.onMessage({ type: 'restart', version: '1.1.0' });
    await vi.advanceTimersByTimeAsync(59_000);
    expect(order).toHaveLength(1);
    expect(thread(threads, 1).received.filter(({ type }) => type === 'restart-failed')).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1_000);
    thread(threads, 1).listeners.onMessage({ type: 'restart', version: '1.1.0' });
    await vi.advanceTimersByTimeAsync(0);
    expect(order).toHaveLength(2);
  });

  it('ignores what an ended thread still says', () => {
    const { updater, threads } = rig();
    thread(threads).listeners.onFailure(new PeerpatchError('AGENT_FAILED', 'gone'));
    thread(threads).listeners.onMessage({ type: 'running', version: '1.0.0' });
    expect(updater.state).toBe('failed');
  });
});
