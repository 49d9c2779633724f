/**
 * What lets a user replace a program, as commands to copy.
 *
 * A folder of one program may be given away. `/usr/local/bin` may not: there the program gets a folder of its own, and a link
 * where it was.
 *
 * @module
 */
import { shellWord } from './shell-word.ts';

/** Folders that more than one program is in. */
const SHARED =
  /^\/(?:|home|opt|srv|tmp|var|var\/(?:lib|opt|tmp)|Applications|(?:usr\/|usr\/local\/|usr\/local\/s?|usr\/s?|s)?(?:bin|games|lib|lib32|lib64|libexec)|usr|usr\/local)$/;

export interface PermissionFix {
  /** Real path. */
  readonly program: string;
  readonly folder: string;
  /** Who is to be able to replace it. */
  readonly uid: number;
  /** Whether the program itself is to change its owner too. */
  readonly withProgram: boolean;
}

export function permissionFix({ program, folder, uid, withProgram }: PermissionFix): string {
  const words = withProgram ? [folder, program] : [folder];
  if (!SHARED.test(folder)) return `"sudo chown ${uid} ${words.map(shellWord).join(' ')}"`;
  const name = program.split('/').at(-1) ?? 'program';
  const own = `/var/lib/${name}`;
  const moved = `${own}/${name}`;
  const commands = [
    `sudo install -d -o ${uid} ${shellWord(own)}`,
    `sudo mv ${shellWord(program)} ${shellWord(moved)}`,
    `sudo chown ${uid} ${shellWord(moved)}`,
    `sudo ln -s ${shellWord(moved)} ${shellWord(program)}`,
  ];
  return `"${commands.join(' && ')}"`;
}
