/**
 * The kill matrix of the restart: one whole update of a real executable, 1.0.0 to 1.1.0, and SIGKILL before and after every call
 * that makes, replaces or ends a process, and at the file changes from the install on until the new version has proven itself.
 *
 * By execve with a guard, and through a thin parent. Of the file changes, which the other kill matrices have all, every
 * {@link STRIDE}th point is tried here; with FAULTS_ALL=1 all of them. FAULTS_POINTS chooses points by a part of their name
 * (`Node 20.20.2: kill-before-exec`).
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { missingNodes, nodesUnderTest, type NodeUnderTest } from '../../e2e/support/node-binaries.ts';
import { judged, type CaseResult, type FaultRun, type MatrixResult } from '../support/fault-run.ts';
import {
  checkDone,
  endHelpers,
  endLife,
  makeLife,
  programIn,
  readTraces,
  removeLife,
  settleLife,
  startLife,
  waitForKill,
  waitForTurn,
  type Life,
} from '../support/life.ts';
import { makeRealPrograms, type RealPrograms } from '../support/real-programs.ts';
import { describeOperation, type LifeFault, type Operation } from '../support/shim.ts';

/** Odd, so that points before and after a change take turns. */
const STRIDE = 13;
/** Half of the time a case waits: for a guard, for the mirror, for the next look. */
const AT_ONCE = 2 * availableParallelism();
const NO_FAULT: LifeFault = { kind: 'none', at: 0, run: 0 };

/** Of each run: the program that was started, and the one after the restart. */
type Traces = readonly (readonly Operation[])[];

interface Point {
  readonly name: string;
  readonly fault: LifeFault;
  readonly operation: Operation;
}

export async function killRestartMatrix(run: FaultRun): Promise<Omit<MatrixResult, 'matrix'>> {
  const nodes = await nodesUnderTest();
  const chosen = [nodes.find(({ hasExecve }) => !hasExecve), nodes.filter(({ hasExecve }) => hasExecve).at(-1)];
  const tried = chosen.filter((node) => node !== undefined);
  const done = [];
  for (const node of tried) done.push(await killNode(run, node));
  const skipped = missingNodes(tried).filter((name) => /Node 2[06]/.test(name));
  return {
    results: done.flatMap(({ results }) => results),
    skipped: skipped.map((name) => `${name} cannot be had here`),
    note: done.map(({ note }) => note).join('; '),
  };
}

async function killNode(
  run: FaultRun,
  node: NodeUnderTest,
): Promise<{ readonly results: readonly CaseResult[]; readonly note: string }> {
  const folder = run.newRoot();
  mkdirSync(folder);
  const programs = await makeRealPrograms(node, folder, run.parts.replacements);
  try {
    const traces = await record(run, programs);
    const calls = pointsOf(traces, ({ kind }) => kind === 'call' || kind === 'exec');
    const changes = pointsOf(traces, ({ kind }) => kind === 'change');
    const some = process.env['FAULTS_ALL'] === '1' ? changes : changes.filter((_, index) => index % STRIDE === 0);
    const wanted = [...calls, ...some].filter(({ name }) =>
      `${node.name}: ${name}`.includes(process.env['FAULTS_POINTS'] ?? ''),
    );
    const results = await run.each(wanted, (point) => killCase(run, { programs, traces, point }), AT_ONCE);
    const note = `${node.name}: ${calls.length} points at process calls, ${some.length} of ${changes.length} at file changes`;
    return { results, note };
  } finally {
    await programs.close();
  }
}

/** As it goes without a kill. @throws when it does not go well, or when no restart is seen */
async function record(run: FaultRun, programs: RealPrograms): Promise<Traces> {
  const life = makeLife(run.newRoot(), programs);
  const host = startLife(life, { path: run.parts.shim, fault: NO_FAULT });
  try {
    await host.hears('confirmed');
    const traces = readTraces(life).map((trace) =>
      trace.map((operation) => ({
        ...operation,
        about: operation.about.map((part) => part.replaceAll(life.root, '')),
      })),
    );
    await endLife(life);
    const left = await checkDone(life, programs);
    if (left.length > 0) throw new Error(`${programs.node.name} without a kill: ${left.join('; ')}`);
    const restart = traces[0]?.find(({ name, about }) => name === 'execve' && about[0] === '/home/app');
    const wanted = programs.node.hasExecve ? 'call' : 'exec';
    if (restart?.kind !== wanted || traces.some((trace) => trace.every(({ kind }) => kind !== 'change'))) {
      throw new Error(`${programs.node.name}: the shim saw no restart`);
    }
    return traces;
  } finally {
    await endLife(life);
    removeLife(life);
  }
}

function pointsOf(traces: Traces, isWanted: (operation: Operation) => boolean): readonly Point[] {
  return traces.flatMap((trace, run) =>
    trace.filter(isWanted).flatMap((operation) =>
      (['before', 'after'] as const).map((when): Point => {
        const { kind, number: at } = operation;
        const what = kind === 'call' || kind === 'exec' ? (`kill-${when}-${kind}` as const) : (`kill-${when}` as const);
        return {
          name: `${what} ${describeRun(run)}${describeOperation(operation, '')}`,
          fault: { kind: what, at, run },
          operation,
        };
      }),
    ),
  );
}

function describeRun(run: number): string {
  return run === 0 ? '' : 'of the new program, ';
}

interface KillCase {
  readonly programs: RealPrograms;
  readonly traces: Traces;
  readonly point: Point;
}

function killCase(run: FaultRun, { programs, traces, point }: KillCase): Promise<CaseResult> {
  const life = makeLife(run.newRoot(), programs);
  return judged(`${programs.node.name}: ${point.name}`, async () => {
    const { fault, operation } = point;
    const host = startLife(life, { path: run.parts.shim, fault });
    try {
      // The child dies then, and the program sees to it; but for the one that is the program itself.
      const wrong = await (operation.kind === 'exec' ? waitForTurn(host) : waitForKill(host));
      if (wrong !== undefined) return [wrong];
      if (programIn(life, programs) === undefined)
        return ['right after it the program is neither the old nor the new one'];
      const went = sameWay(life, traces, point);
      if (operation.kind === 'exec') await endLife(life);
      const problems = [
        ...went,
        ...(await endHelpers(life, host)),
        ...(await settleLife(life, programs, hasGuard(programs, traces, point))),
      ];
      const left = problems.length > 0 ? [] : await checkDone(life, programs);
      if (problems.length + left.length === 0) removeLife(life);
      return [...problems, ...left];
    } finally {
      await endLife(life);
    }
  });
}

/** Whether the guard waited already: what dies then counts as bad. */
function hasGuard({ node }: RealPrograms, [old = []]: Traces, { fault, operation }: Point): boolean {
  if (!node.hasExecve) return false;
  const guard = Math.max(...old.filter(({ name }) => name === 'fork').map(({ number }) => number));
  return fault.run > 0 || (operation.kind === 'call' && fault.at >= guard);
}

/** A run that went another way was killed somewhere else than the name of the case says. */
function sameWay(life: Life, traces: Traces, { fault, operation }: Point): readonly string[] {
  const namesOf = (trace: readonly Operation[] | undefined): string[] =>
    (trace ?? []).filter(({ kind }) => kind === operation.kind).map(({ name }) => name);
  const went = namesOf(readTraces(life)[fault.run]).slice(0, fault.at);
  const expected = namesOf(traces[fault.run]).slice(0, went.length);
  return went.join() === expected.join() ? [] : [`went another way: ${went.join(' ')}, not ${expected.join(' ')}`];
}
