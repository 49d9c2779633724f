/**
 * The error matrix: every file operation of a scene fails once with every error that file systems give.
 *
 * @module
 */
import { constants } from 'node:os';
import { leftBehind, programIn } from '../support/checker.ts';
import { judged, type CaseResult, type FaultRun, type MatrixResult } from '../support/fault-run.ts';
import { copyPlace, listPlace, removePlace, type Place } from '../support/place.ts';
import { recordScene } from '../support/record.ts';
import { settle } from '../support/settle.ts';
import { describeOperation, type Fault, type Operation } from '../support/shim.ts';
import { UPDATE, type Scene } from '../scenes.ts';

const ERRORS = ['ENOSPC', 'EROFS', 'EXDEV', 'ETXTBSY', 'EBUSY', 'EACCES', 'EPERM', 'EMFILE', 'EIO'] as const;

/** At looks of scenes that are mostly looks: they are taken the same way whatever the error. */
const LOOK_ERRORS = ['EACCES', 'EMFILE', 'EIO'] as const;

interface ErrorCase {
  readonly isRemoval: boolean;
  readonly name: string;
  readonly fault: Fault;
}

export async function errorMatrix(run: FaultRun, scene: Scene): Promise<MatrixResult> {
  const { template, trace, changes, looks } = await recordScene(run, scene);
  // The looks of the other scenes are those of an update, or a part of them.
  const looksHere = scene === UPDATE || scene.act === 'start' ? looks : [];
  const cases = [...changes, ...looksHere].flatMap((operation) =>
    casesOf(operation, trace, {
      place: template,
      errors: operation.isChange || scene === UPDATE ? ERRORS : LOOK_ERRORS,
    }),
  );
  const results = await run.each(cases, (each) => errorCase(run, scene, { template, ...each }));
  removePlace(template);
  const note = `${changes.length} changes, ${looksHere.length} looks`;
  return { matrix: `error: ${scene.name}`, results, note };
}

function casesOf(
  operation: Operation,
  trace: readonly Operation[],
  { place: { root }, errors }: { readonly place: Place; readonly errors: readonly (typeof ERRORS)[number][] },
): readonly ErrorCase[] {
  const { isChange, number, name } = operation;
  const what = describeOperation(operation, root);
  const isRemoval = name === 'unlink' || leadsToRemoval(operation, trace);
  const cases: ErrorCase[] = errors.map((error) => ({
    name: `${error} at ${what}`,
    isRemoval,
    fault: { kind: isChange ? 'fail' : 'fail-look', at: number, errno: constants.errno[error] },
  }));
  // A disk that is nearly full takes a part.
  if (name === 'write') cases.push({ name: `half of ${what}`, isRemoval: false, fault: { kind: 'short', at: number } });
  return cases;
}

/** Node looks at what it removes. */
function leadsToRemoval({ isChange, about }: Operation, trace: readonly Operation[]): boolean {
  if (isChange) return false;
  return trace.some(({ name, about: [path] }) => name === 'unlink' && path === about[0]);
}

function errorCase(
  run: FaultRun,
  scene: Scene,
  { template, name, isRemoval, fault }: ErrorCase & { readonly template: Place },
): Promise<CaseResult> {
  return judged(name, async () => {
    const { programs } = run.parts;
    const place = copyPlace(template, run.newRoot());
    const outcome = await run.act({ act: scene.act, place, fault });
    const after = listPlace(place);
    const uncoded = !outcome.ok && outcome.code === undefined ? [`not a coded error: ${outcome.text}`] : [];
    // What was reported as failed did not happen, and what was not did. A start reports by events.
    const inPlace = programIn(after, programs);
    const isTrue = scene.goal === undefined || scene.act === 'start' || outcome.ok === (inPlace === scene.goal);
    const lied = isTrue ? [] : [`${String(inPlace)} is in place after ${JSON.stringify(outcome)}`];
    const problems = [
      ...uncoded,
      ...lied,
      // What cannot be removed now is removed later.
      ...(isRemoval ? [] : leftBehind(after, listPlace(template))),
      ...(await settle(run, place, scene, {
        oneNoteIsEnough: true,
        isDone: outcome.ok && scene.act.startsWith('remember'),
      })),
    ];
    if (problems.length === 0) removePlace(place);
    return problems;
  });
}
