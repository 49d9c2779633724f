import { describe, expect, it } from 'vitest';
import { appBundleOf, managerOfPath } from '../../../src/core/install/managed-program.ts';

const managed: [path: string, platform: string, name: string, fix: string][] = [
  ['/usr/lib/node_modules/hello/bin/hello', 'linux', 'npm', "npm install -g 'hello@latest'"],
  ['/usr/local/lib/node_modules/@acme/hello/dist/hello', 'darwin', 'npm', "npm install -g '@acme/hello@latest'"],
  [
    '/home/ann/.nvm/versions/node/v22.1.0/lib/node_modules/hello/node_modules/@acme/linux-x64/bin/app',
    'linux',
    'npm',
    "npm install -g '@acme/linux-x64@latest'",
  ],
  [
    'C:\\Users\\ann\\AppData\\Roaming\\npm\\node_modules\\hello\\hello.exe',
    'win32',
    'npm',
    "npm install -g 'hello@latest'",
  ],
  ['/srv/site/node_modules/hello/hello', 'linux', 'npm', "cd '/srv/site' && npm update 'hello'"],
  [
    '/srv/site/node_modules/.pnpm/hello@1.0.0/node_modules/hello/hello',
    'linux',
    'npm',
    "cd '/srv/site' && npm update 'hello'",
  ],
  [
    '/home/ann/.local/share/pnpm/global/5/.pnpm/hello@1.0.0/node_modules/hello/hello',
    'linux',
    'pnpm',
    "pnpm add -g 'hello'",
  ],
  ['/home/ann/.bun/install/global/node_modules/@acme/hello/hello', 'linux', 'bun', "bun add -g '@acme/hello'"],
  ['/opt/homebrew/Cellar/hello/1.0.0/bin/hello', 'darwin', 'Homebrew', "brew upgrade 'hello'"],
  ['/usr/local/Cellar/hello@2/2.1.0_1/bin/hello', 'darwin', 'Homebrew', "brew upgrade 'hello@2'"],
  ['/home/linuxbrew/.linuxbrew/Cellar/hello/1.0.0/bin/hello', 'linux', 'Homebrew', "brew upgrade 'hello'"],
  ['/opt/homebrew/Caskroom/hello/1.0.0/hello', 'darwin', 'Homebrew', "brew upgrade --cask 'hello'"],
  ['/opt/homebrew/bin/hello', 'darwin', 'Homebrew', 'brew upgrade'],
  ['/opt/local/bin/hello', 'darwin', 'MacPorts', 'port upgrade'],
  ['/nix/store/0c0zq0w1-hello-1.0.0/bin/hello', 'linux', 'Nix', 'nix profile upgrade'],
  ['/gnu/store/0c0zq0w1-hello-1.0.0/bin/hello', 'linux', 'Guix', 'guix upgrade'],
  ['/snap/hello/x1/bin/hello', 'linux', 'snap', "sudo snap refresh 'hello'"],
  ['/var/lib/snapd/snap/hello/42/bin/hello', 'linux', 'snap', "sudo snap refresh 'hello'"],
  [
    '/home/ann/.local/share/flatpak/app/org.example.Hello/x86_64/stable/1/files/bin/hello',
    'linux',
    'Flatpak',
    "flatpak update 'org.example.Hello'",
  ],
  ['C:\\Users\\ann\\scoop\\apps\\hello\\1.0.0\\hello.exe', 'win32', 'Scoop', 'scoop update hello'],
  ['C:\\ProgramData\\chocolatey\\lib\\hello\\tools\\hello.exe', 'win32', 'Chocolatey', 'choco upgrade hello'],
  ['C:\\ProgramData\\Chocolatey\\bin\\hello.exe', 'win32', 'Chocolatey', 'choco upgrade hello"'],
  [
    'C:\\Users\\ann\\AppData\\Local\\Microsoft\\WinGet\\Packages\\Acme.Hello_Microsoft.Winget.Source_8wekyb3d8bbwe\\hello.exe',
    'win32',
    'WinGet',
    'winget upgrade --id Acme.Hello',
  ],
  ['C:\\Program Files\\WindowsApps\\Acme.Hello_1.0.0_x64\\hello.exe', 'win32', 'the Microsoft Store', 'Get updates'],
];

/** Places that look like one of them, and are somebody's own. */
const free: [path: string, platform: string][] = [
  ['/opt/hello/hello', 'linux'],
  ['/usr/local/bin/hello', 'darwin'],
  ['/home/ann/nix/store/hello', 'linux'],
  ['/home/ann/node_modules', 'linux'],
  ['/home/ann/my-node_modules/hello/hello', 'linux'],
  ['/home/ann/node_modules/.bin/hello', 'linux'],
  ['/home/ann/Cellar/hello', 'linux'],
  ['/home/ann/snap/hello/x1/hello', 'linux'],
  ['/opt/local/bin/hello', 'linux'],
  ['/srv/windowsapps/hello/hello', 'linux'],
  ['/srv/scoop/apps/hello/1/hello', 'linux'],
  ['C:\\Program Files\\Hello\\hello.exe', 'win32'],
  ['C:\\scoop\\hello.exe', 'win32'],
];

describe('the package manager of a path', () => {
  it.each(managed)('%s on %s is of %s', (path, platform, name, fix) => {
    const manager = managerOfPath(path, platform);
    expect(manager?.name).toBe(name);
    expect(manager?.fix).toContain(fix);
  });

  it.each(free)('%s on %s is of nobody', (path, platform) => {
    expect(managerOfPath(path, platform)).toBeUndefined();
  });

  it('has a command that a strange folder cannot add to', () => {
    const path = '/opt/homebrew/Cellar/$(reboot)/1/bin/hello';
    expect(managerOfPath(path, 'darwin')?.fix).toBe(`update it with "brew upgrade '$(reboot)'"`);
  });

  it('knows the application around a program', () => {
    expect(appBundleOf('/Applications/Hello.app/Contents/MacOS/hello')).toBe('/Applications/Hello.app');
    expect(appBundleOf('/Applications/hello.app')).toBeUndefined();
    expect(appBundleOf('/opt/hello/hello')).toBeUndefined();
  });
});
