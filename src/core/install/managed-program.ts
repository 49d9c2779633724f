/**
 * Which package manager a program belongs to, as far as its path tells. Spec: docs/spec/07-install.md.
 *
 * A manager that finds another file in its place takes it for damage, or puts its own back: so the update is left to it. Managers
 * that put files into folders of everybody keep lists instead: see package-lists.ts.
 *
 * @module
 */
import { shellWord } from './shell-word.ts';

export interface Manager {
  /** As its users call it. */
  readonly name: string;
  /** What updates the program instead: a command, or a step. */
  readonly fix: string;
}

interface PathRule {
  readonly name: string;
  /** Matched with a path whose separators are `/`. */
  readonly pattern: RegExp;
  /** Undefined: on every system. */
  readonly platform?: 'win32' | 'darwin';
  /** @param part what the pattern's groups hold; empty where they hold nothing */
  readonly fix: (part: (group: number) => string) => string;
}

/** The package behind the last `node_modules`: `@scope/name`, `name`. */
const PACKAGE = String.raw`.*/node_modules/((?:@[^/]+/)?[^/@.][^/]*)/`;

/** The first that matches counts. */
const RULES: readonly PathRule[] = [
  {
    name: 'Nix',
    pattern: /^\/nix\/store\//,
    fix: () =>
      'update the package with Nix ("nix profile upgrade", "nixos-rebuild switch"), or run a copy of the program in a folder of its own',
  },
  {
    name: 'Guix',
    pattern: /^\/gnu\/store\//,
    fix: () => 'update the package with "guix upgrade", or run a copy of the program in a folder of its own',
  },
  {
    name: 'bun',
    pattern: new RegExp(String.raw`/\.bun/install/global${PACKAGE}`),
    fix: (part) => command(`bun add -g ${shellWord(part(1))}`),
  },
  {
    name: 'pnpm',
    pattern: new RegExp(String.raw`/pnpm/global/${PACKAGE}`),
    fix: (part) => command(`pnpm add -g ${shellWord(part(1))}`),
  },
  {
    name: 'npm',
    // Where global packages are: <prefix>/lib/node_modules, on Windows %APPDATA%\npm\node_modules or beside node.exe.
    pattern: new RegExp(String.raw`(?:/lib|/npm|/nodejs)/node_modules/(?:.*/node_modules/)?((?:@[^/]+/)?[^/@.][^/]*)/`),
    fix: (part) => command(`npm install -g ${shellWord(`${part(1)}@latest`)}`),
  },
  {
    name: 'npm',
    pattern: new RegExp(String.raw`^(.*?)/node_modules/(?:.*/node_modules/)?((?:@[^/]+/)?[^/@.][^/]*)/`),
    fix: (part) => command(`cd ${shellWord(part(1))} && npm update ${shellWord(part(2))}`),
  },
  {
    name: 'Homebrew',
    pattern: /\/Cellar\/([^/]+)\/[^/]+\//,
    fix: (part) => command(`brew upgrade ${shellWord(part(1))}`),
  },
  {
    name: 'Homebrew',
    pattern: /\/Caskroom\/([^/]+)\/[^/]+\//,
    fix: (part) => command(`brew upgrade --cask ${shellWord(part(1))}`),
  },
  {
    name: 'Homebrew',
    pattern: /^(?:\/opt\/homebrew|\/home\/linuxbrew\/\.linuxbrew)\//,
    fix: () => command('brew upgrade'),
  },
  {
    name: 'MacPorts',
    platform: 'darwin',
    pattern: /^\/opt\/local\//,
    fix: () => command('sudo port selfupdate && sudo port upgrade outdated'),
  },
  {
    name: 'snap',
    pattern: /^(?:\/var\/lib\/snapd)?\/snap\/([^/]+)\/[^/]+\//,
    fix: (part) => command(`sudo snap refresh ${shellWord(part(1))}`),
  },
  {
    name: 'Flatpak',
    pattern: /\/flatpak\/app\/([^/]+)\//,
    fix: (part) => command(`flatpak update ${shellWord(part(1))}`),
  },
  {
    name: 'Scoop',
    platform: 'win32',
    pattern: /\/scoop\/apps\/([^/]+)\/[^/]+\//i,
    fix: (part) => command(`scoop update ${part(1)}`),
  },
  {
    name: 'Chocolatey',
    platform: 'win32',
    pattern: /\/chocolatey\/(?:lib|bin)\/([^/]+)(?:\/|$)/i,
    fix: (part) => command(`choco upgrade ${part(1).replace(/\.exe$/i, '')}`),
  },
  {
    name: 'WinGet',
    platform: 'win32',
    pattern: /\/winget\/packages\/([^/_]+)[^/]*\//i,
    fix: (part) => command(`winget upgrade --id ${part(1)}`),
  },
  {
    name: 'the Microsoft Store',
    platform: 'win32',
    pattern: /\/windowsapps\//i,
    fix: () => 'update it in the Microsoft Store: Library, Get updates',
  },
];

/**
 * @param path real path of the program, symbolic links resolved
 * @param platform as `process.platform` names it
 */
export function managerOfPath(path: string, platform: string): Manager | undefined {
  const slashed = platform === 'win32' ? path.replaceAll('\\', '/') : path;
  for (const { name, pattern, platform: only, fix } of RULES) {
    if (only !== undefined && only !== platform) continue;
    const match = pattern.exec(slashed);
    if (match !== null) return { name, fix: fix((group) => match[group] ?? '') };
  }
  return undefined;
}

/** Of programs that a marker file gives away, not their path. */
export const MARKED_MANAGERS: Readonly<Record<'flatpak' | 'appStore', Manager>> = {
  /** `/.flatpak-info` is there: inside a sandbox, whose programs are below `/app`. */
  flatpak: { name: 'Flatpak', fix: 'update it from outside the sandbox with "flatpak update"' },
  /** `Contents/_MASReceipt/receipt` is there. */
  appStore: { name: 'the App Store', fix: 'update it in the App Store: Updates' },
};

/** `/Applications/X.app` for a program inside; undefined elsewhere. */
export function appBundleOf(path: string): string | undefined {
  return /^(.*?\.app)\/Contents\//.exec(path)?.[1];
}

function command(text: string): string {
  return `update it with "${text}"`;
}
