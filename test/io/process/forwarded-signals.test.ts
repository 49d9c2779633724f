/**
 * Signals that real processes take over. What a thin parent does with them: restart.test.ts.
 *
 * @module
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { bundle } from '../../../src/io/build/bundle.ts';
import { useTempFolder } from '../../support/temp-folder.ts';

const folder = useTempFolder();

beforeEach(async () => {
  const entry = join(import.meta.dirname, '../../../src/io/process/forwarded-signals.ts');
  const { code } = await bundle({ entry, nodeVersion: process.versions.node });
  writeFileSync(folder.join('signals.cjs'), code);
});

/** What a process that takes them over on such a system says of each signal. */
function heard(platform: NodeJS.Platform, signals: readonly NodeJS.Signals[]): unknown {
  const script = `
    const heard = [];
    const { takeSignals } = require(${JSON.stringify(folder.join('signals.cjs'))});
    takeSignals((signal, isAtChild) => heard.push([signal, isAtChild]), '${platform}');
    for (const signal of ${JSON.stringify(signals)}) process.emit(signal, signal);
    require('fs').writeSync(1, JSON.stringify(heard));
    process.exit();`;
  // Nothing of it is a terminal.
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
  return { heard: JSON.parse(stdout) as unknown, stderr };
}

describe('signals on their way through a thin parent', () => {
  it('are for the child where they were sent to the parent alone', () => {
    expect(heard('linux', ['SIGTERM', 'SIGHUP', 'SIGINT'])).toEqual({
      heard: [
        ['SIGTERM', false],
        ['SIGHUP', false],
        ['SIGINT', false],
      ],
      stderr: '',
    });
  });

  it('are at the child already on Windows: the console tells all its processes', () => {
    expect(heard('win32', ['SIGINT', 'SIGHUP', 'SIGTERM'])).toEqual({
      heard: [
        ['SIGINT', true],
        ['SIGHUP', true],
        ['SIGTERM', true],
      ],
      stderr: '',
    });
  });
});
