/**
 * A scene as it goes without a fault: what stood there before, and every operation.
 *
 * @module
 */
import type { Scene } from '../scenes.ts';
import { runAct } from './children.ts';
import type { FaultRun } from './fault-run.ts';
import { copyPlace, listPlace, removePlace, type Place } from './place.ts';
import { changesOf, NO_FAULT, readTrace, type Operation } from './shim.ts';

export interface Recording {
  /** To be copied for each case. */
  readonly template: Place;
  readonly trace: readonly Operation[];
  readonly changes: readonly Operation[];
  readonly looks: readonly Operation[];
}

/** @throws when the scene does not go well, keeps the lock, or makes no change */
export async function recordScene(run: FaultRun, scene: Scene): Promise<Recording> {
  const template = await scene.prepare(run, run.newRoot());
  const place = copyPlace(template, run.newRoot());
  const ended = await runAct(run.parts, { act: scene.act, place, fault: NO_FAULT });
  if (ended.code !== 0 || ended.outcome?.ok !== true) {
    throw new Error(`${scene.name} fails without a fault: ${JSON.stringify(ended)}`);
  }
  // One that was killed while the scene was prepared leaves its ticket, which keeps nobody out.
  const before = listPlace(template);
  const held = [...listPlace(place)].filter(
    ([path, { text }]) => path.includes('/lock/') && text.includes('"free":false') && before.get(path)?.text !== text,
  );
  if (held.length > 0) throw new Error(`${scene.name} keeps the lock: ${held.map(([path]) => path).join(', ')}`);
  // The cases are other folders.
  const trace = readTrace(place.trace).map((operation) => ({
    ...operation,
    about: operation.about.map((part) => part.replaceAll(place.root, template.root)),
  }));
  removePlace(place);
  const changes = changesOf(trace);
  if (changes.length === 0) throw new Error(`${scene.name} changes nothing`);
  return { template, trace, changes, looks: trace.filter(({ isChange }) => !isChange) };
}
