/**
 * The restart matrix: whatever a program was started with and under, after a restart it has it still.
 *
 * Real executables of each Node, by execve and through a thin parent. The program notes what it sees before and after.
 *
 * @module
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { builtProgram, NO_AGENT } from '../../e2e/support/executables.ts';
import { missingNodes, nodesUnderTest, type NodeUnderTest } from '../../e2e/support/node-binaries.ts';
import { startSystemd } from '../../support/systemd.ts';
import { judged, type CaseResult, type MatrixResult } from '../support/fault-run.ts';

interface Surroundings {
  readonly name: string;
  /** A shell command that starts `"$P"`. $D: an empty folder of the case's own. $BESIDE_SYSTEMD: before a command for systemd. */
  readonly command: string;
  /** Shell command that succeeds where this can be tried. */
  readonly needs?: string;
  /** What does not stay, as the specification says. */
  readonly ends?: readonly (keyof Notes)[];
  /** What the program sees there: where it does not, nothing was tried. */
  readonly shows?: Readonly<Partial<Record<keyof Notes, RegExp>>>;
}

interface Notes {
  readonly generation: number;
  readonly pid: number;
  readonly argv0: string;
  readonly args: readonly string[];
  readonly variables: readonly string[];
  readonly descriptors: Readonly<Record<string, string>>;
  readonly umask: number;
  readonly nice: number;
  readonly cgroup: string;
  readonly limits: string;
  readonly ids: readonly string[];
  readonly failed?: string;
}

/**
 * Makes a cgroup and calls it $C, in the hierarchy of version 2, wherever that is, or in one of version 1. A folder where nothing is
 * mounted has no list of processes.
 */
const MAKE_CGROUP = `for R in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd /sys/fs/cgroup/pids; do
  C="$R/peerpatch-$$"
  mkdir "$C" 2> /dev/null || continue
  trap 'rmdir "$C"' EXIT
  [ -e "$C/cgroup.procs" ] && (echo 0 > "$C/cgroup.procs") 2> /dev/null && break
  trap - EXIT
  rmdir "$C"
  C=
done
[ -n "$C" ]`;

const SURROUNDINGS: readonly Surroundings[] = [
  { name: 'no arguments', command: 'exec "$P"' },
  { name: 'arguments with spaces, quotes and stars', command: `exec "$P" 'a b' "it's" '"' '*' '$HOME' '\\' ''` },
  { name: 'arguments with line feeds', command: `exec "$P" 'a\nb' '\n' 'c\n'` },
  { name: 'arguments that look like options of Node', command: 'exec "$P" --inspect-brk -e 1 -- --help' },
  { name: 'arguments that are not UTF-8', command: `exec "$P" plain "$(printf 'a\\377b')" 'ä' "$(printf '\\303')"` },
  { name: 'variables that are not UTF-8', command: `ODD="$(printf '\\376\\377')" exec "$P" x` },
  { name: 'variables with dots and dashes', command: `exec env 'a.b=1' 'c-d=2' "ODD=$(printf '\\377')" "$P" x` },
  {
    name: '100 KB of environment',
    command: 'B=$(head -c 100000 /dev/zero | tr "\\0" b) && export B && exec "$P" x',
  },
  { name: 'a hundred arguments', command: 'exec "$P" $(seq 100)' },
  { name: 'nearly no environment', command: 'exec env -i NOTES="$NOTES" "$P" x' },
  { name: 'another name', command: 'exec -a other-name "$P" x', needs: 'exec -a name true' },
  { name: 'stdin closed', command: 'exec "$P" x <&-' },
  { name: 'stdout and stderr closed', command: 'exec "$P" x >&- 2>&-' },
  { name: 'all standard streams closed', command: 'exec "$P" x <&- >&- 2>&-' },
  { name: 'standard streams that are files', command: 'exec "$P" x </dev/zero >"$D/out" 2>>"$D/err"' },
  { name: 'an inherited descriptor, which is closed', command: 'exec "$P" x 7>"$D/seven"', ends: ['descriptors'] },
  { name: 'a umask', command: 'umask 027 && exec "$P" x', shows: { umask: /^23$/ } },
  { name: 'a nice value', command: 'exec nice -n 7 "$P" x', shows: { nice: /^7$/ } },
  {
    name: 'resource limits',
    command: 'ulimit -n 512 && ulimit -c 0 && ulimit -u 4000 && exec "$P" x',
    shows: { limits: /Max processes +4000 / },
  },
  { name: 'a session and process group of its own', command: 'exec setsid -w "$P" x' },
  { name: 'nohup', command: 'exec nohup "$P" x >"$D/out" 2>&1 </dev/null' },
  {
    name: 'a terminal of tmux',
    command: 'tmux -L "pp$$" -f /dev/null new-session -d "exec \\"$P\\" x"; sleep 0.1',
    needs: 'command -v tmux',
  },
  { name: 'a terminal of script', command: 'exec script -qec "exec \\"$P\\" x" /dev/null', needs: 'command -v script' },
  {
    name: 'no new privileges',
    command: 'exec setpriv --no-new-privs "$P" x',
    needs: 'setpriv --no-new-privs true',
    shows: { ids: /NoNewPrivs:\\t1/ },
  },
  {
    name: 'process 1 of a container',
    command: 'exec unshare -Urpf --mount-proc "$P" x',
    needs: 'unshare -Urpf --mount-proc true',
    shows: { pid: /^1$/ },
  },
  {
    name: 'a cgroup of its own',
    command: `${MAKE_CGROUP} && (echo 0 > "$C/cgroup.procs" && exec "$P" x)`,
    needs: MAKE_CGROUP,
    shows: { cgroup: /\/peerpatch-\d+(\n|$)/ },
  },
  {
    name: 'a transient unit of systemd',
    command: 'exec $BESIDE_SYSTEMD systemd-run --quiet --wait --pipe --setenv=NOTES="$NOTES" "$P" x',
    needs: '$BESIDE_SYSTEMD systemd-run --quiet --wait true',
    shows: { cgroup: /\/run-\w+\.service(\n|$)/ },
  },
  { name: 'a working folder with an odd name', command: `mkdir "$D/a\nb ä" && cd "$D/a\nb ä" && exec "$P" x` },
  {
    name: 'a working folder that is gone',
    command: 'mkdir "$D/gone" && cd "$D/gone" && rmdir "$D/gone" && exec "$P" x',
  },
];
const PATIENCE_MS = 30_000;

/** @param folder an empty one */
export async function restartMatrix(folder: string): Promise<Omit<MatrixResult, 'matrix'>> {
  // One of its own, so that it does not matter what the machine was started with.
  const systemd = await startSystemd();
  try {
    return await tryAll(folder, { BESIDE_SYSTEMD: systemd?.enter.join(' ') ?? '' });
  } finally {
    await systemd?.end();
  }
}

type Variables = Readonly<Record<string, string>>;

async function tryAll(folder: string, variables: Variables): Promise<Omit<MatrixResult, 'matrix'>> {
  const nodes = await nodesUnderTest();
  const env = { PATH: process.env['PATH'], ...variables };
  const possible = SURROUNDINGS.filter(
    ({ needs }) => needs === undefined || spawnSync('bash', ['-c', needs], { env }).status === 0,
  );
  const results: CaseResult[] = [];
  for (const node of nodes) {
    const program = await builtProgram({
      entry: 'test/faults/programs/restarting.ts',
      version: '1.0.0',
      node: node.path,
      agentEntry: NO_AGENT,
    });
    for (const [index, surroundings] of possible.entries()) {
      const own = join(folder, `${node.name}-${String(index)}`);
      mkdirSync(own, { recursive: true });
      results.push(
        await judged(`${node.name}: ${surroundings.name}`, () =>
          restartCase({ node, program, surroundings, folder: own, variables }),
        ),
      );
    }
  }
  const skipped = [
    ...SURROUNDINGS.filter((each) => !possible.includes(each)).map(
      ({ name }) => `${name}: this system has no such thing`,
    ),
    ...missingNodes(nodes).map((name) => `${name}: it cannot be had here`),
  ];
  return { results, skipped, note: `on ${nodes.map(({ name }) => name).join(', ')}` };
}

interface RestartCase {
  readonly node: NodeUnderTest;
  readonly program: string;
  readonly surroundings: Surroundings;
  readonly folder: string;
  readonly variables: Variables;
}

async function restartCase({
  node,
  program,
  surroundings,
  folder,
  variables,
}: RestartCase): Promise<readonly string[]> {
  const notes = join(folder, 'notes');
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    LANG: 'C.UTF-8',
    NOTES: notes,
    P: program,
    D: folder,
    ...variables,
  };
  await promisify(execFile)('bash', ['-c', surroundings.command], { env, cwd: folder, timeout: PATIENCE_MS });
  const [before, after] = await bothNotes(notes);
  if (before === undefined || after === undefined) return ['did not come back'];
  if (after.failed !== undefined) return [after.failed];
  const problems = [
    ...Object.entries(surroundings.shows ?? {}).flatMap(([name, wanted]) => {
      const seen = before[name as keyof Notes];
      const text = typeof seen === 'string' ? seen : JSON.stringify(seen);
      return wanted.test(text) ? [] : [`nothing was tried: ${name} is ${text}`];
    }),
    ...compare(before, after, surroundings.ends ?? []),
  ];
  if (node.hasExecve !== (before.pid === after.pid)) problems.push(`process ${before.pid} became ${after.pid}`);
  return problems;
}

/** tmux lets its program run by itself. */
async function bothNotes(path: string): Promise<readonly Notes[]> {
  for (const until = performance.now() + PATIENCE_MS; ;) {
    const notes = readNotes(path);
    if (notes.length === 2 || performance.now() > until) return notes;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function readNotes(path: string): readonly Notes[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Notes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function compare(before: Notes, after: Notes, ends: readonly (keyof Notes)[]): string[] {
  return Object.entries(before).flatMap(([name, value]) => {
    if (name === 'generation' || name === 'pid') return [];
    // A shell that hands on what is not text calls the program by its path.
    if (name === 'argv0' && hasForeignBytes(before)) return [];
    const now = (after as unknown as Record<string, unknown>)[name];
    const isSame = JSON.stringify(now) === JSON.stringify(value);
    if (ends.some((each) => each === name)) return isSame ? [`${name} stayed: the specification says it does not`] : [];
    return isSame ? [] : [`${name} was ${JSON.stringify(value)} and is ${JSON.stringify(now)}`];
  });
}

function hasForeignBytes({ args, variables }: Notes): boolean {
  return [...args, ...variables].some((text) => {
    const bytes = Buffer.from(text, 'latin1');
    return !Buffer.from(bytes.toString('utf8')).equals(bytes);
  });
}
