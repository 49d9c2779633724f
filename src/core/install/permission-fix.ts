/**
 * What lets a user replace a program, as commands to copy.
 *
 * The folder of one program may be given away. Any other may not: who owns `/etc` or somebody's home owns more than a program. So a
 * folder is only given away when all tells that it is the program's own; else the program gets one, and a link where it was.
 *
 * @module
 */
import { appBundleOf } from './managed-program.ts';
import { shellWord } from './shell-word.ts';

/** Of the system, down to the last folder in them. Of /usr and /var only what administrators put there is not. */
const SYSTEM =
  /^\/(?:private\/)?(?:(?:boot|dev|etc|lib[^/]*|s?bin|proc|root|run|sys|System|Library)\/|usr\/(?!local\/[^/]+\/)|var\/(?!(?:lib|opt|local|tmp|www)\/[^/]+\/))/;
/** Of a person, whatever is in it. */
const HOME = /^\/(?:home|Users|export\/home|usr\/home)\/[^/]+$/;
const BELOW_HOME = /^\/(?:home|Users|export\/home|usr\/home)\/[^/]+\//;
/** Names of folders that many programs are to share, also where one is in them today. */
const SHARED_NAME = /^(?:s?bin|lib\d*|libexec|games|share|opt|tmp|local|etc|src|www|Applications)$/;

/** What only the file system knows about a folder. */
export interface FolderFacts {
  /** Something is mounted on it. */
  readonly isMountPoint: boolean;
  /** Another user's home, whatever its name. */
  readonly isForeignHome: boolean;
  /** There is more in it than the program and what is kept beside it. */
  readonly holdsOthers: boolean;
}

export interface PermissionFix {
  /** Real path. */
  readonly program: string;
  readonly folder: string;
  readonly facts: FolderFacts;
  /** Who is to be able to replace it. */
  readonly uid: number;
  /** Whether the program itself is to change its owner too. */
  readonly withProgram: boolean;
}

export function permissionFix({ program, folder, facts, uid, withProgram }: PermissionFix): string {
  const words = withProgram ? [folder, program] : [folder];
  if (isOwnFolder(program, folder, facts)) return `"sudo chown ${uid} ${words.map(shellWord).join(' ')}"`;
  const name = nameOf(program);
  // A folder that is there is nobody's to give away either: `mkdir` fails then, and nothing behind it is done.
  const own = ['/var/lib', '/opt', '/srv'].map((base) => `${base}/${name}`).find((path) => path !== folder) ?? '';
  const moved = `${own}/${name}`;
  const commands = [
    `sudo mkdir ${shellWord(own)}`,
    `sudo mv ${shellWord(program)} ${shellWord(moved)}`,
    `sudo chown ${uid} ${shellWord(own)} ${shellWord(moved)}`,
    `sudo ln -s ${shellWord(moved)} ${shellWord(program)}`,
  ];
  return `"${commands.join(' && ')}"`;
}

function isOwnFolder(program: string, folder: string, facts: FolderFacts): boolean {
  if (facts.isMountPoint || facts.isForeignHome || !isForPrograms(folder)) return false;
  if (appBundleOf(program) !== undefined) return true; // .../Hello.app/Contents/MacOS
  const [name, above] = [nameOf(program), folder.slice(0, folder.lastIndexOf('/'))];
  // /opt/hello, and /opt/hello/bin too.
  if (nameOf(folder) === name || (nameOf(above) === name && isForPrograms(above))) return true;
  return !facts.holdsOthers && !BELOW_HOME.test(folder) && !SHARED_NAME.test(nameOf(folder));
}

/** A place where a program may have a folder: two levels down at least, neither the system's nor somebody's home. */
function isForPrograms(folder: string): boolean {
  return /^\/[^/]+\/[^/]/.test(folder) && !SYSTEM.test(`${folder}/`) && !HOME.test(folder);
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
