/**
 * A program that notes what it was started with, restarts itself once, notes it again and ends.
 *
 * Notes are JSON lines in the file that NOTES names: its stdio may be closed.
 *
 * @module
 */
import { appendFileSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { getPriority } from 'node:os';
import { restartProcess } from '../../../src/io/process/restart.ts';
import { adoptThinParent } from '../../../src/io/process/thin-parent-link.ts';

const parent = adoptThinParent();
const generation = Number(process.env['GENERATION'] ?? 0);
/** What the restart itself, or a shell in between, puts there. */
const NOT_THE_PROGRAMS = ['GENERATION', '_', 'SHLVL', 'OLDPWD', 'PWD'];
const HIGHEST_TOLD_FD = 9;

function strings(path: string): string[] {
  return readFileSync(path, 'latin1').split('\0').slice(0, -1);
}

function variables(): string[] {
  return strings('/proc/self/environ')
    .filter((entry) => !entry.startsWith('PEERPATCH_') && !NOT_THE_PROGRAMS.includes(entry.split('=', 1)[0] ?? ''))
    .sort();
}

/** Fields of /proc/self/stat behind the name: group, session, terminal. */
function place(): Record<string, unknown> {
  const text = readFileSync('/proc/self/stat', 'latin1');
  const [, , group, session, terminal] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { group, session, terminal };
}

function statusLine(name: string): string | undefined {
  return readFileSync('/proc/self/status', 'latin1')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`));
}

/** Standard streams, and files that were handed down. The runtime's own are sockets, pipes and the like. */
function descriptors(): Record<string, string> {
  const open: Record<string, string> = {};
  for (const name of readdirSync('/proc/self/fd')) {
    if (Number(name) > HIGHEST_TOLD_FD) continue;
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`);
      if (Number(name) <= 2 || (target.startsWith('/') && !target.startsWith('/proc/') && !target.startsWith('/dev/')))
        open[name] = target;
    } catch {
      // that of reading the folder is closed again
    }
  }
  return open;
}

appendFileSync(
  process.env['NOTES'] ?? '',
  `${JSON.stringify({
    generation,
    pid: process.pid,
    argv0: process.argv0,
    args: strings('/proc/self/cmdline').slice(1),
    variables: variables(),
    cwd: readlinkSync('/proc/self/cwd'),
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- single-threaded here
    umask: process.umask(),
    nice: getPriority(),
    cgroup: readFileSync('/proc/self/cgroup', 'latin1'),
    limits: readFileSync('/proc/self/limits', 'latin1'),
    ignored: statusLine('SigIgn'),
    blocked: statusLine('SigBlk'),
    ids: [statusLine('Uid'), statusLine('Gid'), statusLine('Groups'), statusLine('NoNewPrivs'), statusLine('CapEff')],
    descriptors: descriptors(),
    ...place(),
  })}\n`,
);

if (generation === 0) {
  process.env['GENERATION'] = '1';
  restartProcess({ path: process.execPath, parent }).catch((error: unknown) => {
    appendFileSync(process.env['NOTES'] ?? '', `${JSON.stringify({ failed: String(error) })}\n`);
    process.exit(1);
  });
}
