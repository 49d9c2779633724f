/**
 * The pieces of a program's life that faults happen to, as data: what stands there before, what is done, what may be in place
 * afterwards.
 *
 * @module
 */
import type { ActName } from './child/acts.ts';
import { runAct } from './support/children.ts';
import type { FaultRun } from './support/fault-run.ts';
import { makePlace, type Place } from './support/place.ts';
import type { ProgramName } from './support/programs.ts';
import { changesOf, NO_FAULT, readTrace, type Operation } from './support/shim.ts';

export interface Scene {
  readonly name: string;
  readonly act: ActName;
  /** Makes the folder as it is before the act. */
  readonly prepare: (run: FaultRun, root: string) => Promise<Place>;
  /** What may be in place at any instant. */
  readonly during: readonly ProgramName[];
  /** What may be in place when it has settled. Default: the same. */
  readonly settled?: readonly ProgramName[];
  /** What is in place when it went well. Undefined: nothing is replaced. */
  readonly goal?: ProgramName;
  /** As soon as the new program is in place, a journal has it watched. */
  readonly isWatched?: boolean;
  /** As soon as the old program is back and has settled, the new one is in quarantine. */
  readonly castsOut?: boolean;
  /** Its operations are those of another scene in another order: for the error matrix that one is enough. */
  readonly isVariant?: boolean;
}

type Prepare = Scene['prepare'];
type IsMoment = (change: Operation, index: number, changes: readonly Operation[]) => boolean;

const JOURNAL = /\.app\.peerpatch\/journal$/;
const QUARANTINE = /quarantine\/[0-9a-f]{64}$/;

const fresh: Prepare = (run, root) => Promise.resolve(makePlace(root, run.parts.programs.old));
const fromFirst: Prepare = (run, root) => Promise.resolve(makePlace(root, run.parts.programs.first));
const updated = after(fresh, 'update');
const failedThrice = after(updated, 'crash', 'crash', 'crash');

const journalIsWritten: IsMoment = ({ name, about }) => name === 'rename' && JOURNAL.test(about[1] ?? '');
const isInPlace: IsMoment = ({ name, about }) => name === 'rename' && about[1]?.endsWith('/home/app') === true;
const isQuarantined: IsMoment = ({ name, about }) => name === 'rename' && QUARANTINE.test(about[1] ?? '');
const halfIsThere: IsMoment = ({ name }, index, changes) =>
  name === 'write' && changes.slice(0, index).filter((change) => change.name === 'write').length > 0;

const toNew = { during: ['old', 'new'], goal: 'new', isWatched: true } as const;
const toOld = { during: ['new', 'old'], settled: ['old'], goal: 'old', castsOut: true } as const;
const staysNew = { during: ['new'], isWatched: true } as const;
/** Until the first note is there, nothing says that the new program is bad. */
const byGuard = { during: ['new', 'old'], goal: 'old', isWatched: true, castsOut: true } as const;
const byHand = { during: ['new', 'old'], goal: 'old', castsOut: true } as const;

export const UPDATE: Scene = { name: 'update', act: 'update', prepare: fresh, ...toNew };
export const COLLECT: Scene = { name: 'update in parts', isVariant: true, act: 'collect', prepare: fresh, ...toNew };

export const SCENES: readonly Scene[] = [
  UPDATE,
  COLLECT,
  {
    ...COLLECT,
    isVariant: false,
    name: 'update in parts after a kill',
    prepare: killedIn(fresh, 'collect', halfIsThere),
  },
  {
    ...UPDATE,
    name: 'update after a kill with a journal',
    isVariant: true,
    prepare: killedIn(fresh, 'update', journalIsWritten),
  },
  {
    name: 'update over an unproven program',
    act: 'update',
    prepare: after(fromFirst, 'update to old'),
    ...toNew,
  },
  {
    name: 'update with an older one kept',
    isVariant: true,
    act: 'update',
    prepare: after(fromFirst, 'update to old', 'confirm'),
    ...toNew,
  },
  { name: 'start on probation', act: 'start', prepare: updated, ...staysNew },
  {
    name: 'first start after a kill',
    isVariant: true,
    act: 'start',
    prepare: killedIn(fresh, 'update', isInPlace),
    ...staysNew,
  },
  {
    name: 'start after a kill with a journal',
    act: 'start',
    prepare: killedIn(fresh, 'update', journalIsWritten),
    during: ['old'],
  },
  { name: 'confirm', act: 'confirm', prepare: updated, during: ['new'] },
  { name: 'roll back at start', act: 'start', prepare: failedThrice, ...toOld },
  {
    name: 'roll back after a kill, in quarantine',
    isVariant: true,
    act: 'start',
    prepare: killedIn(failedThrice, 'start', isQuarantined),
    ...toOld,
  },
  {
    name: 'roll back after a kill, in place',
    isVariant: true,
    act: 'start',
    prepare: killedIn(failedThrice, 'start', isInPlace),
    during: ['old'],
  },
  { name: 'roll back by the guard', act: 'guard', prepare: after(updated, 'crash'), ...byGuard },
  { name: 'roll back by hand', isVariant: true, act: 'roll back', prepare: updated, ...byHand },
  {
    name: 'roll back by hand once confirmed',
    act: 'roll back',
    prepare: after(updated, 'confirm'),
    ...byHand,
  },
  { name: 'lock taken and left', act: 'lock', prepare: fresh, during: ['old'] },
];

/** The place after these acts, each in a process of its own. */
function after(before: Prepare, ...acts: readonly ActName[]): Prepare {
  return async (run, root) => {
    const place = await before(run, root);
    for (const act of acts) {
      const { outcome, signal, stderr } = await runAct(run.parts, { act, place, fault: NO_FAULT });
      const isWell = act === 'crash' ? signal === 'SIGKILL' : outcome?.ok === true;
      if (!isWell) throw new Error(`${act} went wrong without a fault: ${JSON.stringify({ outcome, signal, stderr })}`);
    }
    return place;
  };
}

/** The place after an act that was killed behind the first change that fits. */
function killedIn(before: Prepare, act: ActName, isMoment: IsMoment): Prepare {
  return async (run, root) => {
    const rehearsal = await before(run, `${root}-rehearsal`);
    await runAct(run.parts, { act, place: rehearsal, fault: NO_FAULT });
    const changes = changesOf(readTrace(rehearsal.trace));
    const moment = changes.find(isMoment);
    if (moment === undefined) throw new Error(`${act} has no such moment`);
    const place = await before(run, root);
    await runAct(run.parts, { act, place, fault: { kind: 'kill-after', at: moment.number } });
    return place;
  };
}
