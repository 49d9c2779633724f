/**
 * Whether somebody starts this program again when it ends: then nobody else may, or it would run twice.
 *
 * Told by marks that supervisors leave. Who leaves none is not seen; the guard looks once more before it starts anything.
 * Spec: docs/spec/10-restart.md.
 *
 * @module
 */
import { readFileSync } from 'node:fs';

export interface ProcessFacts {
  readonly pid: number;
  readonly ppid: number;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the system calls the parent's program, cut to 15 characters; undefined where that cannot be known. */
  readonly parentName: string | undefined;
}

/** Programs whose children are started again, or whose end is the end of a container. */
const SUPERVISING_PARENTS: Readonly<Record<string, string>> = {
  systemd: 'systemd',
  runsv: 'runit',
  's6-supervise': 's6',
  supervise: 'daemontools',
  'supervise-daemo': 'OpenRC',
  tini: 'a container',
  'docker-init': 'a container',
  'dumb-init': 'a container',
  catatonit: 'a container',
  'conmon': 'a container', // prettier-ignore
};

/** Who it is, for messages; undefined when nobody is seen. */
export function findSupervisor({ pid, ppid, platform, env, parentName }: ProcessFacts): string | undefined {
  if (pid === 1) return 'a container';
  const byParent = parentName === undefined ? undefined : SUPERVISING_PARENTS[parentName];
  // The login shells of a desktop are children of the user's systemd too, and have its variables: only a unit's own process
  // is named by the second one.
  if (env['INVOCATION_ID'] !== undefined) {
    const unitPid = env['SYSTEMD_EXEC_PID'];
    if (unitPid === undefined ? byParent === 'systemd' || ppid === 1 : unitPid === String(pid)) return 'systemd';
  }
  if (env['NOTIFY_SOCKET'] !== undefined && (ppid === 1 || byParent === 'systemd')) return 'systemd';
  if (byParent !== undefined && byParent !== 'systemd') return byParent;
  if (env['pm_id'] !== undefined) return 'PM2';
  if (env['SUPERVISOR_ENABLED'] !== undefined) return 'supervisord';
  if (env['KUBERNETES_SERVICE_HOST'] !== undefined) return 'Kubernetes';
  // Terminals have the variable too, with the value 0 or a name of theirs; they are not children of launchd.
  if (platform === 'darwin' && ppid === 1 && (env['XPC_SERVICE_NAME'] ?? '0') !== '0') return 'launchd';
  return undefined;
}

export function processFacts(env: NodeJS.ProcessEnv = process.env): ProcessFacts {
  const { pid, ppid, platform } = process;
  return { pid, ppid, platform, env, parentName: nameOf(ppid) };
}

/** Linux. */
function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return undefined;
  }
}
