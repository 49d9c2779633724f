/**
 * The power-cut matrix: every state that the disk may be in when the power fails at any moment of a scene, whatever was not
 * synced being lost, half there or there.
 *
 * @module
 */
import { Disk } from '../support/disk.ts';
import type { DiskState } from '../support/disk-state.ts';
import { judged, type CaseResult, type FaultRun, type MatrixResult } from '../support/fault-run.ts';
import { removePlace } from '../support/place.ts';
import { recordScene } from '../support/record.ts';
import { settle } from '../support/settle.ts';
import { describeOperation } from '../support/shim.ts';
import type { Scene } from '../scenes.ts';

export async function powerMatrix(run: FaultRun, scene: Scene): Promise<MatrixResult> {
  const { template, trace } = await recordScene(run, scene);
  const disk = new Disk(template);
  const states = new Map<string, DiskState>();
  let tried = 0;
  const note = (after: string): void => {
    for (const state of disk.states(after)) {
      tried++;
      if (!states.has(state.key)) states.set(state.key, state);
    }
  };
  note('nothing');
  for (const operation of trace) {
    disk.apply(operation);
    if (operation.isChange) note(describeOperation(operation, template.root));
  }
  // What was said to be done stays done.
  const kept = scene.goal === undefined && scene.notes === undefined ? [] : disk.states('the end');
  const tasks = [
    ...[...states.values()].map((state): Task => ({ state, isDone: false })),
    ...distinct(kept).map((state): Task => ({ state, isDone: true })),
  ];
  const results = await run.each(tasks, (task) => powerCase(run, scene, task));
  removePlace(template);
  return { matrix: `power cut: ${scene.name}`, results, note: `${tried} states, ${states.size} of them differ` };
}

interface Task {
  readonly state: DiskState;
  /** What the scene does was said to be done. */
  readonly isDone: boolean;
}

function distinct(states: readonly DiskState[]): readonly DiskState[] {
  return [...new Map(states.map((state) => [state.key, state])).values()];
}

function powerCase(run: FaultRun, scene: Scene, { state, isDone }: Task): Promise<CaseResult> {
  return judged(state.name, async () => {
    const place = state.write(run.newRoot());
    const expected = isDone && scene.goal !== undefined ? { ...scene, during: [scene.goal] } : scene;
    const problems = await settle(run, place, expected, { mayWait: true, isDone });
    if (problems.length === 0) removePlace(place);
    return problems;
  });
}
