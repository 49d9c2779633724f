/**
 * The attacks, as data.
 *
 * @module
 */
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { COLLECT, UPDATE, type Scene } from '../scenes.ts';
import type { Place } from '../support/place.ts';
import type { TestPrograms } from '../support/programs.ts';
import type { Operation } from '../support/shim.ts';

export interface AttackFacts {
  readonly place: Place;
  /** A file that the user may write and that has nothing to do with the program. */
  readonly victim: string;
  /** An empty folder of the same kind. */
  readonly lair: string;
  readonly programs: TestPrograms;
}

export interface Attack {
  readonly name: string;
  readonly scene: Scene;
  /** Before which operation it comes. Default: before the act begins. */
  readonly moment?: (operation: Operation, index: number, trace: readonly Operation[]) => boolean;
  readonly strike: (facts: AttackFacts) => void;
  /** `refused`: with a coded error. `done`: it is harmless. Default: either. */
  readonly ends?: 'refused' | 'done';
  /** What a person does when told. */
  readonly repair?: (facts: AttackFacts) => void;
}

const STAGED = /\.app\.\d+-[0-9a-f-]+\.peerpatch$/;

/** As soon as the staged file is closed: what was checked of it until then may be so no more. */
const onceClosed: Attack['moment'] = (_operation, index, trace) => {
  const opened = trace.findLastIndex(({ name, about }) => name === 'open' && STAGED.test(about[0] ?? ''));
  const file = String(trace[opened]?.result);
  const closed = trace.findIndex(({ name, about }, at) => at > opened && name === 'close' && about[0] === file);
  return index === closed + 1;
};
const beforeFirstWrite: Attack['moment'] = ({ isChange, name }) => isChange && name === 'write';

const folderOf = ({ home }: Place): string => join(home, '.app.peerpatch');
const makeFolder = (place: Place): string => {
  mkdirSync(folderOf(place), { mode: 0o755 });
  return folderOf(place);
};
const removeFolder = ({ place }: AttackFacts): void => {
  rmSync(folderOf(place), { recursive: true, force: true });
};
const staged = ({ home }: Place): string => {
  const name = readdirSync(home).find((each) => STAGED.test(each));
  if (name === undefined) throw new Error('nothing is staged');
  return join(home, name);
};
const evilFile = ({ lair, programs }: AttackFacts, sizeBytes = programs.new.bytes.length): string => {
  const path = join(lair, '../evil');
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(programs.first.bytes.subarray(0, sizeBytes));
  writeFileSync(path, bytes, { mode: 0o755 });
  return path;
};
const previousPath = ({ place, programs }: AttackFacts): string => {
  const folder = join(makeFolder(place), 'previous');
  mkdirSync(folder, { mode: 0o755 });
  return join(folder, `${programs.old.version}~${programs.old.id.slice(0, 16)}`);
};

const SWAP_LIST: readonly Pick<Attack, 'name' | 'strike' | 'repair'>[] = [
  {
    name: 'the staged file becomes a symbolic link',
    strike: ({ place, victim }) => {
      const path = staged(place);
      rmSync(path);
      symlinkSync(victim, path);
    },
  },
  {
    name: 'the staged file becomes another name of a file',
    strike: ({ place, victim }) => {
      const path = staged(place);
      rmSync(path);
      linkSync(victim, path);
    },
    repair: ({ place, victim }) => {
      for (const name of readdirSync(place.home)) {
        const path = join(place.home, name);
        if (lstatSync(path).ino === lstatSync(victim).ino) rmSync(path);
      }
    },
  },
  {
    name: 'the staged file becomes another program of the same length',
    strike: (facts) => {
      renameSync(evilFile(facts), staged(facts.place));
    },
  },
  {
    name: 'the staged file becomes a folder',
    strike: ({ place }) => {
      const path = staged(place);
      rmSync(path);
      mkdirSync(path);
    },
    repair: ({ place }) => {
      for (const name of readdirSync(place.home))
        if (STAGED.test(name)) rmSync(join(place.home, name), { recursive: true });
    },
  },
  {
    name: 'the staged file is changed, its times put back',
    strike: ({ place }) => {
      const path = staged(place);
      const { atime, mtime } = lstatSync(path);
      const file = openSync(path, 'r+');
      writeSync(file, 'evil', 2000);
      closeSync(file);
      utimesSync(path, atime, mtime);
    },
  },
  {
    name: 'the staged file gets a second name, for changes later',
    strike: ({ place }) => {
      linkSync(staged(place), join(place.root, 'tmp/second'));
    },
    repair: ({ place }) => {
      rmSync(join(place.root, 'tmp/second'));
    },
  },
];
const SWAPS: readonly Attack[] = SWAP_LIST.map((each) => ({
  ...each,
  scene: UPDATE,
  moment: onceClosed,
  ends: 'refused',
}));

const FOLDERS: readonly Attack[] = [
  {
    name: 'the install folder is a symbolic link',
    scene: UPDATE,
    ends: 'refused',
    strike: ({ place, lair }) => {
      symlinkSync(lair, folderOf(place));
    },
    repair: ({ place }) => {
      rmSync(folderOf(place));
    },
  },
  {
    name: 'the install folder is open to everybody',
    scene: UPDATE,
    ends: 'refused',
    strike: ({ place }) => {
      chmodSync(makeFolder(place), 0o777);
    },
    repair: removeFolder,
  },
  {
    name: 'the install folder is a file',
    scene: UPDATE,
    ends: 'refused',
    strike: ({ place }) => {
      writeFileSync(folderOf(place), '');
    },
    repair: removeFolder,
  },
  {
    name: 'the install folder becomes a symbolic link while a program arrives',
    scene: UPDATE,
    moment: beforeFirstWrite,
    ends: 'refused',
    strike: ({ place, lair }) => {
      rmSync(folderOf(place), { recursive: true, force: true });
      symlinkSync(lair, folderOf(place));
    },
    repair: ({ place }) => {
      rmSync(folderOf(place));
    },
  },
  ...['previous', 'lock', 'quarantine', 'starts'].map((name): Attack => ({
    name: `the folder ${name} is a symbolic link`,
    scene: UPDATE,
    strike: ({ place, lair }) => {
      symlinkSync(lair, join(makeFolder(place), name));
    },
    repair: removeFolder,
  })),
  {
    name: 'the folder of the program is open to everybody',
    scene: UPDATE,
    ends: 'refused',
    strike: ({ place }) => {
      chmodSync(place.home, 0o777);
    },
    repair: ({ place }) => {
      chmodSync(place.home, 0o755);
    },
  },
];

const FILES: readonly Attack[] = [
  {
    name: 'the kept program is a symbolic link',
    scene: UPDATE,
    strike: (facts) => {
      symlinkSync(facts.victim, previousPath(facts));
    },
  },
  {
    name: 'the kept program is another name of a file',
    scene: UPDATE,
    ends: 'done',
    strike: (facts) => {
      linkSync(facts.victim, previousPath(facts));
    },
  },
  {
    name: 'the kept program is another program',
    scene: UPDATE,
    ends: 'done',
    strike: (facts) => {
      renameSync(evilFile(facts), previousPath(facts));
    },
  },
  ...['journal', 'choices', 'ended'].flatMap((name): readonly Attack[] => [
    {
      name: `${name} is a symbolic link`,
      scene: UPDATE,
      strike: ({ place, victim }) => {
        symlinkSync(victim, join(makeFolder(place), name));
      },
      repair: removeFolder,
    },
    {
      name: `${name} is another name of a file`,
      scene: UPDATE,
      strike: ({ place, victim }) => {
        linkSync(victim, join(makeFolder(place), name));
      },
      repair: removeFolder,
    },
    {
      name: `${name} is a pipe that nobody writes to`,
      scene: UPDATE,
      strike: ({ place }) => {
        execFileSync('mkfifo', [join(makeFolder(place), name)]);
      },
      repair: removeFolder,
    },
    {
      name: `${name} is a folder`,
      scene: UPDATE,
      strike: ({ place }) => {
        mkdirSync(join(makeFolder(place), name));
      },
      repair: removeFolder,
    },
    {
      name: `${name} is a gigabyte of nothing`,
      scene: UPDATE,
      strike: ({ place }) => {
        const path = join(makeFolder(place), name);
        writeFileSync(path, '');
        execFileSync('truncate', ['-s', '1G', path]);
      },
      repair: removeFolder,
    },
  ]),
];

export const ATTACKS: readonly Attack[] = [
  ...SWAPS,
  ...SWAPS.map((attack) => ({ ...attack, name: `in parts: ${attack.name}`, scene: COLLECT })),
  ...FOLDERS,
  ...FILES,
];
