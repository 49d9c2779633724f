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
import type { ProgramName } from '../support/programs.ts';
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
  const kept = disk.states('the end').map((state): Task => ({ state, allowed: scene.goal }));
  const tasks = [...[...states.values()].map((state): Task => ({ state, allowed: undefined })), ...distinct(kept)];
  const results = await run.each(tasks, (task) => powerCase(run, scene, task));
  removePlace(template);
  return { matrix: `power cut: ${scene.name}`, results, note: `${tried} states, ${states.size} of them differ` };
}

interface Task {
  readonly state: DiskState;
  /** What has to be in place; undefined: as the scene says. */
  readonly allowed: ProgramName | undefined;
}

function distinct(tasks: readonly Task[]): readonly Task[] {
  return [
    ...new Map(tasks.filter(({ allowed }) => allowed !== undefined).map((task) => [task.state.key, task])).values(),
  ];
}

function powerCase(run: FaultRun, scene: Scene, { state, allowed }: Task): Promise<CaseResult> {
  return judged(state.name, async () => {
    const place = state.write(run.newRoot());
    const expected = allowed === undefined ? scene : { ...scene, during: [allowed] };
    const problems = await settle(run, place, expected, { mayWait: true });
    if (problems.length === 0) removePlace(place);
    return problems;
  });
}
