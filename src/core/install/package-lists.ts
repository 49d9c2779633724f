/**
 * The lists in which package managers of Linux distributions keep the files they installed.
 *
 * dpkg     /var/lib/dpkg/info/<package>[:<arch>].list     a path per line: /usr/bin/hello
 * pacman   /var/lib/pacman/local/<package>-<version>-<release>/files
 *                                                         behind %FILES% a path per line: usr/bin/hello
 * apk      /lib/apk/db/installed                          blocks: P:<package>, F:<folder>, then R:<file> in it
 *
 * rpm's is a database: io/install/preconditions/package-databases.ts says what can be read of it.
 *
 * @module
 */
import type { Manager } from './managed-program.ts';
import { shellWord } from './shell-word.ts';

/** The names a list may have a path under: `/bin` and its like are links into `/usr` now, older packages say `/bin/sh`. */
export function listedNames(path: string): readonly string[] {
  const merged = /^\/usr(\/(?:bin|sbin|lib[^/]*)\/.*)$/.exec(path)?.[1];
  return merged === undefined ? [path] : [path, merged];
}

/** Whether one of the paths is a line of the text. @param prefix what the lines lack in front */
export function hasLine(text: string, paths: readonly string[], prefix = ''): boolean {
  return paths.some((path) => {
    const line = path.slice(prefix.length);
    for (let at = text.indexOf(line); at !== -1; at = text.indexOf(line, at + 1)) {
      const end = at + line.length;
      if ((at === 0 || text[at - 1] === '\n') && (end === text.length || text[end] === '\n')) return true;
    }
    return false;
  });
}

/** The package that has one of the paths in apk's list. */
export function apkPackage(installed: string, paths: readonly string[]): string | undefined {
  let [name, folder] = ['', ''];
  for (const line of installed.split('\n')) {
    const value = line.slice(2);
    if (line.startsWith('P:')) name = value;
    else if (line.startsWith('F:')) folder = value;
    else if (line.startsWith('R:') && paths.includes(`/${folder === '' ? '' : `${folder}/`}${value}`)) return name;
  }
  return undefined;
}

/** @param list `hello:amd64.list` */
export function dpkgManager(list: string): Manager {
  const name = list.replace(/\.list$/, '').replace(/:[^:]*$/, '');
  return listed(`package ${name} of dpkg`, `sudo apt-get install --only-upgrade ${shellWord(name)}`);
}

/** @param folder `hello-1.0.0-1` */
export function pacmanManager(folder: string): Manager {
  return listed(`package ${folder.replace(/-[^-]*-[^-]*$/, '')} of pacman`, 'sudo pacman -Syu');
}

export function apkManager(name: string): Manager {
  return listed(`package ${name} of apk`, `sudo apk upgrade ${shellWord(name)}`);
}

/** @param path real path of the program */
export function rpmManager(path: string): Manager {
  return listed('a package of rpm', `sudo dnf upgrade "$(rpm -qf ${shellWord(path)})"`);
}

function listed(name: string, command: string): Manager {
  return { name, fix: `update it with: ${command}` };
}
