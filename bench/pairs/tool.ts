/**
 * Programs of other projects that the benchmark compares with: where they are, and which ones exactly.
 *
 * @module
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const HASH_LENGTH = 16;

export interface Tool {
  readonly path: string;
  /** Beginning of the SHA-256 of the program: what it says of its version does not tell two builds apart. */
  readonly hash: string;
}

/** Undefined: it is not in the PATH. */
export async function findTool(name: string): Promise<Tool | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (!runs) continue;
    const hash = createHash('sha256').update(await readFile(path));
    return { path, hash: hash.digest('hex').slice(0, HASH_LENGTH) };
  }
  return undefined;
}

/** Version of the Debian package the tool comes from, where there is one: bsdiff does not tell its own. */
export async function toolVersion(debianPackage: string): Promise<string> {
  return await run('dpkg-query', ['-W', '-f', '${Version}', debianPackage]).then(
    ({ stdout }) => stdout,
    () => 'unknown version',
  );
}
