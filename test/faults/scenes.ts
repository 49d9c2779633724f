/**
 * The pieces of a program's life that faults happen to, as data: what stands there before, what is done, what may be in place
 * afterwards.
 *
 * @module
 */
import type { ActName } from './child/acts.ts';
import { highestSeen, isInQuarantine, trialsOf } from './support/checker.ts';
import { runAct } from './support/children.ts';
import type { FaultRun } from './support/fault-run.ts';
import { makePlace, type Entry, type Place } from './support/place.ts';
import type { ProgramName, TestPrograms } from './support/programs.ts';
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
  /** How the program starts afterwards. Default: `start`. */
  readonly startsBy?: ActName;
  /** What notes have to say at any instant, and more when the scene was said to be done. */
  readonly notes?: (entries: ReadonlyMap<string, Entry>, programs: TestPrograms, isDone: boolean) => readonly string[];
  /** Without a fault it is done again, and then it is done. */
  readonly isRepeated?: boolean;
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

/** What was accepted before is never forgotten, and what is accepted now from when that was said. */
const remembers =
  (before: number, after: number): NonNullable<Scene['notes']> =>
  (entries, _, isDone) => {
    const { seq, version } = highestSeen(entries);
    const problems = seq < (isDone ? after : before) ? [`the highest number that is remembered is ${seq}`] : [];
    const known = isDone ? VERSION_OF[after] : VERSION_OF[before];
    return known !== undefined && version < known ? [...problems, `the highest version is "${version}"`] : problems;
  };
/** As child/memory-acts.ts has them. */
const VERSION_OF: Readonly<Record<number, string>> = { 7: 'v1.1.0', 12: 'v1.2.0' };

const triedOnce: NonNullable<Scene['notes']> = (entries, _, isDone) =>
  isDone && trialsOf(entries).length !== 1 ? ['the failed trial was not noted'] : [];
const triedTwice: NonNullable<Scene['notes']> = (entries, programs, isDone) => {
  if (isInQuarantine(entries, programs.new)) return [];
  if (isDone) return ['it failed twice and is not in quarantine'];
  return trialsOf(entries).length === 1 ? [] : ['the first failed trial was forgotten'];
};

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
  {
    name: 'start from its first code',
    act: 'whole start',
    startsBy: 'whole start',
    prepare: after(updated, 'early crash'),
    ...staysNew,
  },
  {
    name: 'roll back before spawn',
    act: 'whole start',
    startsBy: 'whole start',
    prepare: after(updated, 'early crash', 'early crash', 'early crash'),
    ...toOld,
  },
  {
    name: 'remember a release',
    act: 'remember',
    prepare: fresh,
    during: ['old'],
    notes: remembers(0, 7),
    isRepeated: true,
  },
  {
    name: 'remember a higher release',
    act: 'remember more',
    prepare: after(fresh, 'remember'),
    during: ['old'],
    notes: remembers(7, 12),
    isRepeated: true,
  },
  { name: 'failed trial', act: 'failed trial', prepare: fresh, during: ['old'], notes: triedOnce },
  {
    name: 'second failed trial',
    act: 'failed trial',
    prepare: after(fresh, 'failed trial'),
    during: ['old'],
    notes: triedTwice,
    isRepeated: true,
  },
  { name: 'lock taken and left', act: 'lock', prepare: fresh, during: ['old'] },
];

/** The place after these acts, each in a process of its own. */
function after(before: Prepare, ...acts: readonly ActName[]): Prepare {
  return async (run, root) => {
    const place = await before(run, root);
    for (const act of acts) {
      const { outcome, signal, stderr } = await runAct(run.parts, { act, place, fault: NO_FAULT });
      const isWell = act === 'crash' || act === 'early crash' ? signal === 'SIGKILL' : outcome?.ok === true;
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
