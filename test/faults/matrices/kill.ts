/**
 * The kill matrix: SIGKILL before and after every change that a scene makes on disk.
 *
 * @module
 */
import { runAct } from '../support/children.ts';
import { judged, type CaseResult, type FaultRun, type MatrixResult } from '../support/fault-run.ts';
import { copyPlace, removePlace, type Place } from '../support/place.ts';
import { settle } from '../support/settle.ts';
import { changesOf, describeOperation, readTrace, type Fault, type Operation } from '../support/shim.ts';
import { recordScene } from '../support/record.ts';
import type { Scene } from '../scenes.ts';

type Kill = Extract<Fault, { readonly kind: 'kill-before' | 'kill-after' | 'short' }>;

export async function killMatrix(run: FaultRun, scene: Scene): Promise<MatrixResult> {
  const { template, changes } = await recordScene(run, scene);
  const faults = changes.flatMap(({ number }): Kill[] => [
    { kind: 'kill-before', at: number },
    { kind: 'kill-after', at: number },
  ]);
  const results = await run.each(faults, (fault) => killCase(run, scene, { template, changes, fault }));
  removePlace(template);
  return { matrix: `kill: ${scene.name}`, results, note: `${changes.length} changes` };
}

interface KillCase {
  readonly template: Place;
  readonly changes: readonly Operation[];
  readonly fault: Kill;
}

function killCase(run: FaultRun, scene: Scene, { template, changes, fault }: KillCase): Promise<CaseResult> {
  const place = copyPlace(template, run.newRoot());
  const change = changes[fault.at - 1];
  const name = `${fault.kind} ${change === undefined ? '' : describeOperation(change, template.root)}`;
  return judged(name, async () => {
    const ended = await runAct(run.parts, { act: scene.act, place, fault });
    if (ended.signal !== 'SIGKILL') return [`was not killed: ${JSON.stringify(ended)}`];
    const done = fault.kind === 'kill-before' ? fault.at - 1 : fault.at;
    const problems = [
      ...sameWay(changesOf(readTrace(place.trace)), changes.slice(0, done)),
      ...(await settle(run, place, scene)),
    ];
    if (problems.length === 0) removePlace(place);
    return problems;
  });
}

/** A run that went another way was killed somewhere else than the name of the case says. */
function sameWay(went: readonly Operation[], expected: readonly Operation[]): readonly string[] {
  const names = (operations: readonly Operation[]): string => operations.map(({ name }) => name).join(' ');
  return names(went) === names(expected) ? [] : [`went another way: ${names(went)}, not ${names(expected)}`];
}
