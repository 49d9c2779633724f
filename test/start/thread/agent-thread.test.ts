import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentThreadStarter } from '../../../src/start/thread/agent-thread.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const FIXTURE = join(import.meta.dirname, '../../fixtures/thread-host.ts');
const folder = useTempFolder();

/** Runs the host of thread-host.ts to its end. */
function hostEnds(how: string): Promise<{ code: unknown; signal: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const args = ['--import', 'tsx', FIXTURE, folder.join('told'), how];
    execFile(process.execPath, args, { timeout: 15_000 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, signal: error?.signal ?? null, stdout, stderr });
    });
  });
}

describe("the agent's thread", () => {
  it('does not keep its host alive, prints nothing, and is told to stop before the process ends', async () => {
    expect(await hostEnds('idle')).toEqual({ code: 0, signal: null, stdout: 'running\n', stderr: '' });
    expect(readFileSync(folder.join('told'), 'utf8')).toBe('told to stop');
  });

  it('is told to stop when the host ends on purpose, and the exit code is kept', async () => {
    expect(await hostEnds('exit')).toEqual({ code: 3, signal: null, stdout: 'running\n', stderr: '' });
    expect(readFileSync(folder.join('told'), 'utf8')).toBe('told to stop');
  });

  it('that does not answer holds the end of the process up for about a second, not longer', async () => {
    const started = performance.now();
    expect(await hostEnds('deaf')).toEqual({ code: 0, signal: null, stdout: 'running\n', stderr: '' });
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('is none in an executable that carries no agent', () => {
    const program = { kind: 'bun' as const, path: '/app', readAsset: () => undefined, describe: () => undefined };
    expect(agentThreadStarter(program)).toBeUndefined();
  });
});
