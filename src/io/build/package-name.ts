/**
 * The name of the package a file belongs to: the one in the nearest package.json that has one.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** @param folder absolute path to begin at. @returns undefined when no package.json from there upwards has a name */
export async function packageName(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
  const name = text === undefined ? undefined : nameIn(text);
  if (name !== undefined) return name;
  const above = dirname(folder);
  return above === folder ? undefined : packageName(above);
}

/** Files that cannot be read as one belong to somebody else: a name is asked for in the end. */
function nameIn(text: string): string | undefined {
  try {
    const { name } = JSON.parse(text) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
