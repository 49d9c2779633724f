import { describe, expect, it } from 'vitest';
import { findSupervisor, processFacts, type ProcessFacts } from '../../../src/io/process/supervisor.ts';

const shell: ProcessFacts = { pid: 4711, ppid: 4000, platform: 'linux', env: { PATH: '/bin' }, parentName: 'bash' };

describe('a supervisor', () => {
  const seen: [name: string, facts: Partial<ProcessFacts>, supervisor: string][] = [
    ['the first process of a container', { pid: 1, ppid: 0 }, 'a container'],
    ['a child of tini', { ppid: 1, parentName: 'tini' }, 'a container'],
    [
      'a unit of systemd',
      { ppid: 1, parentName: 'systemd', env: { INVOCATION_ID: 'a', SYSTEMD_EXEC_PID: '4711' } },
      'systemd',
    ],
    ['a unit of an older systemd', { ppid: 1, parentName: 'systemd', env: { INVOCATION_ID: 'a' } }, 'systemd'],
    [
      'the same where the parent cannot be seen',
      { ppid: 1, parentName: undefined, env: { INVOCATION_ID: 'a' } },
      'systemd',
    ],
    [
      'a unit that tells when it is ready',
      { ppid: 1, parentName: 'systemd', env: { NOTIFY_SOCKET: '/run/x' } },
      'systemd',
    ],
    ['runit', { parentName: 'runsv' }, 'runit'],
    ['s6', { parentName: 's6-supervise' }, 's6'],
    ['OpenRC', { parentName: 'supervise-daemo' }, 'OpenRC'],
    ['PM2', { env: { pm_id: '0' } }, 'PM2'],
    ['supervisord', { env: { SUPERVISOR_ENABLED: '1' } }, 'supervisord'],
    ['Kubernetes', { env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' } }, 'Kubernetes'],
    [
      'launchd',
      { platform: 'darwin', ppid: 1, parentName: undefined, env: { XPC_SERVICE_NAME: 'org.example' } },
      'launchd',
    ],
  ];
  for (const [name, facts, supervisor] of seen) {
    it(`is seen: ${name}`, () => {
      expect(findSupervisor({ ...shell, ...facts })).toBe(supervisor);
    });
  }

  const unseen: [name: string, facts: Partial<ProcessFacts>][] = [
    ['a shell', {}],
    ['a process whose parent is gone', { ppid: 1, parentName: 'systemd' }],
    [
      'a desktop terminal, which has the marks of its own unit',
      { env: { INVOCATION_ID: 'a', SYSTEMD_EXEC_PID: '1200' } },
    ],
    ['the same with an older systemd', { env: { INVOCATION_ID: 'a' } }],
    ['a terminal of macOS', { platform: 'darwin', env: { XPC_SERVICE_NAME: '0' } }],
    ['a process of macOS whose parent is gone', { platform: 'darwin', ppid: 1, env: { XPC_SERVICE_NAME: '0' } }],
  ];
  for (const [name, facts] of unseen) {
    it(`is not seen: ${name}`, () => {
      expect(findSupervisor({ ...shell, ...facts })).toBeUndefined();
    });
  }

  it('is looked for in what the system tells of this process', () => {
    expect(processFacts()).toMatchObject({ pid: process.pid, ppid: process.ppid, platform: process.platform });
    if (process.platform === 'linux') expect(processFacts().parentName).toMatch(/./);
  });
});
