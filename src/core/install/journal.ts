/**
 * The journal of an install: one JSON line beside the program that says what the next start has to know. Spec:
 * docs/spec/16-journal.md.
 *
 * {"format":1,"phase":"probation","to":{"version","id"},"from":{"version","id"},"over":{"version","id"} or null,
 *  "previous":"<name in previous/>","installedAt":ms,"starts":n}
 * {"format":1,"phase":"rolled-back","from":{"version","id"},"to":{"version","id"},"reason":"text","at":ms,"told":bool}
 *
 * Written before the new program is put in place, so that a kill in between never leaves a new program that nobody watches.
 * Pure: judge-start.ts says what follows from it.
 *
 * @module
 */
import {
  damaged,
  decodeKeptJson,
  encodeKeptJson,
  isCount,
  isReason,
  readReleaseName,
  reasonText,
} from './kept-json.ts';
import type { JsonObject } from './kept-json.ts';
import type { ReleaseName } from './release-id.ts';

/** A program was put in place, or was about to be, and has not proven itself. */
export interface ProbationJournal {
  readonly format: 1;
  readonly phase: 'probation';
  readonly to: ReleaseName;
  /** The last one that proved itself: what a roll back puts back. */
  readonly from: ReleaseName;
  /** The unproven one that `to` replaces, if that is not `from`: after a stop before the replacement it is there still. */
  readonly over: ReleaseName | null;
  /** Where `from` is kept: a name in the folder `previous`. */
  readonly previous: string;
  /** Milliseconds since 1970. */
  readonly installedAt: number;
  /** Starts of `to` that were counted and not taken back. */
  readonly starts: number;
}

/** The previous program is back. */
export interface RolledBackJournal {
  readonly format: 1;
  readonly phase: 'rolled-back';
  /** The bad one. */
  readonly from: ReleaseName;
  /** What is in place again. */
  readonly to: ReleaseName;
  /** One line for people. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Somebody was told: the log, an event. */
  readonly told: boolean;
}

export type Journal = ProbationJournal | RolledBackJournal;

export function encodeJournal(journal: Journal): Uint8Array {
  return encodeKeptJson(journal.phase === 'probation' ? probationShape(journal) : rolledBackShape(journal));
}

/** @throws PeerpatchError INSTALL_STATE_DAMAGED */
export function decodeJournal(bytes: Uint8Array): Journal {
  return decodeKeptJson('journal', bytes, (object) => {
    if (object['format'] !== 1) throw damaged('journal', 'its format is unknown');
    return object['phase'] === 'probation' ? readProbation(object) : readRolledBack(object);
  });
}

/** The name under which a program is kept. */
export function previousName({ version, id }: ReleaseName): string {
  return `${version}~${id.slice(0, 16)}`;
}

/** Whether a text is one that {@link previousName} gives. */
export function isPreviousName(text: string): boolean {
  return text.length <= 81 && /^[0-9A-Za-z.-]+~[0-9a-f]{16}$/.test(text) && !text.startsWith('.');
}

export interface InstallFacts {
  readonly to: ReleaseName;
  /** What the program file holds until now. */
  readonly from: ReleaseName;
  /** What the journal says until now. */
  readonly before: Journal | undefined;
  readonly nowMs: number;
}

/**
 * The journal to write before `to` is put in place. Over a program that has not proven itself, the one to go back to stays the
 * one before it.
 */
export function journalOfInstall({ to, from, before, nowMs }: InstallFacts): ProbationJournal {
  const unproven = before?.phase === 'probation' && before.to.id === from.id ? before : undefined;
  return {
    format: 1,
    phase: 'probation',
    to,
    from: unproven?.from ?? from,
    over: unproven === undefined ? null : from,
    previous: unproven?.previous ?? previousName(from),
    installedAt: nowMs,
    starts: 0,
  };
}

/** One more start of the program on probation. */
export function afterStart(journal: ProbationJournal): ProbationJournal {
  return { ...journal, starts: journal.starts + 1 };
}

/** The process of that start is replaced on purpose, before it was long enough to prove anything. @param count so many that are not to count any more */
export function takeBackStart(journal: ProbationJournal, count = 1): ProbationJournal {
  return { ...journal, starts: Math.max(0, journal.starts - count) };
}

/**
 * A start has ended well. Only bad ends in a row count: a command that fails now and then, weeks apart, works all the same.
 *
 * @param aliveStarts counted starts whose processes are alive
 */
export function afterGoodEnd(journal: ProbationJournal, aliveStarts: number): ProbationJournal {
  return { ...journal, starts: Math.min(Math.max(0, journal.starts - 1), aliveStarts) };
}

export interface RollBackFacts {
  readonly reason: string;
  readonly nowMs: number;
}

/** What to write when the previous program is back. */
export function afterRollBack(
  { to, from }: Pick<ProbationJournal, 'to' | 'from'>,
  { reason, nowMs }: RollBackFacts,
): RolledBackJournal {
  return { format: 1, phase: 'rolled-back', from: to, to: from, reason: reasonText(reason), at: nowMs, told: false };
}

export function afterTelling(journal: RolledBackJournal): RolledBackJournal {
  return { ...journal, told: true };
}

function readProbation(object: JsonObject): ProbationJournal | undefined {
  const { installedAt, starts, previous } = object;
  const to = readReleaseName(object['to']);
  const from = readReleaseName(object['from']);
  const over = object['over'] === null ? null : readReleaseName(object['over']);
  if (to === undefined || from === undefined || over === undefined) return undefined;
  if (typeof previous !== 'string' || !isPreviousName(previous)) return undefined;
  if (!isCount(installedAt) || !isCount(starts)) return undefined;
  return probationShape({ format: 1, phase: 'probation', to, from, over, previous, installedAt, starts });
}

function readRolledBack(object: JsonObject): RolledBackJournal | undefined {
  const { reason, at, told } = object;
  const to = readReleaseName(object['to']);
  const from = readReleaseName(object['from']);
  if (object['phase'] !== 'rolled-back' || to === undefined || from === undefined) return undefined;
  if (!isReason(reason) || !isCount(at) || typeof told !== 'boolean') return undefined;
  return rolledBackShape({ format: 1, phase: 'rolled-back', from, to, reason, at, told });
}

/** The keys in their order, and no others. */
function probationShape({ to, from, over, previous, installedAt, starts }: ProbationJournal): ProbationJournal {
  const [newName, oldName, overName] = [nameShape(to), nameShape(from), over === null ? null : nameShape(over)];
  return { format: 1, phase: 'probation', to: newName, from: oldName, over: overName, previous, installedAt, starts };
}

function rolledBackShape({ from, to, reason, at, told }: RolledBackJournal): RolledBackJournal {
  return { format: 1, phase: 'rolled-back', from: nameShape(from), to: nameShape(to), reason, at, told };
}

function nameShape({ version, id }: ReleaseName): ReleaseName {
  return { version, id };
}
