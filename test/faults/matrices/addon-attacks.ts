/**
 * Attacks on the folder that the native addon is loaded from: whoever can put a file there runs code as this user.
 *
 * @module
 */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { runAct } from '../support/children.ts';
import { judged, type CaseResult, type FaultRun, type MatrixResult } from '../support/fault-run.ts';
import { makePlace, removePlace, type Place } from '../support/place.ts';
import { sha256Hex } from '../support/programs.ts';
import { NO_FAULT } from '../support/shim.ts';

interface Facts {
  readonly place: Place;
  /** The user's cache folder. */
  readonly cache: string;
  /** Where the addon goes when nobody is in the way. */
  readonly file: string;
  readonly victim: string;
  readonly lair: string;
}

interface AddonAttack {
  readonly name: string;
  readonly strike: (facts: Facts) => void;
}

const SECRET = 'not for anybody\n';
const EVIL = 'evil code\n';
const OTHERS_MAY_WRITE = 0o022;

const privateFolder = ({ cache }: Facts): string => {
  const folder = join(cache, 'peerpatch');
  mkdirSync(folder, { mode: 0o700 });
  return folder;
};

const ATTACKS: readonly AddonAttack[] = [
  { name: 'nobody is in the way', strike: () => undefined },
  {
    name: 'the folder is open to everybody',
    strike: (facts) => {
      chmodSync(privateFolder(facts), 0o777);
    },
  },
  {
    name: 'the folder is open to a group',
    strike: (facts) => {
      chmodSync(privateFolder(facts), 0o770);
    },
  },
  {
    name: 'the folder above is open to everybody',
    strike: (facts) => {
      privateFolder(facts);
      chmodSync(facts.cache, 0o777);
    },
  },
  {
    name: 'the folder is a symbolic link',
    strike: ({ cache, lair }) => {
      symlinkSync(lair, join(cache, 'peerpatch'));
    },
  },
  {
    name: 'the folder is a file',
    strike: ({ cache }) => {
      writeFileSync(join(cache, 'peerpatch'), EVIL);
    },
  },
  {
    name: 'another file is there under the name of the addon',
    strike: (facts) => {
      privateFolder(facts);
      writeFileSync(facts.file, EVIL, { mode: 0o755 });
    },
  },
  {
    name: 'the addon is a symbolic link',
    strike: (facts) => {
      privateFolder(facts);
      symlinkSync(facts.victim, facts.file);
    },
  },
  {
    name: 'the addon is another name of a file',
    strike: (facts) => {
      privateFolder(facts);
      linkSync(facts.victim, facts.file);
    },
  },
  {
    name: 'the addon is a folder',
    strike: (facts) => {
      privateFolder(facts);
      mkdirSync(facts.file);
    },
  },
  {
    name: 'the addon is cut short',
    strike: (facts) => {
      privateFolder(facts);
      writeFileSync(facts.file, 'half', { mode: 0o500 });
    },
  },
  {
    name: 'the whole cache folder is moved away and a link put there',
    strike: ({ cache, lair }) => {
      renameSync(cache, `${cache}-gone`);
      symlinkSync(lair, cache);
      chmodSync(lair, 0o777);
    },
  },
];

export async function addonMatrix(run: FaultRun): Promise<Omit<MatrixResult, 'matrix'>> {
  return { results: await run.each(ATTACKS, (attack) => attackCase(run, attack)) };
}

function attackCase(run: FaultRun, { name, strike }: AddonAttack): Promise<CaseResult> {
  return judged(name, async () => {
    const { programs } = run.parts;
    const place = makePlace(run.newRoot(), programs.old);
    const cache = join(place.root, 'cache');
    const victim = join(place.root, 'home/victim');
    const lair = join(place.root, 'home/lair');
    writeFileSync(victim, SECRET, { mode: 0o600 });
    mkdirSync(lair);
    const file = join(cache, 'peerpatch', `${programs.first.sha256.slice(0, 32)}-addon.node`);
    strike({ place, cache, file, victim, lair });
    const { outcome, stderr } = await runAct(run.parts, { act: 'addon', place, fault: NO_FAULT });
    if (outcome === undefined) return [`ended without an outcome: ${stderr}`];
    const problems = [
      ...(readFileSync(victim, 'utf8') === SECRET ? [] : ["another user's file was changed"]),
      ...filesIn(lair).map((each) => `${each} was put into the folder of another user`),
    ];
    if (!outcome.ok) return outcome.code === undefined ? [...problems, `not a coded error: ${outcome.text}`] : problems;
    problems.push(...checkLoadable(String(outcome.result), { place, sha256: programs.first.sha256 }));
    if (problems.length === 0) removePlace(place);
    return problems;
  });
}

/** An empty folder harms nobody. */
function filesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => !lstatSync(join(folder, name)).isDirectory());
}

/** What will be loaded is the right file, and nobody else can put another one there. */
function checkLoadable(
  path: string,
  { place, sha256 }: { readonly place: Place; readonly sha256: string },
): readonly string[] {
  const problems: string[] = [];
  if (!lstatSync(path).isFile()) problems.push('it is no regular file');
  if (sha256Hex(readFileSync(path)) !== sha256) problems.push('it is not the addon');
  if (statSync(path).nlink !== 1) problems.push('it has another name');
  for (let folder = realpathSync(dirname(path)); folder.startsWith(`${place.root}/`); folder = dirname(folder)) {
    if ((statSync(folder).mode & OTHERS_MAY_WRITE) !== 0) problems.push(`others may write to ${folder}`);
  }
  return problems;
}
