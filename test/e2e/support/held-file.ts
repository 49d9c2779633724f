/**
 * A file that another process has open: on Windows without leave to rename or remove it, as scanners and backups hold files. Other
 * systems know no such thing: there it is only open.
 *
 * @module
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface HeldFile {
  /** Closes the file. Resolves when its process is gone. */
  end(): Promise<void>;
}

/** The third word allows others to read and write, and by not saying `Delete` nothing else. */
const POWERSHELL = `$ErrorActionPreference = 'Stop'
$file = [System.IO.File]::Open($env:HELD_FILE, 'Open', 'Read', 'ReadWrite')
[Console]::Out.WriteLine('held')
[void][Console]::In.ReadLine()
$file.Close()`;
const SCRIPT = `const file = require('node:fs').openSync(process.env.HELD_FILE, 'r');
console.log('held');
process.stdin.once('data', () => process.exit());`;

/** Resolves when the file is open. */
export async function holdFile(path: string): Promise<HeldFile> {
  const [command, ...args] =
    process.platform === 'win32'
      ? (['powershell.exe', '-NoLogo', '-NoProfile', '-NonInteractive', '-Command', POWERSHELL] as const)
      : ([process.execPath, '-e', SCRIPT] as const);
  const child = spawn(command, args, {
    env: { ...process.env, HELD_FILE: path },
    stdio: ['pipe', 'pipe', 'inherit'],
    windowsHide: true,
  });
  const closed = once(child, 'close');
  child.stdin.on('error', () => undefined); // it has ended
  const first = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), closed]);
  if (first[0] !== 'held') throw new Error(`${path} could not be held: ${JSON.stringify(first)}`);
  return {
    end: async () => {
      child.stdin.end('\n');
      await closed;
    },
  };
}
