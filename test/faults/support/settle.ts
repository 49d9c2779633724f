/**
 * What follows every fault: the program starts, some time goes by, it starts twice more, and the next update comes. Nothing of
 * it may find the program broken, leave anything behind, or be kept from working.
 *
 * @module
 */
import type { Scene } from '../scenes.ts';
import { checkCastOut, checkProgram, checkSettled, checkWatched, compareListings, programIn } from './checker.ts';
import type { FaultRun } from './fault-run.ts';
import { listingKey, listPlace, type Entry, type Place } from './place.ts';
import { NO_FAULT } from './shim.ts';

/** A day and more: until then what is there of a download waits for whoever goes on with it. */
export const LATER_MS = 25 * 3_600_000;

export interface SettleOptions {
  /** What is written of the lock may be damaged: then it takes half a minute until it is free. */
  readonly mayWait?: boolean;
  /** A note that could not be written in one place stands in the other. */
  readonly oneNoteIsEnough?: boolean;
  /** The scene was said to be done. */
  readonly isDone?: boolean;
}

export async function settle(
  run: FaultRun,
  place: Place,
  scene: Scene,
  { mayWait = false, oneNoteIsEnough = false, isDone = false }: SettleOptions = {},
): Promise<readonly string[]> {
  const { programs } = run.parts;
  const { startsBy = 'start', notes = () => [] } = scene;
  const allowed = (scene.settled ?? scene.during).map((name) => programs[name]);
  const start = async (when: string, laterMs: number): Promise<readonly string[]> => {
    const outcome = await run.act({ act: startsBy, place, fault: NO_FAULT, laterMs });
    return outcome.ok ? [] : [`${when}: ${outcome.text}`];
  };

  const during = scene.during.map((name) => programs[name]);
  const watched = (entries: ReadonlyMap<string, Entry>): readonly string[] =>
    scene.isWatched === true ? checkWatched(place, entries, programs.new) : [];
  const found = listPlace(place);
  const atOnce = [...(await checkProgram(place, found, during)), ...watched(found), ...notes(found, programs, isDone)];
  if (atOnce.length > 0) return atOnce.map((problem) => `right after it: ${problem}`);
  const repeated = scene.isRepeated === true ? await doAgain(run, place, scene) : [];
  const first = await start('the next start', 0);
  const second = await start('the second start', LATER_MS);
  const before = listPlace(place);
  const stable = [
    ...(await checkProgram(place, before, allowed, found)),
    // Who tries a bad release finds out by himself, also where he is another copy and was not told.
    ...checkSettled(place, before, programs, { oneNoteIsEnough: oneNoteIsEnough || scene.act === 'failed trial' }),
    ...watched(before),
    ...(scene.castsOut === true ? checkCastOut(before, programs) : []),
    ...notes(before, programs, isDone || scene.isRepeated === true),
  ];
  const problems = [...repeated, ...first, ...second, ...stable];
  // Most cases settle in one of a few ways, and what comes then depends on nothing else.
  if (problems.length > 0 || run.hasSeen(`${scene.name} ${String(mayWait)} ${listingKey(before)}`)) return problems;
  const third = await start('the third start', LATER_MS);
  const same = compareListings(before, listPlace(place));
  const isWanted = ![...before.keys()].some((path) => path.endsWith(`quarantine/${programs.new.id}`));
  const next = isWanted && programIn(before, programs) === 'old' ? await updateAgain(run, place, { mayWait }) : [];
  return [...third, ...same, ...next];
}

async function doAgain(run: FaultRun, place: Place, { act, notes }: Scene): Promise<readonly string[]> {
  const { programs } = run.parts;
  const outcome = await run.act({ act, place, fault: NO_FAULT });
  const problems = outcome.ok ? (notes?.(listPlace(place), programs, true) ?? []) : [outcome.text];
  return problems.map((problem) => `done again: ${problem}`);
}

/** Without a fault the update works, whatever happened before. */
export async function updateAgain(
  run: FaultRun,
  place: Place,
  { mayWait = false }: SettleOptions = {},
): Promise<readonly string[]> {
  const { programs } = run.parts;
  const outcome = await run.act({ act: 'update', place, fault: NO_FAULT, laterMs: LATER_MS, mayWait });
  if (!outcome.ok) return [`the next update: ${outcome.text}`];
  const after = listPlace(place);
  const problems = [...(await checkProgram(place, after, [programs.new])), ...checkSettled(place, after, programs)];
  return problems.map((problem) => `after the next update: ${problem}`);
}
