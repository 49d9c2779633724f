/**
 * The version of the application an entry belongs to: the one in the nearest package.json.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PeerpatchError } from '../../core/base/errors.ts';
import { parseAppVersion } from '../../core/statement/app-version.ts';

/**
 * @param entry absolute path
 * @returns a semantic version
 * @throws PeerpatchError VERSION_MALFORMED when there is no package.json, or it has none
 */
export async function packageVersion(entry: string): Promise<string> {
  for (let folder = dirname(entry); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return readVersion(file, text);
    if (folder === dirname(folder)) {
      throw new PeerpatchError(
        'VERSION_MALFORMED',
        `no package.json above ${entry}: give the version with --app-version`,
      );
    }
  }
}

function readVersion(file: string, text: string): string {
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    return parseAppVersion(typeof version === 'string' ? version : '');
  } catch (cause) {
    throw new PeerpatchError(
      'VERSION_MALFORMED',
      `${file} has no version for a program (${(cause as Error).message}): correct it, or give --app-version`,
      { cause },
    );
  }
}
