/**
 * Judges what a fault left, with nothing of the product's code: is the program whole, does it run, is anything left behind,
 * does the journal say what is so.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Entry, Place } from './place.ts';
import type { ProgramName, TestProgram, TestPrograms } from './programs.ts';

/** What may be there when nothing is going on, by the path from the root. */
const MAY_STAY: readonly RegExp[] = [
  /^(home|state|cache|tmp|state\/peerpatch)$/,
  /^home\/app$/,
  /^home\/\.app\.peerpatch$/,
  /^home\/\.app\.peerpatch\/(journal|choices|ended)$/,
  /^home\/\.app\.peerpatch\/(previous|quarantine|lock|starts|early|trials)$/,
  /^home\/\.app\.peerpatch\/trials\/[0-9a-f]{64}$/,
  /^home\/\.app\.peerpatch\/previous\/[0-9.]+~[0-9a-f]{16}$/,
  /^home\/\.app\.peerpatch\/lock\/\d+$/,
  /^(home\/\.app\.peerpatch|state\/peerpatch)\/quarantine\/[0-9a-f]{64}$/,
  /^state\/peerpatch\/quarantine$/,
  /^state\/peerpatch\/(node-secret|seen(\/[a-z0-9]{52}(\/[0-9a-f]{64}-(s?\d+|v[0-9.]+))?)?)$/,
  // Where the state folder cannot be made.
  /^tmp\/peerpatch-\d+(\/(quarantine(\/[0-9a-f]{64})?|node-secret|seen(\/[a-z0-9]{52}(\/[0-9a-f]{64}-(s?\d+|v[0-9.]+))?)?))?$/,
];
const INSTALL_FOLDER = 'home/.app.peerpatch';
/** Windows of a fork between two opened files are short: what somebody still writes to cannot be run. */
const BUSY_TRIES = 40;
const BUSY_PAUSE_MS = 5;

export type Problems = readonly string[];

/** Exactly one of the programs, whole, executable, and it runs. @param ran the listing of a moment ago, when it ran */
export async function checkProgram(
  { program }: Place,
  entries: ReadonlyMap<string, Entry>,
  allowed: readonly TestProgram[],
  ran?: ReadonlyMap<string, Entry>,
): Promise<Problems> {
  const found = entries.get('home/app');
  if (found === undefined) return ['the program is gone'];
  if (found.kind !== 'file') return [`the program is a ${found.kind}`];
  const which = allowed.find(({ sha256 }) => sha256 === found.sha256);
  if (which === undefined) return [`the program is none of ${allowed.map(({ version }) => version).join(', ')}`];
  if (found.mode !== 0o755) return [`the program's mode is ${found.mode.toString(8)}`];
  if (ran?.get('home/app')?.ino === found.ino) return [];
  const said = await run(program);
  return said === `${which.version}\n` ? [] : [`the program says ${JSON.stringify(said)}, not ${which.version}`];
}

/** Which of the programs is in place. */
export function programIn(entries: ReadonlyMap<string, Entry>, programs: TestPrograms): ProgramName | undefined {
  const sha256 = entries.get('home/app')?.sha256;
  return (Object.keys(programs) as ProgramName[]).find((name) => programs[name].sha256 === sha256);
}

/** When nothing goes on any more. */
export function checkSettled(
  place: Place,
  entries: ReadonlyMap<string, Entry>,
  programs: TestPrograms,
  { oneNoteIsEnough = false }: { readonly oneNoteIsEnough?: boolean } = {},
): Problems {
  return [
    ...leftBehind(entries),
    ...checkPrevious(entries, programs),
    ...checkJournal(place, entries, programs),
    ...(oneNoteIsEnough ? [] : checkQuarantine(entries, programs)),
  ];
}

/** A program that has not proven itself is watched from the instant it is in place. */
export function checkWatched(
  { root }: Place,
  entries: ReadonlyMap<string, Entry>,
  { id, sha256 }: TestProgram,
): Problems {
  if (entries.get('home/app')?.sha256 !== sha256) return [];
  const path = join(root, INSTALL_FOLDER, 'journal');
  const journal = existsSync(path) ? parse(readFileSync(path, 'utf8')) : undefined;
  const isWatched = journal?.phase === 'probation' && journal.to?.id === id;
  return isWatched ? [] : ['the new program is in place and no journal has it watched'];
}

/** A program that was rolled back is not taken again. */
export function checkCastOut(
  entries: ReadonlyMap<string, Entry>,
  { old, new: { id } }: Pick<TestPrograms, 'old' | 'new'>,
): Problems {
  if (entries.get('home/app')?.sha256 !== old.sha256) return [];
  return isCastOut(entries, id) ? [] : ['the old program is back and the new one is not in quarantine'];
}

/** The highest sequence number that was accepted, and the highest version, as names of files say. */
export function highestSeen(entries: ReadonlyMap<string, Entry>): { readonly seq: number; readonly version: string } {
  const values = [...entries.keys()].flatMap((path) => /\/seen\/[^/]+\/[0-9a-f]{64}-(.+)$/.exec(path)?.slice(1) ?? []);
  const versions = values.filter((value) => value.startsWith('v')).sort();
  return { seq: Math.max(0, ...values.map(Number).filter(Number.isFinite)), version: versions.at(-1) ?? '' };
}

/** Whether a release may be tried once more. */
export function trialsOf(entries: ReadonlyMap<string, Entry>): readonly string[] {
  return [...entries.keys()].filter((path) => path.startsWith(`${INSTALL_FOLDER}/trials/`));
}

export function isInQuarantine(entries: ReadonlyMap<string, Entry>, { id }: TestProgram): boolean {
  return isCastOut(entries, id);
}

/** The note of a start stays as long as its process. */
function isOfLiving(path: string): boolean {
  const [, pid] = /\/starts\/(\d+)-[0-9a-f-]+$/.exec(path) ?? [];
  return pid !== undefined && existsSync(`/proc/${pid}`);
}

/** Beside the program or with the user: one is enough where the other one cannot be written. */
function isCastOut(entries: ReadonlyMap<string, Entry>, id: string): boolean {
  return [...entries.keys()].some((path) => path.endsWith(`/quarantine/${id}`));
}

/** What nobody needs. @param before was there already */
export function leftBehind(
  entries: ReadonlyMap<string, Entry>,
  before: ReadonlyMap<string, Entry> = new Map(),
): Problems {
  // What is there of a download stays for the next process, and gets its name.
  const anyProcess = (path: string): string => path.replace(/\.app\.\d+-/, '.app.N-');
  const known = new Set([...before.keys()].map(anyProcess));
  const left = [...entries.keys()].filter(
    (path) => !known.has(anyProcess(path)) && !MAY_STAY.some((each) => each.test(path)) && !isOfLiving(path),
  );
  return left.map((path) => `left behind: ${path}`);
}

/** Differences of two listings that are not a journal's count of starts. */
export function compareListings(before: ReadonlyMap<string, Entry>, after: ReadonlyMap<string, Entry>): Problems {
  const facts = ({ kind, mode, sha256 }: Entry): string => `${kind} ${mode} ${sha256}`;
  const problems: string[] = [];
  for (const [path, entry] of before) {
    const now = after.get(path);
    if (now === undefined) problems.push(`a second start removed ${path}`);
    else if (facts(now) !== facts(entry)) problems.push(`a second start changed ${path}`);
  }
  for (const path of after.keys()) if (!before.has(path)) problems.push(`a second start made ${path}`);
  return problems;
}

function checkPrevious(entries: ReadonlyMap<string, Entry>, programs: TestPrograms): Problems {
  const known = Object.values(programs).map(({ version, id, sha256 }) => [`${version}~${id.slice(0, 16)}`, sha256]);
  const kept = [...entries].filter(([path]) => path.startsWith(`${INSTALL_FOLDER}/previous/`));
  const problems = kept.flatMap(([path, { kind, sha256 }]) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    const isWhole = kind === 'file' && known.some((pair) => pair[0] === name && pair[1] === sha256);
    return isWhole ? [] : [`${path} is not the program it is named after`];
  });
  // One to go back to, and while an install goes on the one before it.
  return kept.length > 2 ? [...problems, `${kept.length} previous programs are kept`] : problems;
}

interface JournalText {
  readonly phase?: unknown;
  readonly to?: { readonly id?: unknown };
  readonly from?: { readonly id?: unknown };
  readonly previous?: unknown;
}

function checkJournal({ root }: Place, entries: ReadonlyMap<string, Entry>, programs: TestPrograms): Problems {
  const path = join(root, INSTALL_FOLDER, 'journal');
  if (!existsSync(path)) return [];
  const journal = parse(readFileSync(path, 'utf8'));
  if (journal === undefined) return ['the journal is not JSON'];
  const name = programIn(entries, programs);
  const inPlace = name === undefined ? undefined : programs[name].id;
  if (journal.to?.id !== inPlace) return [`the journal speaks of another program than is in place`];
  if (journal.phase === 'rolled-back') {
    const bad = String(journal.from?.id);
    return isCastOut(entries, bad) ? [] : ['rolled back without a quarantine'];
  }
  if (journal.phase !== 'probation') return [`the journal's phase is ${String(journal.phase)}`];
  const previous = `${INSTALL_FOLDER}/previous/${String(journal.previous)}`;
  return entries.has(previous) ? [] : ['the journal names a previous program that is not there'];
}

/** Once it is replaced, other copies of the user learn of a bad release. */
function checkQuarantine(entries: ReadonlyMap<string, Entry>, programs: TestPrograms): Problems {
  const name = programIn(entries, programs);
  const inPlace = name === undefined ? undefined : programs[name].id;
  const names = (folder: string): string[] =>
    [...entries.keys()].filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
  const ofUser = [
    ...names('state/peerpatch/quarantine/'),
    ...names(`tmp/peerpatch-${process.getuid?.() ?? 0}/quarantine/`),
  ];
  const lonely = names(`${INSTALL_FOLDER}/quarantine/`).filter((id) => id !== inPlace && !ofUser.includes(id));
  return lonely.map((id) => `in quarantine beside the program only: ${id}`);
}

function parse(text: string): JournalText | undefined {
  try {
    return JSON.parse(text) as JournalText;
  } catch {
    return undefined;
  }
}

async function run(path: string): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return (await promisify(execFile)(path, { timeout: 10_000, env: {} })).stdout;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ETXTBSY' || tries === BUSY_TRIES) return `(${String(error)})`;
      await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
    }
  }
}
